"""Links from text and blocks to other pages: in the reader's language, and only to what can be read."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Length, Substr
from wagtail.models import Page, PageViewRestriction

from core import languages, locales


def in_reader_language(pages: Iterable[Page | None], *, for_everybody: bool = False) -> dict[int, Page]:
    """Return for each page's primary key the live page to link to; a page without a live version is left out.

    That is the live page in the active language or else the chosen one itself, or else the next language that there
    is. `for_everybody` passes over pages that not everybody may read. One statement for all pages together, and
    otherwise none when they are live and in the reader's language already.
    """
    chosen = {page.pk: page for page in pages if page is not None}
    # None stands for a language without a locale, in which no page can be.
    here, *others = [locales.ids().get(code) for code in languages.fallback_chain(languages.current())]
    settled = {pk: page for pk, page in chosen.items() if page.live and page.locale_id == here and not for_everybody}
    asked = {page.translation_key for pk, page in chosen.items() if pk not in settled}
    found = _readable(asked, for_everybody=for_everybody) if asked else {}
    resolved = {
        pk: settled.get(pk) or _best(page, found.get(page.translation_key, []), [here, page.locale_id, *others])
        for pk, page in chosen.items()
    }
    return {pk: page for pk, page in resolved.items() if page is not None}


def _readable(keys: Collection[UUID], *, for_everybody: bool) -> dict[UUID, list[Page]]:
    pages = Page.objects.live().filter(translation_key__in=keys)
    if for_everybody:
        # What an alias shows is as closed as its source; one with its source's key stands for a translation alone.
        open_source = Q(alias_of=None) | ~Exists(_restrictions("alias_of__path"))
        pages = pages.filter(~Exists(_restrictions("path")), open_source)
        pages = pages.exclude(alias_of__translation_key=F("translation_key"))
    found: dict[UUID, list[Page]] = {}
    for page in pages:
        found.setdefault(page.translation_key, []).append(page)
    return found


def _restrictions(path: str) -> QuerySet:
    """Return the restrictions on the page at `path`, a column of the outer statement, or on one above it."""
    return PageViewRestriction.objects.filter(page__path=Substr(OuterRef(path), 1, Length("page__path")))


def _best(chosen: Page, readable: list[Page], order: list[int | None]) -> Page | None:
    # An alias has its source's key and perhaps its language: the page that was chosen goes before.
    by_locale = {page.locale_id: page for page in sorted(readable, key=lambda page: page.pk == chosen.pk)}
    return next((by_locale[pk] for pk in order if pk in by_locale), None)
