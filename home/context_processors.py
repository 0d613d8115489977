"""What every public page shows around its content: sections, languages, site texts."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from core import epochs, languages
from home import navigation
from home.models import SiteText

# Wagtail's own screens and the health addresses have no header of ours.
_WITHOUT_HEADER = ("/admin/", "/healthz", "/readyz")


def site(request: HttpRequest) -> dict[str, Any]:
    """Return lazily evaluated values, so that a page pays only for what its template shows."""
    if request.path.startswith(_WITHOUT_HEADER):
        return {}
    language = languages.current()
    return {
        "site_text": SimpleLazyObject(lambda: _site_text(request, language)),
        "sections": SimpleLazyObject(lambda: navigation.sections(request, language)),
        "language_links": SimpleLazyObject(lambda: navigation.language_links(request, language)),
        "footer_links": SimpleLazyObject(lambda: navigation.footer_links(language)),
        "kept_path": _kept_path(request),
    }


def _kept_path(request: HttpRequest) -> str | None:
    """Return what tells the header of one page from another's; None where the rest of the address shows in it."""
    return request.path if getattr(request, "_wagtail_route_for_request", None) is not None else None


def _site_text(request: HttpRequest, language: str) -> SiteText | None:
    return epochs.kept(request, ("site text", language), lambda: SiteText.objects.for_reader(language))
