"""Links from text and blocks to other pages: in the reader's language, and only to what can be read."""

from collections.abc import Iterable

from wagtail.models import Page

from core import languages, locales


def in_reader_language(pages: Iterable[Page | None]) -> dict[int, Page]:
    """Return for each page's primary key the live page to link to; a page without a live version is left out.

    A page of another language is replaced by its live translation into the active language where there is one.
    One statement for all pages together, none when they are already in the reader's language.
    """
    chosen = {page.pk: page for page in pages if page is not None}
    here = locales.ids().get(languages.current())
    elsewhere = {page.translation_key for page in chosen.values() if page.locale_id != here}
    translated = {}
    if here and elsewhere:
        found = Page.objects.live().filter(translation_key__in=elsewhere, locale_id=here)
        translated = {page.translation_key: page for page in found}
    resolved = {}
    for pk, page in chosen.items():
        best = translated.get(page.translation_key, page) if page.locale_id != here else page
        if best.live:
            resolved[pk] = best
    return resolved
