"""Registering: one transaction, the event's row locked late, seats counted under it, one mail asked for."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.services.ending import may_be_given
from core.emailkeys import email_key
from core.seats import SeatState
from events.enums import Availability
from events.errors import (
    AccountEnding,
    EventCancelled,
    EventFull,
    EventPast,
    RegistrationClosed,
    RegistrationNotOpen,
)
from events.models import Event, Registration
from events.services import notices, seats
from events.services.taking import take

if TYPE_CHECKING:
    from accounts.models import User

REFUSALS = {
    Availability.CANCELLED: EventCancelled,
    Availability.LIVE: EventPast,
    Availability.PAST: EventPast,
    Availability.CLOSED: RegistrationClosed,
    Availability.NOT_YET: RegistrationNotOpen,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """What somebody says about themselves when registering; `person` only for their own verified address."""

    name: str
    email: str
    language: str
    timezone: str
    country: str = ""
    organisation: str = ""
    organisation_type_id: int | None = None
    person: "User | None" = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What registering led to; `is_full` says that a newcomer would have been refused.

    A visitor must not learn from the answer whether an address was known, so views look at `is_full` only.
    """

    registration: Registration
    is_new: bool
    is_full: bool = False


@transaction.atomic
def register(*, event_id: int, applicant: Applicant) -> Outcome:
    """Give the applicant a seat or, when none is free, the next place on the waiting list, and ask for the mail.

    A known address gets no second seat but a mail that says what it has. Raises a RegistrationRefused whose sentence
    says why nobody can register now; then nothing is written. An account that is being ended at this moment, or has
    been, gets no registration (AccountEnding): whoever erases it might have looked through the events already.
    """
    if applicant.person is not None and not may_be_given(person_id=applicant.person.pk):
        raise AccountEnding
    taken = take(event_id, applicant, email_key(applicant.email))
    event = taken.event
    refuse_unless_open(event)
    if taken.known is not None:
        known = Registration.objects.select_related("person").get(pk=taken.known)
        notices.say_known(event, known)
        return Outcome(known, is_new=False, is_full=taken.counted.state == SeatState.FULL)
    registration = taken.registration
    if registration is None:
        raise EventFull
    seats.keep_state(event, taken.counted.after(registration.state).state)
    if registration.is_confirmed:
        notices.confirm(event, registration)
    else:
        notices.say_waiting(event, registration)
    return Outcome(registration, is_new=True)


def refuse_unless_open(event: Event) -> None:
    """Raise the refusal that fits when the clock or the event's status forbid registering."""
    if refusal := REFUSALS.get(event.availability()):
        raise refusal
