"""The outbox as a ledger: who holds which messages, what started, what came of it. Each verb is one statement.

Each statement commits by itself, durably and before anything is handed over: a "started" that dies with the
database looks merely taken, and the message would be sent twice. Every change names the lease under which it is
made, so that a worker whose lease ran out changes nothing.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection
from psycopg.errors import DeadlockDetected
from psycopg.types.json import Jsonb

from core import clock
from core.text import storable
from mail.enums import WAITING, Reason, State
from mail.mime import Content
from mail.models import Message
from mail.replies import Trouble
from mail.rules import Verdict, retry_bounds
from mail.services.enqueueing import stored

MOST_DEADLOCKS = 5


class NotDurable(RuntimeError):
    """The ledger was called inside a transaction, which would undo or delay what it wrote."""


@dataclass(frozen=True)
class Lease:
    """Messages taken by one worker, in the order in which they leave; after `until` any other may take them."""

    id: uuid.UUID
    stream: str
    messages: list[Message]
    is_full: bool
    until: datetime


@dataclass(frozen=True)
class Opening:
    """A message about to be handed over, and the words it goes out with.

    Words shared with others are kept once, under `variant_id`; `content` then gives the subject alone.
    """

    message: Message
    content: Content
    variant_id: int | None = None


# Those that writing and judging a message need, in the order of the model: reading a row costs as much as its columns.
_NEEDED = {
    *("id", "key", "kind", "stream", "to_address", "to_name", "reply_to", "person_id", "language", "params"),
    *("created_at", "due_at", "expires_at", "gives_way", "first_tried_at", "attempts", "repeats", "message_id"),
    *("is_prepared", "is_secret", "subject", "text", "html", "attachments"),
}
_COLUMNS = [field.attname for field in Message._meta.concrete_fields if field.attname in _NEEDED]
_JSON = [_COLUMNS.index(name) for name in ("params", "attachments")]
# Where the server is slow, a mail to one that is asked for now waits for no more than these.
MOST_GIVING_WAY = 5
# Arrays, so that the plan does not hang on statistics: on a table just filled a join took 0.7 s instead of 3 ms. What
# is paused is looked up once a lease. Two walks along the index, the second as far as the first leaves room: sorted by
# `gives_way` in one, whatever is due later would be walked through too.
_DUE = """
    SELECT id FROM mail_message
    WHERE state IN ('queued', 'deferred') AND stream = %(stream)s AND due_at <= %(now)s
        AND (mailing_id IS NULL OR mailing_id <> ALL (ARRAY (
            SELECT id FROM mail_mailing WHERE paused_at IS NOT NULL
        )))
"""
_LEASE = f"""
    UPDATE mail_message SET state = 'leased', lease_id = %(lease)s, leased_until = %(until)s
    WHERE id = ANY (ARRAY (
        SELECT id FROM (
            {_DUE} AND NOT gives_way ORDER BY due_at, id FOR UPDATE SKIP LOCKED LIMIT %(limit)s
        ) AS first
        UNION ALL
        SELECT id FROM (
            {_DUE} AND gives_way ORDER BY due_at, id FOR UPDATE SKIP LOCKED LIMIT %(giving_way)s
        ) AS behind
        LIMIT %(limit)s
    )) AND state IN ('queued', 'deferred')
    RETURNING {", ".join(_COLUMNS)}
"""  # noqa: S608  (no value is put in)


def lease(*, stream: str, limit: int) -> Lease:
    """Take up to `limit` messages that are due, which no other worker then gets; those that give way come last."""
    _require_autocommit()
    now, lease_id = clock.now(), uuid.uuid4()
    until = now + timedelta(seconds=settings.MAIL_LEASE_SECONDS)
    values: dict[str, Any] = {
        "lease": lease_id,
        "until": until,
        "stream": stream,
        "now": now,
        "limit": limit,
        "giving_way": min(limit, MOST_GIVING_WAY),
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, values)
        messages = [_message(row) for row in cursor.fetchall()]
    messages.sort(key=lambda message: (message.gives_way, message.due_at, message.pk))
    is_full = len(messages) == limit or sum(message.gives_way for message in messages) == MOST_GIVING_WAY
    return Lease(lease_id, stream, messages, is_full=is_full, until=until)


def _message(row: tuple[Any, ...]) -> Message:
    # As Django's raw() does, whose converters and generators cost nearly as much again.
    known = list(row)
    for place in _JSON:
        known[place] = json.loads(known[place])
    return Message.from_db(connection.alias, _NEEDED, known)


# What was not begun is 'queued' again, or 'leased' still where it shall be put off with the rest: no attempt was made.
_CLOSE = """
    answer AS (
        SELECT * FROM jsonb_to_recordset(%(answers)s) AS answer (
            id bigint, state text, reason text, code smallint, reply text, due_at timestamptz,
            finished_at timestamptz, repeats int
        )
    ), closed AS (
        UPDATE mail_message SET
            state = answer.state, reason = answer.reason, last_reply = answer.reply,
            due_at = COALESCE(answer.due_at, mail_message.due_at), finished_at = answer.finished_at,
            lease_id = CASE WHEN answer.state = 'leased' THEN mail_message.lease_id END,
            leased_until = CASE WHEN answer.state = 'leased' THEN mail_message.leased_until END,
            repeats = mail_message.repeats + answer.repeats,
            attempts = mail_message.attempts - (answer.state IN ('queued', 'leased'))::int
        FROM answer
        WHERE mail_message.id = ANY (%(closing)s) AND mail_message.id = answer.id
            AND mail_message.state = 'started' AND mail_message.lease_id = %(lease)s
        RETURNING
            mail_message.id, mail_message.attempts, mail_message.started_at,
            answer.state, answer.code, answer.reply
    ), noted AS (
        INSERT INTO mail_attempt (message_id, number, started_at, answered_at, code, reply)
        SELECT id, attempts, started_at, CASE WHEN code IS NOT NULL THEN %(now)s END, code, reply
        FROM closed WHERE state NOT IN ('queued', 'leased')
    )
"""
_START = """
    state = 'started', started_at = %(now)s, leased_until = %(until)s, attempts = mail_message.attempts + 1,
    reason = '', first_tried_at = COALESCE(mail_message.first_tried_at, %(now)s)
"""
# A mailing that was paused or taken back since its messages were taken begins no more, nor does what has expired
# meanwhile; they go back with the lease, and the sweep ends what its time has passed for.
_HELD = """
    mail_message.state = 'leased' AND mail_message.lease_id = %(lease)s
    AND (mail_message.expires_at IS NULL OR mail_message.expires_at > %(now)s)
    AND NOT EXISTS (
        SELECT FROM mail_mailing WHERE mail_mailing.id = mail_message.mailing_id
            AND (mail_mailing.paused_at IS NOT NULL OR mail_mailing.withdrawn_at IS NOT NULL)
    )
"""
# The words of a prepared message stand in its row already.
_OPEN_PREPARED = f"""
    opened_prepared AS (
        UPDATE mail_message SET {_START}
        WHERE mail_message.id = ANY (%(prepared)s) AND {_HELD}
        RETURNING mail_message.id
    )
"""  # noqa: S608  (no value is put in)
_OPEN_WRITTEN = f"""
    content AS (
        SELECT * FROM jsonb_to_recordset(%(contents)s) AS content (
            id bigint, subject text, text text, html text, attachments jsonb, reply_to text
        )
    ), opened_written AS (
        UPDATE mail_message SET {_START}, subject = content.subject, text = content.text, html = content.html,
            attachments = content.attachments, reply_to = content.reply_to
        FROM content
        WHERE mail_message.id = ANY (%(written)s) AND mail_message.id = content.id AND {_HELD}
        RETURNING mail_message.id
    )
"""  # noqa: S608  (likewise)
_OPEN_FILLED = f"""
    filling AS (
        SELECT * FROM jsonb_to_recordset(%(fillings)s) AS filling (id bigint, subject text, variant bigint)
    ), opened_filled AS (
        UPDATE mail_message SET {_START}, subject = filling.subject, variant_id = filling.variant
        FROM filling
        WHERE mail_message.id = ANY (%(filled)s) AND mail_message.id = filling.id AND {_HELD}
        RETURNING mail_message.id
    )
"""  # noqa: S608  (likewise)


def turn(*, lease: Lease, closing: Sequence[Verdict], opening: Sequence[Opening]) -> set[int]:
    """Write down what was answered and start the next; return the ids that may be handed over.

    Both are one statement, hence one durable commit, which costs half of two. A message that is missing from the
    answer was withdrawn, expired, its mailing paused, or the lease ran out: it must not be sent.
    """
    _require_autocommit()
    if not closing and not opening:
        return set()
    now = clock.now()
    prepared = [one.message.pk for one in opening if one.message.is_prepared]
    filled = [one for one in opening if one.variant_id is not None]
    written = [one for one in opening if not one.message.is_prepared and one.variant_id is None]
    values: dict[str, Any] = {
        "lease": lease.id,
        "now": now,
        "until": now + timedelta(seconds=settings.MAIL_LEASE_SECONDS),
        "closing": [one.message_pk for one in closing],
        "answers": Jsonb([_answer(one) for one in closing]),
        "prepared": prepared,
        "written": [one.message.pk for one in written],
        "contents": Jsonb([_content(one) for one in written]),
        "filled": [one.message.pk for one in filled],
        "fillings": Jsonb([_filling(one) for one in filled]),
    }
    rows = _insisted(_statement(bool(closing), bool(prepared), bool(written), bool(filled)), values)
    closed = {pk for what, pk in rows if what == "closed"}
    late = [one for one in closing if one.message_pk not in closed and one.state == State.ACCEPTED]
    if late:
        _accept_late(late, now=now)
    return {pk for what, pk in rows if what == "opened"}


def _insisted(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement that commits by itself, anew when the database ends it to undo a deadlock.

    Withdrawing and erasing lock many messages too, in an order of their own. An answer of the server that is lost to
    that would leave its message unknown.
    """
    for is_last in [False] * (MOST_DEADLOCKS - 1) + [True]:
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall()
        except OperationalError as problem:
            if is_last or not isinstance(problem.__cause__, DeadlockDetected):
                raise
    raise AssertionError("unreachable")


@cache
def _statement(is_closing: bool, has_prepared: bool, has_written: bool, has_filled: bool) -> str:
    """Return the steps that are needed as one statement; PostgreSQL plans each time what it is given."""
    steps = [
        (is_closing, _CLOSE, "SELECT 'closed', id FROM closed"),
        (has_prepared, _OPEN_PREPARED, "SELECT 'opened', id FROM opened_prepared"),
        (has_written, _OPEN_WRITTEN, "SELECT 'opened', id FROM opened_written"),
        (has_filled, _OPEN_FILLED, "SELECT 'opened', id FROM opened_filled"),
    ]
    wanted = [(step, result) for is_wanted, step, result in steps if is_wanted]
    return f"WITH {','.join(step for step, _ in wanted)} {' UNION ALL '.join(result for _, result in wanted)}"


def _answer(verdict: Verdict) -> dict[str, Any]:
    return {
        "id": verdict.message_pk,
        "state": verdict.state.value,
        "reason": str(verdict.reason),
        "code": verdict.code,
        "reply": verdict.reply,
        "due_at": verdict.due_at and verdict.due_at.isoformat(),
        "finished_at": verdict.finished_at and verdict.finished_at.isoformat(),
        "repeats": int(verdict.is_repeat),
    }


def _content(opening: Opening) -> dict[str, Any]:
    content = opening.content
    return {
        "id": opening.message.pk,
        "subject": storable(content.subject),
        "text": storable(content.text),
        "html": storable(content.html),
        "attachments": stored(content.attachments),
        "reply_to": content.reply_to,
    }


def _filling(opening: Opening) -> dict[str, Any]:
    return {
        "id": opening.message.pk,
        "subject": storable(opening.content.subject),
        "variant": opening.variant_id,
    }


def _accept_late(verdicts: Sequence[Verdict], *, now: datetime) -> None:
    # The sweep took the worker for dead, but it was slow and the server has the message: knowing that now is better
    # than sending again or leaving it unknown. A worker that has taken it since and not begun finds its lease gone.
    may_change = WAITING | {State.LEASED, State.UNKNOWN}
    for one in verdicts:
        Message.objects.filter(pk=one.message_pk, state__in=may_change, attempts__gte=1).update(
            state=State.ACCEPTED, reason="", last_reply=one.reply, finished_at=now, lease_id=None, leased_until=None
        )


_DROP = """
    WITH answer AS (
        SELECT * FROM jsonb_to_recordset(%(answers)s) AS answer (
            id bigint, state text, reason text, reply text, due_at timestamptz, finished_at timestamptz
        )
    )
    UPDATE mail_message SET
        state = answer.state, reason = answer.reason, last_reply = answer.reply, finished_at = answer.finished_at,
        due_at = COALESCE(answer.due_at, mail_message.due_at), lease_id = NULL, leased_until = NULL,
        first_tried_at = CASE WHEN answer.due_at IS NULL THEN mail_message.first_tried_at
            ELSE COALESCE(mail_message.first_tried_at, %(now)s) END
    FROM answer
    WHERE mail_message.id = ANY (%(ids)s) AND mail_message.id = answer.id
        AND mail_message.state = 'leased' AND mail_message.lease_id = %(lease)s
    RETURNING mail_message.id
"""


def drop(*, lease: Lease, verdicts: Sequence[Verdict]) -> None:
    """End or put off messages that were taken but not started."""
    _require_autocommit()
    if not verdicts:
        return
    values: dict[str, Any] = {
        "ids": [one.message_pk for one in verdicts],
        "answers": Jsonb([_answer(one) for one in verdicts]),
        "lease": lease.id,
        "now": clock.now(),
    }
    _insisted(_DROP, values)


_PUT_OFF = """
    UPDATE mail_message SET
        state = CASE WHEN NOT late.is_over THEN 'deferred' WHEN repeats > 0 THEN 'unknown' ELSE 'failed' END,
        reason = CASE WHEN late.is_over THEN %(gave_up)s ELSE %(reason)s END,
        finished_at = CASE WHEN late.is_over THEN %(now)s::timestamptz END,
        due_at = CASE WHEN late.is_over THEN due_at
            ELSE %(now)s::timestamptz + make_interval(secs => %(wait)s * (0.5 + random())) END,
        last_reply = %(reply)s, lease_id = NULL, leased_until = NULL,
        first_tried_at = COALESCE(mail_message.first_tried_at, %(now)s)
    FROM (
        SELECT id, COALESCE(first_tried_at < %(over)s, false) AS is_over FROM mail_message
        WHERE state = 'leased' AND lease_id = %(lease)s
    ) AS late
    WHERE mail_message.id = late.id AND state = 'leased' AND lease_id = %(lease)s
"""


def put_off(*, lease: Lease, reply: str) -> int:
    """Put off all that is taken but not started, because the mail server cannot be used; return how many."""
    _require_autocommit()
    now = clock.now()
    values: dict[str, Any] = {
        "lease": lease.id,
        "reply": reply,
        "now": now,
        "over": now - timedelta(seconds=settings.MAIL_GIVE_UP_SECONDS),
        "wait": retry_bounds(Trouble.CONNECTION)[0],
        "reason": Reason.UNREACHABLE.value,
        "gave_up": Reason.GAVE_UP.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PUT_OFF, values)
        return cursor.rowcount


_REST = """
    UPDATE mail_message SET
        state = 'queued', due_at = %(now)s::timestamptz + make_interval(secs => %(wait)s * (0.5 + random())),
        lease_id = NULL, leased_until = NULL
    WHERE state = 'leased' AND lease_id = %(lease)s
"""


def rest(*, lease: Lease) -> int:
    """Let all that is taken but not started wait a while, though nothing is known of it; return how many.

    For when the message before it got no answer: what is to come of that says nothing of these.
    """
    _require_autocommit()
    wait = retry_bounds(Trouble.CONNECTION)[0]
    with connection.cursor() as cursor:
        cursor.execute(_REST, {"lease": lease.id, "now": clock.now(), "wait": wait})
        return cursor.rowcount


def release(*, lease: Lease) -> int:
    """Give back all that is taken but not started, unchanged; return how many."""
    _require_autocommit()
    return Message.objects.filter(state=State.LEASED, lease_id=lease.id).update(
        state=State.QUEUED, lease_id=None, leased_until=None
    )


def _require_autocommit() -> None:
    # A test case's own transaction stands for the whole database, as with Django's durable blocks.
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise NotDurable("The outbox must be worked on outside transactions.")
