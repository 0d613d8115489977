"""Registering: one transaction, the event's row locked late, seats counted under it, one mail asked for."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from events.addresses import email_key
from events.enums import LIVE_STATES, Actor, Availability, ChangeKind, RegistrationState
from events.errors import EventCancelled, EventFull, EventPast, RegistrationClosed, RegistrationNotOpen
from events.models import Event, Registration, RegistrationChange
from events.services import notices, seats

if TYPE_CHECKING:
    from accounts.models import User

REFUSALS = {
    Availability.CANCELLED: EventCancelled,
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
    says why nobody can register now; then nothing is written.
    """
    key = email_key(applicant.email)
    event = seats.lock(event_id)
    refuse_unless_open(event)
    known = Registration.objects.filter(event_id=event_id, email_key=key, state__in=LIVE_STATES).first()
    standing = seats.standing(event)
    is_full = not standing.has_seat_for_newcomer and not event.waiting_list
    if known:
        notices.say_known(event, known)
        return Outcome(known, is_new=False, is_full=is_full)
    if is_full:
        raise EventFull
    registration = _insert(event, standing, applicant, key)
    seats.keep_state(event, standing.after(registration.state).state)
    if registration.is_confirmed:
        notices.confirm(event, registration)
    else:
        notices.say_waiting(event, registration)
    return Outcome(registration, is_new=True)


def refuse_unless_open(event: Event) -> None:
    """Raise the refusal that fits when the clock or the event's status forbid registering."""
    if refusal := REFUSALS.get(event.availability()):
        raise refusal


def _insert(event: Event, standing: seats.Standing, applicant: Applicant, key: str) -> Registration:
    has_seat = standing.has_seat_for_newcomer
    registration = Registration.objects.create(
        event=event,
        person=applicant.person,
        name=applicant.name,
        email=applicant.email,
        email_key=key,
        country=applicant.country,
        organisation=applicant.organisation,
        organisation_type_id=applicant.organisation_type_id,
        language=applicant.language,
        timezone=applicant.timezone,
        state=RegistrationState.CONFIRMED if has_seat else RegistrationState.WAITING,
        waiting_number=None if has_seat else standing.last_number + 1,
    )
    RegistrationChange.objects.create(
        registration=registration,
        at=registration.registered_at,
        what=ChangeKind.CONFIRMED if has_seat else ChangeKind.WAITING,
        actor=Actor.PERSON,
        by=applicant.person,
    )
    return registration
