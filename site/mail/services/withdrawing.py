"""Taking back mails whose reason has ended, as long as they have not begun to leave."""

from collections.abc import Collection

from django.db.models import Q

from mail.enums import WAITING, Reason, State
from mail.models import Message
from mail.services.ending import end


def withdraw(*, keys: Collection[str] = (), prefix: str = "", because: str = "", unless_repeated: bool = False) -> int:
    """Cancel the messages with these keys, or whose keys begin with `prefix`, that have not begun to leave.

    A key says what its message is for, so everything asked for one reason is found by how its keys begin: end the
    prefix with the separator (`event-reminder:12:`), or number 12 takes number 120 along. `because` is kept with each
    as one sentence for staff. A worker that has one of them in hand but has not started finds its lease gone and
    skips it. `unless_repeated` leaves alone what waits to be sent once more, of which the first attempt may have
    arrived: for whoever asks anew in its place. Returns how many were ended.
    """
    wanted = Q(key__in=keys)
    if prefix:
        wanted |= Q(key__startswith=prefix)
    waiting = Message.objects.filter(wanted, state__in=WAITING | {State.LEASED})
    if unless_repeated:
        waiting = waiting.filter(repeats=0)
    return end(waiting, State.CANCELLED, Reason.WITHDRAWN, last_reply=because)
