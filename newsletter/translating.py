"""Which translations of an issue lack some of its words: wagtail-localize publishes them with the source's."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Subquery
from wagtail_localize.models import StringTranslation, Translation, TranslationLog
from wagtail_localize.segments import StringSegmentValue
from wagtail_localize.segments.extract import extract_segments

from newsletter.models import NewsletterPage

# A text is known by its path in the page and its words: what was changed since has another translation or none.
Text = tuple[str, str]


def unfinished(issue: UUID, pages: Mapping[str, NewsletterPage]) -> set[str]:
    """Return the languages whose public page does not say all that the public source says now; two statements.

    A page that was written by hand is nobody's translation and lacks nothing.
    """
    by_locale = {page.locale_id: page for page in pages.values()}
    codes = {page.locale_id: code for code, page in pages.items()}
    theirs = _translated(issue)
    texts: dict[int, set[Text]] = {}
    found: set[str] = set()
    for source, target, published_at in _translations(issue):
        if source not in by_locale or target not in by_locale:
            continue
        if source not in texts:
            texts[source] = _texts(by_locale[source])
        if not _carries(texts[source], theirs.get(target, {}), published_at):
            found.add(codes[target])
    return found


def _carries(texts: set[Text], translated: Mapping[Text, datetime], published_at: datetime | None) -> bool:
    """Whether each text has a translation that was there when the page was last published."""
    return all(text in translated and (published_at is None or translated[text] <= published_at) for text in texts)


def _texts(page: NewsletterPage) -> set[Text]:
    return {(one.path, one.string.data) for one in extract_segments(page) if isinstance(one, StringSegmentValue)}


def _translations(issue: UUID) -> list[tuple[int, int, datetime | None]]:
    """Return (source's locale, target's locale, when it was last written into its page) of each translation."""
    logs = TranslationLog.objects.filter(source=OuterRef("source"), locale=OuterRef("target_locale"))
    written = Subquery(logs.order_by("-created_at").values("created_at")[:1])
    found = Translation.objects.filter(source__object=issue, enabled=True).annotate(written_at=written)
    return list(found.values_list("source__locale", "target_locale", "written_at"))


def _translated(issue: UUID) -> dict[int, dict[Text, datetime]]:
    """Return by locale which texts of an issue have a translation, and since when."""
    rows = StringTranslation.objects.filter(context__object=issue, has_error=False).values_list(
        "locale", "context__path", "translation_of__data", "created_at"
    )
    found: dict[int, dict[Text, datetime]] = {}
    for locale, path, words, since in rows:
        found.setdefault(locale, {})[path, words] = since
    return found
