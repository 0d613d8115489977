"""Telling people what has changed about an event: once, after the undo window, and net of everything in between.

What a person was last told is on their registration (`told_revision`), written in the transaction that asks for the
mail. So whoever registered between a change and its undoing is told of the undoing, and nobody else is.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower

from core import clock
from events.models import Event, EventVersion, Registration
from events.services import notices, planning, seats
from events.services.promoting import fill_seats
from events.services.unsaid import unsaid
from mail import pacing
from mail.addresses import BadAddress, as_kept
from mail.enums import MAY_HAVE_ARRIVED
from mail.models import Message
from mail.services import withdraw
from mail.undo import undo_window

logger = logging.getLogger(__name__)

# People told in one transaction, while which the event's row is locked.
PORTION = 200


@dataclass(frozen=True, slots=True)
class Untold:
    """What shall be told of a locked event, and of which revisions people may know instead."""

    event: Event
    latest: EventVersion
    by_revision: dict[int, EventVersion]

    @property
    def outdated(self) -> list[int]:
        """The revisions from which a mail leads to what is so.

        Who knows that an event is called off is told nothing of its new date, and goes on knowing the old one: coming
        back, the event says both.
        """
        return [number for number, one in self.by_revision.items() if kind_of_news(one, self.latest)]


def announce_changes() -> int:
    """Tell of every change whose undo window has passed; return how many people are told. Two at once are as one."""
    waited = EventVersion.objects.untold().filter(made_at__lte=clock.now() - undo_window())
    events = waited.order_by("event_id").values_list("event_id", flat=True).distinct()
    return sum(_announce_alone(pk) for pk in events)


def _announce_alone(event_id: int) -> int:
    try:
        return announce(event_id=event_id)
    except Exception:
        # What is wrong with one event must not keep others' news back; the next sweep tries again.
        logger.exception("Could not tell of the changes of event %s.", event_id)
        return 0


def announce(*, event_id: int) -> int:
    """Tell of one event's changes, in portions that each commit by themselves; return how many people are told.

    Those count too who are told nothing new, but what the outbox refused to send because of a change that was undone.
    Killed half-way, it goes on where it was: each registration says of which revision it has been told. A change made
    meanwhile ends it, and opens the window anew.
    """
    told = 0
    while (portion := _tell_portion(event_id, ahead=told)).has_more:
        told += portion.told
    return told


class Portion(NamedTuple):
    """How many were told in one transaction, and whether there may be more to tell."""

    told: int
    has_more: bool


@transaction.atomic
def _tell_portion(event_id: int, *, ahead: int) -> Portion:
    untold = _untold(event_id)
    if untold is None:
        return Portion(0, has_more=False)
    people = _people_to_tell(untold)
    if not people:
        # Who was told in between, and changed back, holds what is true; nobody is left.
        planning.settle(event=untold.event)
        return Portion(0, has_more=False)
    notices.write_anew(people)
    since = _withdraw_unheard(people)
    knows = {one.pk: untold.by_revision[since.get(one.pk, one.told_revision)] for one in people}
    dates = dates_before_call_off(people, knows)
    refused = {} if untold.latest.is_cancelled else unsaid(people)
    told = 0
    for registration in people:
        known = knows[registration.pk]
        registration.told_revision = untold.latest.revision
        to_tell = ToTell(
            registration, known, dates.get(registration.pk, known.revision), refused.get(registration.pk, [])
        )
        told += _tell(untold, to_tell, due_at=pacing.due_at(ahead + told, since=clock.now()))
    Registration.objects.bulk_update(people, ["told_revision"])
    return Portion(told, has_more=True)


class ToTell(NamedTuple):
    """One person to be told: the version they know, the revision whose date they know, and what they were not sent."""

    registration: Registration
    known: EventVersion
    before: int
    refused: list[Message]


def _tell(untold: Untold, whom: ToTell, *, due_at: datetime) -> bool:
    """Ask for what leads somebody from what they know to what is so; return whether anything does."""
    try:
        return _ask(untold, whom, due_at)
    except BadAddress:
        # An address that was mangled since must not keep the news from everybody behind it.
        logger.warning("Registration %s cannot be told: its address takes no mail.", whom.registration.pk)
        return False


def _ask(untold: Untold, whom: ToTell, due_at: datetime) -> bool:
    event, registration, known = untold.event, whom.registration, whom.known
    seat = next((one for one in whom.refused if one.kind == notices.PROMOTED), None)
    kind = kind_of_news(known, untold.latest)
    if seat is not None:
        # They know of no seat that they could keep; the mail about it says all that is new since.
        news = {"since": known.revision, "before": whom.before} if known.is_cancelled else {}
        notices.say_anew(seat, event, registration, due_at=due_at, **news)
    elif kind:
        notices.say_changed(kind, event, registration, since=known.revision, before=whom.before, due_at=due_at)
    else:
        for mail in whom.refused:
            notices.say_anew(mail, event, registration, due_at=due_at)
    return bool(kind or whom.refused)


def _untold(event_id: int) -> Untold | None:
    """Return what is to be told now, or None while the window is open, everybody knows, or the event is over."""
    event = seats.lock(event_id)
    _give_held_seats(event)
    by_revision = {version.revision: version for version in event.versions.all()}
    latest = by_revision[max(by_revision)]
    if latest.told_at is not None or clock.now() < latest.made_at + undo_window():
        return None
    if event.is_over:
        planning.settle(event=event)
        return None
    return Untold(event, latest, by_revision)


def _give_held_seats(event: Event) -> None:
    """Give the seats of a locked event that are due, so that who gets one reads of the change in that mail alone."""
    if event.fills_at is None or clock.now() < event.fills_at:
        return
    try:
        with transaction.atomic():
            fill_seats(event)
    except Exception:
        # Those who are registered must not wait for their news because somebody's seat cannot be given.
        logger.exception("The free seats of event %s could not be given.", event.pk)


def _people_to_tell(untold: Untold) -> list[Registration]:
    live = Registration.objects.filter(event_id=untold.event.pk, told_revision__in=untold.outdated).live()
    return list(live.select_related("person").order_by("pk")[:PORTION])


def _withdraw_unheard(people: Iterable[Registration]) -> dict[int, int]:
    """Take back earlier news that has not left; return, for each person concerned, the revision they knew before it.

    It counts as heard where it may have arrived, since it waits to be sent once more after a worker was lost with it,
    and where another mail has begun to leave since, which says the same.
    """
    keys = [key for one in people for key in notices.news_keys(one.uuid, one.told_revision)]
    found = Message.objects.select_for_update(skip_locked=True).unbegun().filter(key__in=keys)
    unheard = list(found.order_by("pk"))
    withdraw(keys=[message.key for message in unheard])
    asked = {one.params["registration"]: one for one in unheard if not one.repeats}
    heard = _heard_otherwise(people, asked)
    # A row of before a release that wrote `since` says nothing of what they knew.
    return {
        pk: message.params["since"] for pk, message in asked.items() if pk not in heard and "since" in message.params
    }


def _heard_otherwise(people: Iterable[Registration], asked: Mapping[int, Message]) -> set[int]:
    """Return who of those with unheard news may have got another mail that was written after it was asked for.

    Mails are written by `told_revision`, which says the news from the transaction that asks for it.
    """
    if not asked:
        return set()
    addresses = {as_kept(one.email).lower() for one in people if one.pk in asked} | {
        one.to_address.lower() for one in asked.values()
    }
    others = Message.objects.exclude(kind=notices.ERASE).annotate(address=Lower("to_address"))
    begun = others.filter(
        Q(state__in=MAY_HAVE_ARRIVED) | Q(repeats__gt=0),
        address__in=addresses,
        params__registration__in=list(asked),
        started_at__gte=min(one.created_at for one in asked.values()),
    )
    found = begun.values_list("params__registration", "started_at")
    return {pk for pk, started_at in found if started_at and started_at >= asked[pk].created_at}


def dates_before_call_off(people: Iterable[Registration], knows: dict[int, EventVersion]) -> dict[int, int]:
    """Return, for whoever knows that the event is called off, the revision whose date and time they know.

    The mail that called it off named no new ones, though it may have been moved within the same window.
    """
    cancelled = [(one.uuid, knows[one.pk].revision) for one in people if knows[one.pk].is_cancelled]
    keys = [notices.change_key(notices.CALLED_OFF, uuid, revision) for uuid, revision in cancelled]
    found = Message.objects.filter(key__in=keys).values_list("params", flat=True) if keys else []
    # A mail whose addressee has been erased says nothing any more.
    return {params["registration"]: params["since"] for params in found if params}


def kind_of_news(known: EventVersion, latest: EventVersion) -> str:
    """Return the kind of mail that leads from what somebody knows to what is so, empty where both are the same."""
    if latest.is_cancelled:
        return "" if known.is_cancelled else notices.CALLED_OFF
    if known.is_cancelled:
        return notices.RESTORED
    return notices.MOVED if known.when_and_where != latest.when_and_where else ""
