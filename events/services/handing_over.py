"""Handing an event over: when its source page has been deleted, a page in another language speaks for it."""

import logging
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from wagtail.models import Page

from core.handing_over import next_to_speak, write_into_revisions
from events.errors import EventError
from events.models import Event, WebinarPage
from events.models.event import TAKEN_FROM_SOURCE
from events.models.webinar_form import LEFT_TO_SOURCE
from events.services.projecting import project_event

logger = logging.getLogger(__name__)


@transaction.atomic
def hand_over_source(*, translation_key: UUID) -> Event | None:
    """Let a page in another language speak for an event whose source page is gone; None where nothing is to be done.

    Otherwise nobody could move the event any more, nor change its seats, as its page's form stays closed. The date
    stays as it is and nobody is told anything: what the page says of it, old since its last publication, first becomes
    what the record says. Two at once are as one.
    """
    pages = _hold_pages(translation_key)
    event = _lock(translation_key, pages)
    page = next_to_speak(pages, source_locale_id=event.source_locale_id) if event else None
    if event is None or page is None:
        return None
    Event.objects.filter(pk=event.pk).update(source_locale=page.locale_id)
    _bring_up_to_record(page, event)
    _project(page)
    return Event.objects.get(pk=event.pk)


def _hold_pages(translation_key: UUID) -> list[WebinarPage]:
    """Lock the pages, before the event as whoever publishes or deletes one does, and read them."""
    held = Page.objects.select_for_update(no_key=True).filter(translation_key=translation_key, alias_of=None)
    return list(WebinarPage.objects.filter(pk__in=[page.pk for page in held.order_by("pk")]))


def _lock(translation_key: UUID, pages: list[WebinarPage]) -> Event | None:
    """Return the event, locked with those whose address it may ask for, in the one order that projecting keeps too."""
    slugs = [page.slug for page in pages]
    concerned = Event.objects.filter(Q(translation_key=translation_key) | Q(slug__in=slugs))
    locked = concerned.order_by("pk").select_for_update()
    return next((event for event in locked if event.translation_key == translation_key), None)


def _bring_up_to_record(page: WebinarPage, event: Event) -> None:
    """Write what the record says into the page and its revisions."""
    said = {name: getattr(event, name) for name in TAKEN_FROM_SOURCE}
    for name, value in said.items():
        setattr(page, name, value)
    WebinarPage.objects.filter(pk=page.pk).update(**said)
    content = page.serializable_data()
    write_into_revisions(page, {name: content[name] for name in LEFT_TO_SOURCE})


def _project(page: WebinarPage) -> None:
    """Give the event the page's title and address; what is refused waits until staff publish the page, now open."""
    try:
        with transaction.atomic():
            project_event(page=page)
    except EventError as refusal:
        logger.warning("Page %s speaks for its event, but not yet in full: %s", page.pk, type(refusal).__name__)
