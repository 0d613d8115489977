"""Giving a seat, or a place on the waiting list: lock the event, count, decide and write, in one round trip.

Registration, history and reminders are written. Sent one by one, the row would stay locked while Python builds each
statement and while this thread waits for its turn among the others of its process. Both statements go out as one text;
in READ COMMITTED each has a snapshot of its own, so the second counts what everybody committed whom the first had to
wait for.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from events import rows
from events.enums import Actor, ChangeKind, RegistrationState
from events.models import Event, Registration
from events.services import planning, seats

if TYPE_CHECKING:
    from events.services.registering import Applicant

LOCKING = "FOR UPDATE"
TAKING = f"""
WITH standing AS MATERIALIZED (
    SELECT count(*) FILTER (WHERE state = 'confirmed') AS taken,
           count(*) FILTER (WHERE state = 'waiting') AS waiting,
           coalesce(max(waiting_number), 0) AS last_number,
           min(id) FILTER (WHERE email_key = %(email_key)s AND state IN ('confirmed', 'waiting')) AS known
    FROM events_registration WHERE event_id = %(event)s
), verdict AS (
    SELECT standing.*, event.waiting_list, event.revision, event.translation_key, event.status,
           {seats.HAS_SEAT_FOR_NEWCOMER} AS has_seat
    FROM standing, events_event AS event WHERE event.id = %(event)s
), added AS (
    INSERT INTO events_registration (
        uuid, event_id, person_id, name, email, email_key, country, organisation, organisation_type_id,
        language, timezone, state, waiting_number, revision, told_revision, token_version, registered_at
    )
    SELECT %(uuid)s, %(event)s, %(person)s, %(name)s, %(email)s, %(email_key)s, %(country)s, %(organisation)s,
           %(organisation_type)s, %(language)s, %(timezone)s,
           CASE WHEN has_seat THEN 'confirmed' ELSE 'waiting' END,
           CASE WHEN has_seat THEN NULL ELSE last_number + 1 END, 0, revision, 0, %(registered_at)s
    FROM verdict WHERE known IS NULL AND (has_seat OR waiting_list)
    RETURNING id, state, waiting_number, told_revision
), noted AS (
    INSERT INTO events_registrationchange (registration_id, at, what, actor, by_id, reason)
    SELECT id, %(registered_at)s, CASE state WHEN 'confirmed' THEN %(got_seat)s ELSE %(got_place)s END,
           %(actor)s, %(person)s, ''
    FROM added
), planned AS (
    INSERT INTO events_reminder (registration_id, rule_id, state, due_at, expires_at)
    SELECT registration.id, rule.id, 'planned', rule.due_at, rule.expires_at
    FROM added AS registration, verdict, events_reminderrule AS rule
    WHERE rule.translation_key = verdict.translation_key AND verdict.status = 'scheduled'
        AND {planning.IS_FOR} AND rule.due_at > %(registered_at)s
)
SELECT taken, waiting, last_number, known, added.id, added.state, added.waiting_number,
       added.told_revision
FROM verdict LEFT JOIN added ON true
"""  # noqa: S608  (no value is put in)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was found and done: the event, its seats before, a known registration's key, or the new one."""

    event: Event
    counted: seats.SeatCount
    known: int | None
    registration: Registration | None


def take(event_id: int, applicant: "Applicant", email_key: str) -> Taken:
    """Give the applicant a seat or a place, unless the address is known or there is neither; the event stays locked.

    The caller must undo it, by raising, when the event turns out not to be open.
    """
    # Everything that can be made before the lock is made before it.
    registration = Registration(
        event_id=event_id,
        person=applicant.person,
        name=applicant.name,
        email=applicant.email,
        email_key=email_key,
        country=applicant.country,
        organisation=applicant.organisation,
        organisation_type_id=applicant.organisation_type_id,
        language=applicant.language,
        timezone=applicant.timezone,
    )
    both = f"{rows.statement(Event, 'row.id = %(event)s', LOCKING)}; {TAKING}"
    with connection.cursor() as cursor:
        cursor.execute(both, _values(registration))
        locked = cursor.fetchone()
        if locked is None:
            raise Event.DoesNotExist
        cursor.nextset()
        taken, waiting, last_number, known, pk, state, number, told = cursor.fetchone()
    event = rows.instance(Event, locked)
    counted = seats.SeatCount(
        capacity=event.capacity,
        waiting_list=event.waiting_list,
        taken=taken,
        waiting=waiting,
        last_number=last_number,
    )
    if pk is None:
        return Taken(event, counted, known, None)
    registration.event = event
    registration.pk, registration.state, registration.waiting_number = pk, RegistrationState(state), number
    registration.told_revision = told
    registration._state.adding, registration._state.db = False, connection.alias
    return Taken(event, counted, None, registration)


def _values(registration: Registration) -> dict[str, Any]:
    return {
        "event": registration.event_id,
        "uuid": registration.uuid,
        "person": registration.person_id,
        "name": registration.name,
        "email": registration.email,
        "email_key": registration.email_key,
        "country": registration.country,
        "organisation": registration.organisation,
        "organisation_type": registration.organisation_type_id,
        "language": registration.language,
        "timezone": registration.timezone,
        "registered_at": registration.registered_at,
        "got_seat": ChangeKind.CONFIRMED.value,
        "got_place": ChangeKind.WAITING.value,
        "actor": Actor.PERSON.value,
    }
