"""Mailings: freezing who a message to many goes to, pausing it, and taking it back as one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Count

from core import clock
from mail import doorbell
from mail.enums import FINAL, Reason, State, Stream
from mail.models import Mailing, Message
from mail.services.asking_many import Asked, enqueue_many

if TYPE_CHECKING:
    from accounts.models import User

CHUNK = 500


@dataclass(frozen=True)
class Progress:
    """How many messages of a mailing will not change any more, and how many of these were accepted."""

    done: int
    accepted: int
    percent: int


@transaction.atomic
def freeze(*, kind: str, title: str, asked: Iterable[Asked], leaves_at: datetime, by: "User | None" = None) -> Mailing:
    """Ask for one message to many; the number asked for is stored and never changes, whatever becomes of each.

    `asked` may be a generator over any number of rows: it is read in chunks. Nothing leaves before `leaves_at`,
    which each row must carry as its `due_at`.
    """
    mailing = Mailing.objects.create(kind=kind, title=title[:255], leaves_at=leaves_at, by=by)
    for chunk in _chunks(asked):
        mailing.total += enqueue_many(kind=kind, asked=chunk, stream=Stream.BULK, mailing=mailing)
    mailing.save(update_fields=["total"])
    return mailing


@transaction.atomic
def pause(*, mailing_id: int) -> Mailing:
    """Let nothing more of a mailing begin to leave; pausing twice, or what is taken back, changes nothing.

    A group of messages that a worker is beginning this instant still leaves.
    """
    mailing = Mailing.objects.select_for_update(of=("self",)).get(pk=mailing_id)
    if mailing.paused_at is None and mailing.withdrawn_at is None:
        mailing.paused_at = clock.now()
        mailing.save(update_fields=["paused_at"])
    return mailing


# What a worker still holds from before the pause is passed over, as below.
_GIVE_BACK_THE_TIME = """
    UPDATE mail_message
    SET first_tried_at = first_tried_at + (%(now)s::timestamptz - GREATEST(first_tried_at, %(paused)s::timestamptz))
    WHERE id = ANY (ARRAY (
        SELECT id FROM mail_message
        WHERE mailing_id = %(mailing)s AND state IN ('queued', 'deferred') AND first_tried_at < %(now)s
        ORDER BY id FOR UPDATE SKIP LOCKED
    ))
"""


@transaction.atomic
def resume(*, mailing_id: int) -> Mailing:
    """Let the rest of a paused mailing leave; resuming what is not paused changes nothing.

    The pause is no part of the time for trying, or a long one would be the end of all that had been put off.
    """
    mailing = Mailing.objects.select_for_update(of=("self",)).get(pk=mailing_id)
    if mailing.paused_at is not None:
        values: dict[str, Any] = {"now": clock.now(), "paused": mailing.paused_at, "mailing": mailing.pk}
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_BACK_THE_TIME, values)
        mailing.paused_at = None
        mailing.save(update_fields=["paused_at"])
        doorbell.ring_on_commit(Stream.BULK.value, due_at=clock.now())
    return mailing


# What a worker is taking or starting this instant is passed over: waiting for it while holding other rows that it may
# want next would be a deadlock, and its kind asks once more before it is written.
_TAKE_BACK = """
    UPDATE mail_message SET state = CASE WHEN repeats > 0 THEN 'unknown' ELSE 'cancelled' END, reason = %(reason)s,
        finished_at = %(now)s, lease_id = NULL, leased_until = NULL
    WHERE id = ANY (ARRAY (
        SELECT id FROM mail_message
        WHERE mailing_id = %(mailing)s AND state IN ('queued', 'deferred', 'leased')
        ORDER BY id FOR UPDATE SKIP LOCKED
    ))
"""


@transaction.atomic
def take_back(*, mailing_id: int) -> Mailing:
    """Withdraw every message of a mailing that has not begun to leave; taking back twice changes nothing.

    A kind that writes for mailings must refuse with `NoLongerMakesSense` what `is_taken_back` says is withdrawn.
    """
    mailing = Mailing.objects.select_for_update(of=("self",)).get(pk=mailing_id)
    if mailing.withdrawn_at is not None:
        return mailing
    # What is passed over must still be taken once, by a worker that then asks its kind.
    mailing.withdrawn_at, mailing.paused_at = clock.now(), None
    values: dict[str, Any] = {"reason": Reason.WITHDRAWN.value, "now": mailing.withdrawn_at, "mailing": mailing.pk}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_BACK, values)
        mailing.withdrawn = cursor.rowcount
    mailing.save(update_fields=["withdrawn_at", "withdrawn", "paused_at"])
    return mailing


def is_taken_back(message: Message) -> bool:
    """Whether the mailing to which a message belongs has been taken back."""
    return Mailing.objects.filter(messages=message, withdrawn_at__isnull=False).exists()


def books(mailing: Mailing) -> dict[State, int]:
    """Return how many messages of a mailing stand in each state; together they are its total."""
    counted = mailing.messages.order_by().values_list("state").annotate(number=Count("pk"))
    found = {State(state): number for state, number in counted}
    return {state: found[state] for state in State if state in found}


def progress(mailing: Mailing, counted: Mapping[State, int]) -> Progress | None:
    """Return how far a mailing with these books has come; of one whose messages are being deleted nobody can tell."""
    if not mailing.total or sum(counted.values()) != mailing.total:
        return None
    done = sum(number for state, number in counted.items() if state in FINAL)
    return Progress(done, counted.get(State.ACCEPTED, 0), done * 100 // mailing.total)


def _chunks(asked: Iterable[Asked]) -> Iterator[list[Asked]]:
    rows = iter(asked)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
