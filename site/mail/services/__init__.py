"""The only writers of the outbox."""

from mail.services.enqueueing import enqueue, enqueue_prepared
from mail.services.resending import resend
from mail.services.suppressing import suppress, suppressed, unsuppress
from mail.services.withdrawing import withdraw

__all__ = ["enqueue", "enqueue_prepared", "resend", "suppress", "suppressed", "unsuppress", "withdraw"]
