"""Which page tells a reader of a record: the one in the reader's language, or else in the record's source language."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from core import locales


def readable(pages: Any, language: str, sources: Iterable[int]) -> list[Any]:
    """Return the live pages in `language` and in the source locales; one query.

    An alias stands for a translation that nobody has made: its words are those of the source.
    """
    wanted = {locales.ids().get(language), *sources} - {None}
    return list(pages.filter(live=True, alias_of=None, locale_id__in=wanted))


def best(pages: Iterable[Any], language: str) -> dict[UUID, Any]:
    """Return by translation key the page in `language`, or else the other one."""
    here = locales.ids().get(language)
    found: dict[UUID, Any] = {}
    for page in pages:
        if page.locale_id == here or page.translation_key not in found:
            found[page.translation_key] = page
    return found
