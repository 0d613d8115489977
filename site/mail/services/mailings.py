"""Mailings: freezing who a message to many goes to, and taking it back as one."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count

from core import clock
from mail.enums import WAITING, Reason, State, Stream
from mail.models import Mailing, Message
from mail.services.asking_many import Asked, enqueue_many

if TYPE_CHECKING:
    from accounts.models import User

CHUNK = 500


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
def take_back(*, mailing_id: int) -> Mailing:
    """Withdraw every message of a mailing that has not begun to leave; taking back twice changes nothing."""
    mailing = Mailing.objects.select_for_update(of=("self",)).get(pk=mailing_id)
    if mailing.withdrawn_at is not None:
        return mailing
    waiting = Message.objects.filter(mailing=mailing, state__in=WAITING | {State.LEASED})
    mailing.withdrawn_at = clock.now()
    # A worker that has one in hand but has not started finds its lease gone and skips it.
    mailing.withdrawn = waiting.update(
        state=State.CANCELLED,
        reason=Reason.WITHDRAWN,
        finished_at=mailing.withdrawn_at,
        lease_id=None,
        leased_until=None,
    )
    mailing.save(update_fields=["withdrawn_at", "withdrawn"])
    return mailing


def books(mailing: Mailing) -> dict[State, int]:
    """Return how many messages of a mailing stand in each state; together they are its total."""
    counted = mailing.messages.order_by().values_list("state").annotate(number=Count("pk"))
    found = {State(state): number for state, number in counted}
    return {state: found[state] for state in State if state in found}


def _chunks(asked: Iterable[Asked]) -> Iterator[list[Asked]]:
    rows = iter(asked)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
