"""The only writers of the outbox."""

from mail.services.enqueueing import enqueue, enqueue_prepared, enqueue_to
from mail.services.holding import hold_after_restore
from mail.services.recalling import recall
from mail.services.reporting import report
from mail.services.resending import resend
from mail.services.suppressing import suppress, suppressed, take_back_objections, take_off
from mail.services.withdrawing import withdraw

__all__ = [
    "enqueue",
    "enqueue_prepared",
    "enqueue_to",
    "hold_after_restore",
    "recall",
    "report",
    "resend",
    "suppress",
    "suppressed",
    "take_back_objections",
    "take_off",
    "withdraw",
]
