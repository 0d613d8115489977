"""Asking for reminders that are due: safe at any time, any number of times, and by two sweeps at once."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from core import clock
from events.services.planning import FITS, KIND, key
from mail.services.asking_many import Asked, enqueue_many

BATCH = 500
# A due reminder is in one sweep's hands at a time; another sweep takes the next ones.
LOCKING = "FOR UPDATE OF reminder SKIP LOCKED"

_DUE = """
    SELECT reminder.id, registration.uuid, reminder.rule_id, reminder.revision, registration.id, registration.email,
        registration.language, registration.person_id, reminder.expires_at
    FROM events_reminder AS reminder
    JOIN events_registration AS registration ON registration.id = reminder.registration_id
    JOIN events_reminderrule AS rule ON rule.id = reminder.rule_id
    JOIN events_event AS event ON event.id = registration.event_id
    WHERE reminder.state = 'planned' AND reminder.due_at <= %(now)s AND reminder.expires_at > %(now)s
        AND {fits} AND reminder.due_at = rule.due_at
    ORDER BY reminder.due_at, reminder.id LIMIT %(batch)s {locking}
"""
_ASKED = "UPDATE events_reminder SET state = 'asked', asked_at = %(now)s WHERE id = ANY (%(ids)s) AND state = 'planned'"
_LEFT = f"""
    UPDATE events_reminder AS reminder
    SET state = CASE WHEN reminder.expires_at <= %(now)s THEN 'missed' ELSE 'dropped' END
    WHERE reminder.id = ANY (ARRAY (
        SELECT reminder.id FROM events_reminder AS reminder
        JOIN events_registration AS registration ON registration.id = reminder.registration_id
        JOIN events_reminderrule AS rule ON rule.id = reminder.rule_id
        JOIN events_event AS event ON event.id = registration.event_id
        WHERE reminder.state = 'planned' AND reminder.due_at <= %(now)s
            AND NOT (reminder.expires_at > %(now)s AND {FITS} AND reminder.due_at = rule.due_at)
        ORDER BY reminder.id LIMIT %(batch)s FOR UPDATE OF reminder SKIP LOCKED
    )) AND reminder.state = 'planned'
"""  # noqa: S608  (no value is put in)


def remind() -> int:
    """Put every reminder that is due into the outbox; return how many were asked for.

    A batch is one transaction, so a sweep that is killed leaves whole batches done. What came too late, or lost its
    reason without anybody planning anew, is marked instead of sent.
    """
    total = 0
    while number := _ask_for_batch(clock.now()):
        total += number
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, {"now": clock.now(), "batch": 10 * BATCH})
    return total


@transaction.atomic
def _ask_for_batch(now: datetime) -> int:
    values: dict[str, Any] = {"now": now, "batch": BATCH}
    with connection.cursor() as cursor:
        cursor.execute(_DUE.format(fits=FITS, locking=LOCKING), values)
        rows = cursor.fetchall()
        if not rows:
            return 0
        enqueue_many(kind=KIND, asked=[_asked(row) for row in rows])
        cursor.execute(_ASKED, {"now": now, "ids": [row[0] for row in rows]})
    return len(rows)


def _asked(row: tuple[Any, ...]) -> Asked:
    _pk, uuid, rule, revision, registration, email, language, person, expires_at = row
    return Asked(
        key=key(uuid, rule, revision),
        to=email,
        language=language,
        params={"registration": registration, "rule": rule, "revision": revision},
        expires_at=expires_at,
        person_id=person,
    )
