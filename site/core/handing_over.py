"""What every handing over shares: a page in another language speaks for a record whose source page has been deleted."""

from collections.abc import Collection, Mapping
from typing import TypeVar
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Exists, F, JSONField, Model, OuterRef, Value
from django.db.models.expressions import CombinedExpression
from wagtail.models import Page

from core.projection import by_precedence

SomePage = TypeVar("SomePage", bound=Page)


def without_source_page(records: type[Model], pages: type[Page]) -> list[UUID]:
    """Return the translation keys of records that have pages, but none in their source language."""
    own = pages._default_manager.filter(translation_key=OuterRef("translation_key"), alias_of=None)
    is_left_alone = Exists(own) & ~Exists(own.filter(locale=OuterRef("source_locale")))
    found = records._default_manager.filter(is_left_alone).order_by("pk")
    return list(found.values_list("translation_key", flat=True))


def next_to_speak(pages: Collection[SomePage], *, source_locale_id: int) -> SomePage | None:
    """Return which of its pages shall speak for a record; None where the source page is there, or no page at all."""
    if any(page.locale_id == source_locale_id for page in pages):
        return None
    return min(pages, key=by_precedence, default=None)


def write_into_revisions(page: Page, said: Mapping[str, object]) -> None:
    """Lay what a record says over a page's draft and over whatever may be published or taken up again of it.

    None of it has counted until now, so no history is lost; words stay as they are.
    """
    own = Value(dict(said), JSONField(encoder=DjangoJSONEncoder))
    page.revisions.update(content=CombinedExpression(F("content"), "||", own, output_field=JSONField()))
