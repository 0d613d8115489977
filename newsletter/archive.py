"""The archive: every public issue once, in the reader's language or else in the best one there is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.paginator import Page as PageOfList
from django.core.paginator import Paginator
from django.http import HttpRequest

from core import languages, locales
from events.querysets import public_pages

ISSUES_PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class IssueRow:
    """One issue as the archive and the feed show it."""

    url: str
    title: str
    summary: str
    language: str
    number: int
    issued_on: date
    published_at: datetime | None
    key: UUID

    @property
    def cover_key(self) -> str:
        """What its drawn cover is made from; the same in every language."""
        return str(self.key)


def listing(request: HttpRequest) -> dict[str, Any]:
    """Return the context of the archive: `issues` and `issues_page`; two statements, whatever the number of issues."""
    page = Paginator(_chosen(languages.current()), ISSUES_PER_PAGE).get_page(request.GET.get("page"))
    return {"issues": rows(page, request=request), "issues_page": page}


def latest(count: int, *, language: str, request: HttpRequest | None = None) -> list[IssueRow]:
    """Return the newest public issues in `language` or else in the best language there is."""
    return rows(_chosen(language)[:count], request=request)


def rows(keys: "Iterable[int] | PageOfList", *, request: HttpRequest | None) -> list[IssueRow]:
    """Return the issues with these primary keys, in their order; one statement."""
    keys = list(keys)
    found = _issues().in_bulk(keys)
    return [_row(found[key], request) for key in keys if key in found]


def _issues() -> Any:
    # The page's own module reads the archive, so the model is asked for by name.
    return apps.get_model("newsletter", "NewsletterPage").objects


def _chosen(language: str) -> list[int]:
    """Return the page to show for each issue, the newest first."""
    live = _issues().filter(pk__in=public_pages().values("pk")).order_by("-issued_on", "-number", "pk")
    issues: dict[UUID, dict[str, int]] = {}
    for key, locale_id, pk in live.values_list("translation_key", "locale_id", "pk"):
        issues.setdefault(key, {})[locales.code_of(locale_id)] = pk
    order = languages.fallback_chain(language)
    return [
        next(pages[code] for code in order if code in pages) for pages in issues.values() if set(order) & set(pages)
    ]


def _row(page: Any, request: HttpRequest | None) -> IssueRow:
    return IssueRow(
        url=page.get_url(request) or "",
        title=page.title,
        summary=page.summary,
        language=locales.code_of(page.locale_id),
        number=page.number,
        issued_on=page.issued_on,
        published_at=page.first_published_at,
        key=page.translation_key,
    )
