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
from mail.services import turning
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
    rows = _insisted(turning.statement(bool(closing), bool(prepared), bool(written), bool(filled)), values)
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
