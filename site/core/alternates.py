"""The same page in other languages: for `hreflang`, the language switch and the sitemap."""

from collections.abc import Iterable
from uuid import UUID

from django.http import HttpRequest
from wagtail.models import Page

from core import addresses, epochs

DEFAULT = "x-default"


def alternates(page: Page, request: HttpRequest | None = None) -> dict[str, str]:
    """Return the address of each live translation of `page`, itself included, by language code; one statement at most.

    A page that exists in no other language still stands for itself. Aliases are left out: an alias repeats the
    content of another language under this one's address.
    """
    key = page.translation_key
    return epochs.kept(request, ("alternates", key), lambda: for_keys([key])).get(key, {})


def of_section(page: Page, request: HttpRequest | None = None) -> dict[str, tuple[str, str]]:
    """Return address and title of the section around `page` by language code; one statement at most."""
    roots = addresses.roots()
    root = next((root for root, _code in roots if page.url_path.startswith(root)), None)
    if root is None:
        return {}
    path = f"{root}{page.url_path.removeprefix(root).partition('/')[0]}/"

    def read() -> dict[str, tuple[str, str]]:
        same = Page.objects.filter(url_path=path).values("translation_key")
        live = Page.objects.live().filter(translation_key__in=same, alias_of__isnull=True).order_by("locale_id")
        found = (
            (addresses.address(url_path, roots), title) for url_path, title in live.values_list("url_path", "title")
        )
        return {place[0]: (place[1], title) for place, title in found if place}

    return epochs.kept(request, ("alternates of section", path), read)


def for_keys(keys: Iterable[UUID]) -> dict[UUID, dict[str, str]]:
    """Return the addresses of live translations by translation key and language code; one statement for all keys."""
    found: dict[UUID, dict[str, str]] = {}
    roots = addresses.roots()
    live = Page.objects.live().filter(translation_key__in=set(keys), alias_of__isnull=True).order_by("locale_id")
    for key, url_path in live.values_list("translation_key", "url_path"):
        if place := addresses.address(url_path, roots):
            code, url = place
            found.setdefault(key, {})[code] = url
    return found


def default_code(codes: Iterable[str], fallback: list[str]) -> str | None:
    """Return the language to send readers to whose own is missing: the first of `fallback` among `codes`."""
    available = set(codes)
    return next((code for code in fallback if code in available), None)
