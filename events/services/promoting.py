"""Moving people up from the waiting list, in the order of their numbers."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from core import clock
from events.enums import Actor, ChangeKind, RegistrationState
from events.errors import NoSeatFree, NotWaiting, TooLateForSeat
from events.models import Event, Registration, RegistrationChange
from events.services import notices, planning, seats
from events.services.seats import SeatCount
from mail import pacing, undo

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)


@transaction.atomic
def promote_from_waiting_list(*, event_id: int) -> list[Registration]:
    """Give every free seat to the first in line until no seat or nobody is left; return who got one.

    Does nothing for an event that has been called off or has begun, nor while staff can still take back what gives the
    seats. Safe to call at any time, any number of times.
    """
    return fill_seats(seats.lock(event_id))


@transaction.atomic
def promote(*, registration_id: int, by: "User", reason: str) -> Registration:
    """Give a free seat to one waiting person, as staff decided; raises NotWaiting, TooLateForSeat or NoSeatFree."""
    event_id = Registration.objects.values_list("event_id", flat=True).get(pk=registration_id)
    event = seats.lock(event_id)
    registration = Registration.objects.get(pk=registration_id)
    if not registration.is_waiting:
        raise NotWaiting
    if not event.gives_seats:
        raise TooLateForSeat
    if seats.count(event).free == 0:
        raise NoSeatFree
    notices.write_anew([registration])
    _give_seat(event, registration, actor=Actor.STAFF, by=by, reason=reason)
    planning.plan(event_id=event.pk, registration_ids=[registration.pk])
    seats.keep_state(event, seats.count(event).state)
    return registration


def fill_seats(event: Event) -> list[Registration]:
    """Promote on a locked event, and store what visitors are told afterwards; nobody before its `fills_at`."""
    counted = seats.count(event)
    promoted: list[Registration] = []
    if event.fills_at is not None and clock.now() < event.fills_at:
        seats.keep_state(event, counted.state)
        return promoted
    if _gives(event, counted):
        line = Registration.objects.filter(event_id=event.pk).waiting().select_related("person")
        promoted = list(line if counted.free is None else line[: counted.free])
        for registration, in_turn_at in _in_turn(promoted):
            _give_seat(event, registration, actor=Actor.SYSTEM, in_turn_at=in_turn_at)
        notices.write_anew(promoted)
        planning.plan(event_id=event.pk, registration_ids=[one.pk for one in promoted])
        counted = seats.count(event)
    _hold_until(event, None)
    seats.keep_state(event, counted.state)
    return promoted


def hold_seats(event: Event, *, since: datetime | None = None) -> list[Registration]:
    """Do the same after an act of staff: whoever waits gets a seat by it once the undo window has passed.

    It opens now, or at `since`, when a change was made of which people are told together with their seat.

    Taken back before that, nobody has got one, nor heard of it. Each further act that gives seats opens it anew, unless
    the event begins before it has passed: then what was promised before stays so, and nobody is promised anything new.
    """
    before, moment = event.fills_at, undo.leaves_at(since=since)
    _hold_until(event, None)
    if _gives(event, seats.count(event)):
        _hold_until(event, moment if before is None or event.gives_seats_at(moment) else before)
    elif before is not None and clock.now() < before and event.gives_seats:
        # Taken back: as long as the window was open, staff read that.
        _hold_until(event, before)
    return fill_seats(event)


def give_held_seats() -> int:
    """Give the seats whose undo window has passed; return how many people got one. Two at once are as one."""
    held = Event.objects.filter(fills_at__lte=clock.now()).order_by("pk").values_list("pk", flat=True)
    return sum(give_alone(pk) for pk in held)


def give_alone(event_id: int) -> int:
    """Give one event's free seats and return how many; what is wrong with one must not keep others waiting."""
    try:
        return len(promote_from_waiting_list(event_id=event_id))
    except Exception:
        logger.exception("The free seats of event %s could not be given.", event_id)
        return 0


def _gives(event: Event, counted: SeatCount) -> bool:
    """Whether somebody gets a seat: what was held is given as of its own moment, however late that is."""
    moment = event.fills_at or clock.now()
    return bool(counted.waiting) and counted.free != 0 and event.gives_seats_at(moment) and not event.is_over


def _hold_until(event: Event, moment: datetime | None) -> None:
    if event.fills_at != moment:
        event.fills_at = moment
        Event.objects.filter(pk=event.pk).update(fills_at=moment)


def _in_turn(promoted: list[Registration]) -> Iterator[tuple[Registration, datetime | None]]:
    """Yield each with the moment at which they are told in their turn; None for few, who are told at once.

    All of them have their seats now: only the mails are spread.
    """
    now, is_news = clock.now(), pacing.is_news(len(promoted))
    for place, registration in enumerate(promoted):
        yield registration, pacing.due_at(place, since=now) if is_news else None


def _give_seat(
    event: Event,
    registration: Registration,
    *,
    actor: Actor,
    by: "User | None" = None,
    reason: str = "",
    in_turn_at: datetime | None = None,
) -> None:
    knew, registration.told_revision = registration.told_revision, event.revision
    registration.state = RegistrationState.CONFIRMED
    registration.save(update_fields=["state", "told_revision"])
    RegistrationChange.objects.create(
        registration=registration, what=ChangeKind.PROMOTED, actor=actor, by=by, reason=reason
    )
    notices.say_promoted(event, registration, since=knew, in_turn_at=in_turn_at)
