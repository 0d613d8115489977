"""Asking for reminders that are due: safe at any time, any number of times, and by two sweeps at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from core import clock
from events.enums import ReminderState
from events.models import Reminder, ReminderRule
from events.services.planning import FITS, KIND, key
from mail.models import Message
from mail.services.asking_many import Asked, enqueue_many

BATCH = 500
# A due reminder is in one sweep's hands at a time; another sweep takes the next ones. While a change of the event can
# still be undone, its reminders wait: whatever they said could be untrue in a minute.
LOCKING = "FOR UPDATE SKIP LOCKED"

# Who was there is known once the event has ended, and not before.
WAS_OR_WAS_NOT_THERE = """
    (rule.audience NOT IN ('attended', 'absent') OR event.ends_at <= %(now)s AND (rule.audience = 'attended') = EXISTS (
        SELECT FROM events_attendance AS attendance WHERE attendance.registration_id = registration.id
    ))
"""

_TAKE = """
    SELECT id FROM events_reminder AS reminder WHERE state = 'planned' AND due_at <= %(now)s AND NOT EXISTS (
        SELECT FROM events_registration AS registration
        JOIN events_eventversion AS version ON version.event_id = registration.event_id
        WHERE registration.id = reminder.registration_id AND version.told_at IS NULL
    )
    ORDER BY due_at, id LIMIT %(batch)s {locking}
"""
# Read once the rows are locked, so that it sees what everybody committed whom the lock had to wait for. Who is being
# erased is waited for: neither the account nor the address may come back with a mail.
_READ = f"""
    SELECT reminder.id, registration.uuid, reminder.rule_id, reminder.revision, registration.id, registration.email,
        registration.language, registration.person_id, reminder.expires_at,
        reminder.expires_at > %(now)s AND {FITS} AND reminder.due_at = rule.due_at
            AND {WAS_OR_WAS_NOT_THERE} AS is_sound
    FROM events_reminder AS reminder
    JOIN events_registration AS registration ON registration.id = reminder.registration_id
    JOIN events_reminderrule AS rule ON rule.id = reminder.rule_id
    JOIN events_event AS event ON event.id = registration.event_id
    WHERE reminder.id = ANY (%(ids)s)
    ORDER BY registration.id, reminder.id FOR KEY SHARE OF registration
"""  # noqa: S608  (no value is put in)
_SETTLE = """
    UPDATE events_reminder SET
        state = CASE WHEN id = ANY (%(asked)s) THEN 'asked' WHEN expires_at <= %(now)s THEN 'missed' ELSE 'dropped' END,
        asked_at = CASE WHEN id = ANY (%(asked)s) THEN %(now)s::timestamptz END
    WHERE id = ANY (%(ids)s) AND state = 'planned'
"""


def remind() -> int:
    """Put every reminder that is due into the outbox; return how many were asked for.

    A batch is one transaction, so a sweep that is killed leaves whole batches done. What came too late, or lost its
    reason without anybody planning anew, is marked instead of sent.
    """
    total, is_more = 0, True
    while is_more:
        number, is_more = _ask_for_batch(clock.now())
        total += number
    return total


@transaction.atomic
def _ask_for_batch(now: datetime) -> tuple[int, bool]:
    values: dict[str, Any] = {"now": now, "batch": BATCH}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(locking=LOCKING), values)
        values["ids"] = [row[0] for row in cursor.fetchall()]
        if not values["ids"]:
            return 0, False
        cursor.execute(_READ, values)
        sound = [row for row in cursor.fetchall() if row[-1]]
        enqueue_many(kind=KIND, asked=[_asked(row) for row in sound])
        cursor.execute(_SETTLE, {**values, "asked": [row[0] for row in sound]})
    return len(sound), len(values["ids"]) == BATCH


def _asked(row: tuple[Any, ...]) -> Asked:
    _pk, uuid, rule, revision, registration, email, language, person, expires_at, _is_sound = row
    return Asked(
        key=key(uuid, rule, revision),
        to=email,
        language=language,
        params={"registration": registration, "rule": rule, "revision": revision},
        expires_at=expires_at,
        person_id=person,
    )


def expiries(messages: Sequence[Message]) -> dict[int, datetime]:
    """Return until when each reminder makes sense, as its rule says now."""
    wanted = {message.pk: message.params.get("rule") for message in messages}
    rules = ReminderRule.objects.filter(pk__in=wanted.values()).values_list("pk", "expires_at")
    found = {pk: expires_at for pk, expires_at in rules if expires_at is not None}
    return {pk: found[rule] for pk, rule in wanted.items() if rule in found}


def miss_what_was_due() -> int:
    """Leave out the reminders whose moment has passed, since a site lost after its backup may have sent them.

    For the restore of a backup alone, while no sweep runs; returns how many there were.
    """
    due = Reminder.objects.filter(state=ReminderState.PLANNED, due_at__lte=clock.now())
    return due.update(state=ReminderState.MISSED)
