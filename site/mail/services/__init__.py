"""The only writers of the outbox."""

from mail.services.enqueueing import enqueue, enqueue_prepared
from mail.services.suppressing import suppress, suppressed, unsuppress
from mail.services.withdrawing import withdraw

__all__ = ["enqueue", "enqueue_prepared", "suppress", "suppressed", "unsuppress", "withdraw"]
