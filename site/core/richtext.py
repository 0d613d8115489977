"""Links within rich text: all those of a page's body found together, in the reader's language, none to a draft.

Wagtail asks for each text's pages anew, then for locale and translation of every single link (wagtail#14620); this
module can go when Wagtail resolves them together.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property

from django.http import HttpRequest
from wagtail.documents import get_document_model
from wagtail.models import Page
from wagtail.rich_text import RichText
from wagtail.rich_text.rewriters import FIND_A_TAG, extract_attrs

from core import languages, links


class Batch:
    """What the links of several texts lead to, read when the first of them is shown."""

    def __init__(self, sources: Iterable[str], *, is_for_everybody: bool = False) -> None:
        self._sources = list(sources)
        self._is_for_everybody = is_for_everybody
        self._pages: dict[str, dict[str, Page]] = {}

    @cached_property
    def for_everybody(self) -> "Batch":
        """The same texts, whose links lead to no page that not everybody may read."""
        return Batch(self._sources, is_for_everybody=True)

    @cached_property
    def _attributes(self) -> list[dict[str, str]]:
        return [extract_attrs(match) for source in self._sources for match in FIND_A_TAG.findall(source)]

    def _ids(self, linktype: str) -> set[int]:
        chosen = (attrs.get("id", "") for attrs in self._attributes if attrs.get("linktype") == linktype)
        return {int(pk) for pk in chosen if re.fullmatch(r"[0-9]{1,18}", pk)}

    @cached_property
    def _chosen(self) -> dict[int, Page]:
        return Page.objects.in_bulk(self._ids("page"))

    @property
    def pages(self) -> dict[str, Page]:
        """The live page to link to in the active language, by the id that stands in the text."""
        language = languages.current()
        # A dry run writes the same body in several languages.
        if language not in self._pages:
            resolved = links.in_reader_language(self._chosen.values(), for_everybody=self._is_for_everybody)
            self._pages[language] = {str(pk): page for pk, page in resolved.items()}
        return self._pages[language]

    @property
    def left_out(self) -> list[Page]:
        """The pages that the texts choose and do not lead to, in the order of the texts."""
        in_order = dict.fromkeys(attrs.get("id", "") for attrs in self._attributes if attrs.get("linktype") == "page")
        by_id = {str(pk): page for pk, page in self._chosen.items()}
        return [by_id[pk] for pk in in_order if pk in by_id and pk not in self.pages]

    @cached_property
    def documents(self) -> dict[str, str]:
        """Each document's address, by the id that stands in the text."""
        found = get_document_model().objects.in_bulk(self._ids("document"))
        return {str(pk): document.url for pk, document in found.items()}


class LinkedText(RichText):
    """A rich text that shares its links' batch with the others of its page."""

    def __init__(self, source: str, batch: Batch) -> None:
        super().__init__(source)
        self.batch = batch

    def __html__(self) -> str:
        with _shown(self.batch, None):
            return super().__html__()


def render(text: RichText, request: HttpRequest | None, *, for_everybody: bool = False) -> str:
    """Return the text's HTML; the request spares each link a look-up of the site.

    `for_everybody` leaves the words of links to pages that not everybody may read without a link.
    """
    batch = getattr(text, "batch", None) or Batch([text.source])
    with _shown(batch.for_everybody if for_everybody else batch, request):
        return RichText.__html__(text)


_current: ContextVar[tuple[Batch, HttpRequest | None] | None] = ContextVar("batch of links", default=None)


@contextmanager
def _shown(batch: Batch, request: HttpRequest | None) -> Iterator[None]:
    token = _current.set((batch, request))
    try:
        yield
    finally:
        _current.reset(token)


def batch_for(attrs_list: list[dict[str, str]]) -> tuple[Batch, HttpRequest | None]:
    """Return the batch of the text that is being shown, and the request if one is known.

    Texts outside of page bodies come alone, so their links are a batch of their own.
    """
    lone = "".join(f'<a linktype="{attrs.get("linktype")}" id="{attrs.get("id")}">' for attrs in attrs_list)
    return _current.get() or (Batch([lone]), None)
