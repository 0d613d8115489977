"""The same page in other languages: for `hreflang`, the language switch and the sitemap."""

from collections.abc import Iterable
from uuid import UUID

from django.http import HttpRequest
from wagtail.models import Page

from core import locales

DEFAULT = "x-default"


def alternates(page: Page, request: HttpRequest | None = None) -> dict[str, str]:
    """Return the address of each live translation of `page`, itself included, by language code; one statement.

    A page that exists in no other language still stands for itself. Aliases are left out: an alias repeats the
    content of another language under this one's address.
    """
    return for_keys([page.translation_key], request).get(page.translation_key, {})


def for_keys(keys: Iterable[UUID], request: HttpRequest | None = None) -> dict[UUID, dict[str, str]]:
    """Return the addresses of live translations by translation key and language code; one statement for all keys."""
    found: dict[UUID, dict[str, str]] = {}
    live = Page.objects.live().filter(translation_key__in=set(keys), alias_of__isnull=True)
    for translation in live.order_by("locale_id"):
        code, url = locales.code_of(translation.locale_id), translation.get_url(request)
        if code and url:
            found.setdefault(translation.translation_key, {})[code] = url
    return found


def default_code(codes: Iterable[str], fallback: list[str]) -> str | None:
    """Return the language to send readers to whose own is missing: the first of `fallback` among `codes`."""
    available = set(codes)
    return next((code for code in fallback if code in available), None)
