"""The only writers of the outbox."""

from mail.services.enqueueing import enqueue, enqueue_prepared
from mail.services.reporting import report
from mail.services.resending import resend
from mail.services.suppressing import forget_address, suppress, suppress_bounced, suppressed, take_off, unsuppress
from mail.services.withdrawing import withdraw

__all__ = [
    "enqueue",
    "enqueue_prepared",
    "forget_address",
    "report",
    "resend",
    "suppress",
    "suppress_bounced",
    "suppressed",
    "take_off",
    "unsuppress",
    "withdraw",
]
