"""Writing the event record from its published page, in the transaction that publishes."""

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from wagtail.models import Page
from wagtail_localize.models import Translation

from core import timezones
from core.projection import may_project
from events.errors import AddressTaken, IncompleteSchedule
from events.models import Event, WebinarPage
from events.services import planning, ruling, seats, versions
from events.services.promoting import hold_seats


@transaction.atomic
def project_event(*, page: WebinarPage) -> Event | None:
    """Bring the event record up to what the page that has just been published says; return it.

    Only the page in the event's source language is listened to. Aliases, pages that are not live (a scheduled first
    publication announces itself before it is live) and translations published before their source are left
    alone: None. A changed start, end, zone or venue raises the event's revision, of which people are told once the undo
    window has passed (`announcing`), when reminders are planned anew too; then more seats go to those who wait.
    """
    event, others = _lock(page)
    if not may_project(page, source_locale_id=event.source_locale_id if event else None):
        return None
    refuse_incomplete(page)
    _free_address(others)
    is_new = event is None
    if event is None:
        event = Event(translation_key=page.translation_key, source_locale_id=page.locale_id)
    is_moved = event.take_over(page)
    if is_moved and not is_new:
        event.revision += 1
    event.source_revision_id = page.live_revision_id
    _save(event)
    version = versions.write(event, is_told=is_new) if is_new or is_moved else None
    if is_new:
        ruling.propose_rules(translation_key=event.translation_key)
        planning.reckon(event=event)
    hold_seats(event, since=version.made_at if version else None)
    seats.purge(event)
    return event


def pages_out_of_step() -> list[WebinarPage]:
    """Return live source pages whose event is missing or was written from another revision."""
    of_page = Event.objects.filter(translation_key=OuterRef("translation_key"))
    own = of_page.filter(source_locale=OuterRef("locale"))
    translated = Translation.objects.filter(
        target_locale=OuterRef("locale"), source__object_id=OuterRef("translation_key")
    )
    is_missing = ~Exists(of_page) & ~Exists(translated)
    is_stale = Exists(own.exclude(source_revision_id=OuterRef("live_revision_id"))) & Q(live_revision__isnull=False)
    return list(WebinarPage.objects.live().filter(is_missing | is_stale, alias_of=None).order_by("pk"))


def refuse_incomplete(page: WebinarPage) -> None:
    """Raise IncompleteSchedule unless start, end and zone are there and in order."""
    if not (page.starts_at and page.ends_at and page.timezone) or page.ends_at <= page.starts_at:
        raise IncompleteSchedule
    timezones.validate(page.timezone)


def _lock(page: WebinarPage) -> tuple[Event | None, list[Event]]:
    """Return the page's own event and whatever else has its slug, locked.

    In one order: two pages that take each other's address at the same moment must not wait for each other.
    """
    concerned = Event.objects.filter(Q(translation_key=page.translation_key) | Q(slug=page.slug))
    locked = list(concerned.order_by("pk").select_for_update())
    own = next((event for event in locked if event.translation_key == page.translation_key), None)
    return own, [event for event in locked if event is not own]


def _save(event: Event) -> None:
    """Store the event; an address that another one took at the same moment is refused like one taken before."""
    try:
        with transaction.atomic():
            event.save()
    except IntegrityError as refusal:
        if Event.objects.filter(slug=event.slug).exclude(translation_key=event.translation_key).exists():
            raise AddressTaken from refusal
        raise


def _free_address(others: list[Event]) -> None:
    """Make sure no other event keeps the page's slug: one without a live page gives it up, a live one refuses."""
    for event in others:
        if Page.objects.filter(translation_key=event.translation_key, live=True).exists():
            raise AddressTaken
        event.slug = f"{event.slug[:200]}-{event.translation_key.hex}"
        event.save(update_fields=["slug"])
