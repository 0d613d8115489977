"""Keeping one document for each public page; every verb here can be repeated without harm."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import F, Q, QuerySet
from modelsearch import index
from wagtail.models import Page

from core import languages, locales, text
from core.folding import fold
from core.models import BasePage
from search.enums import Kind
from search.models import SearchDocument

# PostgreSQL refuses vectors beyond a megabyte; no page comes near, unless somebody pastes a book.
LONGEST_BODY = 200_000
AT_ONCE = 100
# The engine marks what it found with such characters.
PRIVATE_USE = re.compile(r"[\ue000-\uf8ff]")
# What may be mistyped: shorter words, and numbers, are more often meant as they stand.
WORD = re.compile(r"[^\W\d_]{3,}")
OWN_COLUMNS = {"title", "summary"}
WRITTEN = ["translation_key", "language", "kind", "title", "summary", "body", "folded", "revision_id", "updated_at"]


@dataclass(frozen=True)
class Indexed:
    """How many documents were written and removed."""

    written: int
    removed: int


@transaction.atomic
def index_page(*, page: Page) -> bool:
    """Write the document of a page, or remove it where the page is not for everybody; tell which.

    Live pages of the project's own types belong in the index, unless they are aliases, private, or below a private one.
    """
    return bool(_write(indexable().filter(pk=page.pk)))


@transaction.atomic
def remove_page(*, page: Page) -> None:
    """Remove the document of a page."""
    SearchDocument.objects.filter(page_id=page.pk).delete()


@transaction.atomic
def index_subtree(*, page: Page) -> Indexed:
    """Bring the documents of a page and all below it up to what the pages are now."""
    branch = Page.objects.descendant_of(page, inclusive=True)
    return _bring_up_to_date(branch)


def reindex() -> Indexed:
    """Write every document anew and remove those whose page is not for everybody."""
    return _bring_up_to_date(Page.objects.all())


def repair() -> Indexed:
    """Write what is missing or was indexed from another revision, and remove what should not be there.

    For the periodic sweep: it finds what happened past Wagtail's signals, and what failed.
    """
    in_step = (
        Q(search_document__revision_id=F("live_revision_id"))
        | Q(
            live_revision_id=None, search_document__revision_id=None, search_document__updated_at=F("last_published_at")
        )
        | Q(live_revision_id=None, last_published_at=None, search_document__isnull=False)
    )
    stale = indexable().exclude(pk__in=Page.objects.filter(in_step).values("pk"))
    return Indexed(written=_write(stale), removed=_remove_strangers(SearchDocument.objects.all()))


def indexable() -> QuerySet[Page]:
    """Return the pages that everybody may read and find."""
    models = ContentType.objects.get_for_models(*_page_types())
    return (
        Page.objects.live()
        .public()
        .filter(alias_of=None, content_type__in=models.values(), locale__language_code__in=languages.codes())
        .order_by("pk")
    )


def _page_types() -> list[type[BasePage]]:
    def below(model: type[BasePage]) -> Iterator[type[BasePage]]:
        child: type[BasePage]
        for child in model.__subclasses__():
            if not child._meta.abstract:
                yield child
            yield from below(child)

    return list(below(BasePage))


def _bring_up_to_date(pages: QuerySet[Page]) -> Indexed:
    written = _write(indexable().filter(pk__in=pages.values("pk")))
    return Indexed(written=written, removed=_remove_strangers(SearchDocument.objects.filter(page__in=pages)))


def _remove_strangers(documents: QuerySet[SearchDocument]) -> int:
    """Remove the documents whose page does not belong in the index."""
    strangers = documents.exclude(page__in=indexable().order_by())
    return strangers.delete()[0]


def _write(pages: QuerySet[Page]) -> int:
    """Write the documents of pages in portions, so that memory stays flat; return how many."""
    written = 0
    for portion in _portions(pages):
        SearchDocument.objects.bulk_create(
            [document_of(page) for page in portion],
            update_conflicts=True,
            unique_fields=["page"],
            update_fields=WRITTEN,
        )
        written += len(portion)
    return written


def _portions(pages: QuerySet[Page]) -> Iterator[list[Page]]:
    keys = list(pages.values_list("pk", flat=True))
    for start in range(0, len(keys), AT_ONCE):
        yield list(Page.objects.filter(pk__in=keys[start : start + AT_ONCE]).specific())


def document_of(page: BasePage) -> SearchDocument:
    """Return the document of a page, not yet saved."""
    title, summary = _clean(page.title), _clean(page.summary)
    body = _clean(" ".join(_searchable(page)))[:LONGEST_BODY]
    return SearchDocument(
        page_id=page.pk,
        translation_key=page.translation_key,
        language=locales.code_of(page.locale_id),
        kind=getattr(page, "search_kind", Kind.SITE),
        title=title,
        summary=summary,
        body=body,
        folded=" ".join(dict.fromkeys(WORD.findall(fold(f"{title} {summary} {body}")))),
        revision_id=page.live_revision_id,
        updated_at=page.last_published_at,
    )


def _searchable(page: BasePage) -> Iterable[str]:
    """Yield the words of every field that the page type declares as searchable, its title and summary aside."""
    for field in page.get_search_fields():
        if isinstance(field, index.SearchField) and field.field_name not in OWN_COLUMNS:
            yield from _flat(field.get_value(page))


def _flat(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _flat(part)


def _clean(words: str) -> str:
    return PRIVATE_USE.sub("", text.single_line(words))
