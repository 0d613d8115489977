"""Which site answers for a host, and where its tree starts in each language; kept for some seconds."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import get_language
from wagtail.models import Page, Site
from wagtail.models.sites import SiteRootPath

from core import epochs
from core.kept import Kept

SECONDS = 30


@dataclass(frozen=True)
class Root:
    """The site and the `url_path` of its root page in one language."""

    site: Site
    url_path: str
    # What Page.get_url asks for again and again, in Wagtail's own form.
    paths: list[SiteRootPath]


# A list of none or one: "no site" is an answer worth keeping too.
_kept: Kept[tuple[Root, ...]] = Kept(seconds=SECONDS)


def root_for(request: HttpRequest) -> Root | None:
    """Return the root for the request's host in the active language, or None when no site answers for the host.

    A language without a live root gets the default root, as in Wagtail's own routing. A new epoch asks anew, so that
    no page reaches the page cache from a root that was left behind; without Valkey roots are half a minute old.
    """
    # Unchecked as in Site.find_for_request; CommonMiddleware has refused foreign hosts before.
    key = (epochs.of(request), request._get_raw_host(), request.get_port(), get_language())
    found = _kept.get(key, lambda: _find(request))
    return found[0] if found else None


def forget(**kwargs: object) -> None:
    """Drop what this process keeps; connected to every signal after which a root may differ."""
    _kept.clear()


def _find(request: HttpRequest) -> tuple[Root, ...]:
    site = Site.find_for_request(request)
    if site is None:
        return ()
    root: Page = site.root_page.localized
    return (Root(site=site, url_path=root.url_path, paths=Site.get_site_root_paths()),)
