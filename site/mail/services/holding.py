"""Holding mail back after the restore of a backup, since the lost site may have sent it already."""

from django.db import transaction

from mail.enums import WAITING, Reason, State
from mail.models import Message
from mail.services.ending import end

# In English, like the words of servers that stand in the same place.
BECAUSE = "Held back after the restore of a backup: it may have left before."


@transaction.atomic
def hold_after_restore() -> int:
    """End every message that has not ended, so that nobody is mailed twice; returns how many.

    What had not begun to leave is cancelled, what was or had been on the wire is unknown; staff can send each
    again. Call it while no worker runs.
    """
    waiting = Message.objects.filter(state__in=WAITING | {State.LEASED})
    started = Message.objects.filter(state=State.STARTED)
    held = end(waiting, State.CANCELLED, Reason.WITHDRAWN, last_reply=BECAUSE)
    return held + end(started, State.UNKNOWN, Reason.WORKER_LOST, last_reply=BECAUSE)
