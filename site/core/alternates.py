"""The same page in other languages: for `hreflang`, the language switch and the sitemap."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q
from django.http import HttpRequest
from wagtail.models import Page

from core import addresses, epochs

DEFAULT = "x-default"


@dataclass(frozen=True)
class Around:
    """Where a page leads in each language: to itself there, or else to the section that it stands in."""

    # Addresses of its live translations, itself included, by language code.
    pages: dict[str, str] = field(default_factory=dict)
    # Address and title of its section, by language code; none around a section or a home page.
    sections: dict[str, tuple[str, str]] = field(default_factory=dict)


def around(page: Page, request: HttpRequest | None = None) -> Around:
    """Return where `page` and the section around it stand in other languages; one statement at most.

    A page that exists in no other language still stands for itself. Aliases are left out: an alias repeats the
    content of another language under this one's address.
    """
    return epochs.kept(request, ("around", page.pk), lambda: _around(page))


def _around(page: Page) -> Around:
    found, roots = Around(), addresses.roots()
    both = Page.objects.filter(Q(pk=page.pk) | Q(url_path=_section_path(page, roots))).values("translation_key")
    live = Page.objects.live().filter(translation_key__in=both, alias_of__isnull=True).order_by("locale_id")
    for key, url_path, title in live.values_list("translation_key", "url_path", "title"):
        if place := addresses.address(url_path, roots):
            code, url = place
            if key == page.translation_key:
                found.pages[code] = url
            else:
                found.sections[code] = (url, title)
    return found


def _section_path(page: Page, roots: addresses.Roots) -> str:
    root = next((root for root, _code in roots if page.url_path.startswith(root)), page.url_path)
    return f"{root}{page.url_path.removeprefix(root).partition('/')[0]}/"


def default_code(codes: Iterable[str], fallback: list[str]) -> str | None:
    """Return the language to send readers to whose own is missing: the first of `fallback` among `codes`."""
    available = set(codes)
    return next((code for code in fallback if code in available), None)
