"""The sweep: finds what a killed worker held, what has expired, what nobody rang for and what shall be forgotten.

Each step is one statement that names the state it expects, so two sweeps at once do no more than one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from core import clock
from mail.enums import FINAL, Reason, State
from mail.models import Message
from mail.rules import MOST_REPEATS
from mail.services.ending import end


@dataclass(frozen=True)
class Swept:
    """What one sweep found; `due` are the streams in which mail is waiting now."""

    returned: int
    repeated: int
    unknown: int
    expired: int
    blanked: int
    due: tuple[str, ...]


def sweep() -> Swept:
    """Put right what no worker will; safe at any time and any number of times."""
    now = clock.now()
    returned = _return_taken(now)
    repeated, unknown = _settle_started(now)
    return Swept(
        returned=returned,
        repeated=repeated,
        unknown=unknown,
        expired=_expire(now),
        blanked=_blank_secrets(now),
        due=_due_streams(now),
    )


def _return_taken(now: datetime) -> int:
    return Message.objects.filter(state=State.LEASED, leased_until__lt=now).update(
        state=State.QUEUED, lease_id=None, leased_until=None
    )


_SETTLE = """
    WITH lost AS (
        SELECT id, (stream = 'transactional' AND repeats < %(most)s) AS may_repeat FROM mail_message
        WHERE state = 'started' AND leased_until < %(now)s
        FOR UPDATE SKIP LOCKED
    ), settled AS (
        UPDATE mail_message SET
            state = CASE WHEN may_repeat THEN 'queued' ELSE 'unknown' END,
            reason = %(reason)s, last_reply = '',
            repeats = repeats + may_repeat::int,
            finished_at = CASE WHEN may_repeat THEN NULL ELSE %(now)s END,
            lease_id = NULL, leased_until = NULL
        FROM lost
        WHERE mail_message.id = lost.id
        RETURNING mail_message.id, mail_message.attempts, mail_message.started_at, lost.may_repeat
    ), noted AS (
        INSERT INTO mail_attempt (message_id, number, started_at, answered_at, code, reply)
        SELECT id, attempts, started_at, NULL, NULL, '' FROM settled
        ON CONFLICT (message_id, number) DO NOTHING
    )
    SELECT count(*) FILTER (WHERE may_repeat), count(*) FILTER (WHERE NOT may_repeat) FROM settled
"""


def _settle_started(now: datetime) -> tuple[int, int]:
    values: dict[str, Any] = {"now": now, "most": MOST_REPEATS, "reason": Reason.WORKER_LOST.value}
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, values)
        return cursor.fetchone()


def _expire(now: datetime) -> int:
    return end(Message.objects.waiting().filter(expires_at__lte=now), State.CANCELLED, Reason.EXPIRED)


def _blank_secrets(now: datetime) -> int:
    limit = now - timedelta(seconds=settings.MAIL_SECRET_KEEP_SECONDS)
    return Message.objects.filter(
        is_secret=True, blanked_at__isnull=True, finished_at__isnull=False, finished_at__lte=limit, state__in=FINAL
    ).update(text="", html="", subject="", attachments=[], blanked_at=now)


def _due_streams(now: datetime) -> tuple[str, ...]:
    return tuple(Message.objects.due(now=now).order_by("stream").values_list("stream", flat=True).distinct())
