"""How an answer asks to be kept: only what is marked is ever considered."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from wagtail.models import Page

from core import routing

# How long anything is kept at most: bounds what a purge that did not reach Valkey leaves behind.
LONGEST = 600
ATTRIBUTE = "_page_cache_mark"


@dataclass(frozen=True, slots=True)
class Mark:
    """What an answer shows (`tags`), for how many seconds it is true, and which query names it understands."""

    tags: frozenset[str]
    seconds: int
    query: frozenset[str]


def keep(request: HttpRequest, *, tags: Iterable[str], seconds: int | None = None, query: Iterable[str] = ()) -> None:
    """Mark the answer to this request as the same for every anonymous reader.

    For views whose answer depends on nothing but the address and public data: never on who asks, from where, or with
    which headers. `seconds` None means until purged.
    """
    lifetime = LONGEST if seconds is None else min(seconds, LONGEST)
    setattr(request, ATTRIBUTE, Mark(frozenset(tags), lifetime, frozenset(query)))


def mark_of(request: HttpRequest) -> Mark | None:
    """Return what the answer asked for, or None when it did not ask to be kept."""
    return getattr(request, ATTRIBUTE, None)


def mark_page(page: Page, request: HttpRequest, serve_args: list, serve_kwargs: dict) -> None:
    """Mark a page that routing knows as public; called before Wagtail serves it."""
    if routing.known_public(page) and hasattr(page, "cache_tags"):
        keep(request, tags=page.cache_tags(), seconds=page.cache_seconds, query=page.cache_query)
