"""Which pages make an issue, and which of them a reader of each language gets."""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from wagtail.models import Revision

from core import languages, locales
from events.querysets import public_pages
from newsletter.models import NewsletterPage


def published(issue: UUID) -> dict[str, NewsletterPage]:
    """Return the public pages of an issue by language, in the site's order; one statement."""
    pages = NewsletterPage.objects.filter(translation_key=issue, pk__in=public_pages().values("pk"))
    return _by_language(pages)


def written(issue: UUID) -> dict[str, NewsletterPage]:
    """Return the newest words of an issue by language, published or not."""
    pages = NewsletterPage.objects.filter(translation_key=issue, alias_of=None).select_related("latest_revision")
    return {code: _newest(page) for code, page in _by_language(pages).items()}


def other_of_number(issue: UUID, numbers: Collection[int]) -> NewsletterPage | None:
    """Return a page of another issue that has one of these numbers, published or not; one statement."""
    pages = NewsletterPage.objects.filter(number__in=numbers, alias_of=None).exclude(translation_key=issue)
    return pages.order_by("-issued_on", "pk").first()


def mark(audience: Mapping[str, Any], pages: Mapping[str, NewsletterPage]) -> str:
    """Return what tells one dry run from another: to whom, and which words in which language."""
    words = [(code, page.pk, page.live_revision_id, page.last_published_at) for code, page in pages.items()]
    said = json.dumps([audience, words], cls=DjangoJSONEncoder, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def frozen(pages: Mapping[str, NewsletterPage]) -> dict[str, dict[str, Any]]:
    """Return what a campaign keeps of its pages: an edit while it leaves reaches nobody by mail.

    The words themselves are kept, since revisions are purged and a page may have none.
    """
    return {
        code: {"page": page.pk, "revision": page.live_revision_id, "content": _as_json(page)}
        for code, page in pages.items()
    }


def as_frozen(edition: Mapping[str, Any]) -> NewsletterPage | None:
    """Return a page as its edition says, by its words or by a revision; None when the page has been deleted."""
    page = NewsletterPage.objects.filter(pk=edition["page"]).first()
    if page is None:
        return None
    content = edition.get("content")
    if content is None and edition["revision"]:
        content = Revision.objects.values_list("content", flat=True).filter(pk=edition["revision"]).first()
    return page if content is None else page.with_content_json(content)


def still_there(kept: Mapping[str, Mapping[str, Any]]) -> list[bool]:
    """Return for each page of a campaign's editions that has not been deleted whether it is live; one statement."""
    pages = NewsletterPage.objects.filter(pk__in=[edition["page"] for edition in kept.values()])
    return list(pages.values_list("live", flat=True))


def chosen(language: str, available: Collection[str]) -> str:
    """Return the language that a reader of `language` gets: their own, English, then the first there is."""
    return next((code for code in languages.fallback_chain(language) if code in available), "")


def _by_language(pages: Any) -> dict[str, NewsletterPage]:
    found = {locales.code_of(page.locale_id): page for page in pages}
    return {code: found[code] for code in languages.codes() if code in found}


def _as_json(page: NewsletterPage) -> dict[str, Any]:
    return json.loads(json.dumps(page.serializable_data(), cls=DjangoJSONEncoder))


def _newest(page: NewsletterPage) -> NewsletterPage:
    return page.latest_revision.as_object() if page.latest_revision is not None else page
