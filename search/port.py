"""What the site asks of a search engine, whichever one answers."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString

from search.question import Question

PER_PAGE = 10


@dataclass(frozen=True)
class Hit:
    """A page that was found."""

    title: str
    url: str
    # HTML: everything is escaped but the <mark> round what was found.
    snippet: SafeString
    kind: str
    language: str


@dataclass(frozen=True)
class Results:
    """One page of what was found: the reader's language first, each occasion once."""

    hits: tuple[Hit, ...] = ()
    total: int = 0
    # How much was found of each kind, whichever kind was asked for.
    kinds: dict[str, int] = field(default_factory=dict)
    page: int = 1
    # Whether the question holds nothing but words that stand in nearly every text.
    only_common_words: bool = False


@dataclass(frozen=True)
class Suggestions:
    """What may have been meant, where nothing was found."""

    words: str = ""
    hits: tuple[Hit, ...] = ()


class SearchEngine(Protocol):
    """Finds public pages; never one that its reader would have to be let in to."""

    def search(
        self, question: Question, *, language: str, kind: str = "", page: int = 1, request: HttpRequest | None = None
    ) -> Results:
        """Return a page of results for a reader of `language`; a page beyond the last is the last."""
        ...

    def suggest(self, question: Question, *, language: str, request: HttpRequest | None = None) -> Suggestions:
        """Return what a question that found nothing may have meant."""
        ...


@lru_cache(maxsize=1)
def engine() -> SearchEngine:
    """Return the engine that the setting SEARCH_ENGINE names."""
    return import_string(settings.SEARCH_ENGINE)()
