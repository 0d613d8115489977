"""Which pages make an issue, and which of them a reader of each language gets."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from wagtail.models import Revision

from core import languages, locales
from events.querysets import public_pages
from newsletter.models import NewsletterPage

Editions = Mapping[str, Mapping[str, int | None]]


def published(issue: UUID) -> dict[str, NewsletterPage]:
    """Return the public pages of an issue by language, in the site's order; one statement."""
    pages = NewsletterPage.objects.filter(translation_key=issue, pk__in=public_pages().values("pk"))
    return _by_language(pages)


def written(issue: UUID) -> dict[str, NewsletterPage]:
    """Return the newest words of an issue by language, published or not."""
    pages = NewsletterPage.objects.filter(translation_key=issue, alias_of=None).select_related("latest_revision")
    return {code: _newest(page) for code, page in _by_language(pages).items()}


def frozen(pages: Mapping[str, NewsletterPage]) -> dict[str, dict[str, int | None]]:
    """Return what a campaign keeps of its pages: an edit while it leaves reaches nobody by mail."""
    return {code: {"page": page.pk, "revision": page.live_revision_id} for code, page in pages.items()}


def as_frozen(edition: Mapping[str, int | None]) -> NewsletterPage | None:
    """Return a page as it was when its campaign was started; None when it has been deleted."""
    page = NewsletterPage.objects.filter(pk=edition["page"]).first()
    revision = Revision.objects.filter(pk=edition["revision"]).first() if edition["revision"] else None
    return page.with_content_json(revision.content) if page is not None and revision is not None else page


def chosen(language: str, available: Collection[str]) -> str:
    """Return the language that a reader of `language` gets: their own, English, then the first there is."""
    return next((code for code in languages.fallback_chain(language) if code in available), "")


def _by_language(pages: Any) -> dict[str, NewsletterPage]:
    found = {locales.code_of(page.locale_id): page for page in pages}
    return {code: found[code] for code in languages.codes() if code in found}


def _newest(page: NewsletterPage) -> NewsletterPage:
    return page.latest_revision.as_object() if page.latest_revision is not None else page
