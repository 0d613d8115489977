"""Taking back mails whose reason has ended, as long as they have not begun to leave."""

from collections.abc import Collection

from core import clock
from mail.enums import WAITING, Reason, State
from mail.models import Message


def withdraw(*, keys: Collection[str]) -> int:
    """Cancel the messages with these keys that have not begun to leave; return how many were cancelled.

    A worker that has one of them in hand but has not started finds its lease gone and skips it.
    """
    return Message.objects.filter(key__in=keys, state__in=WAITING | {State.LEASED}).update(
        state=State.CANCELLED,
        reason=Reason.WITHDRAWN,
        finished_at=clock.now(),
        lease_id=None,
        leased_until=None,
    )
