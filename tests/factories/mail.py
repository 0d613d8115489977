"""Messages for tests, and delivering them without a worker."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

from django.db import transaction

from core import clock
from mail.models import Message, Suppression
from mail.services import delivery, enqueue_prepared

_numbers = count(1)


def ask(**fields: Any) -> Message:
    """Ask for a prepared message; `stream`, `to`, `key` and the rest as given."""
    number = next(_numbers)
    given = {
        "key": f"test:{number}",
        "to": f"person{number}@city.example",
        "language": "en",
        "subject": "A subject",
        "text": "The text.\n",
        "html": "<p>The text.</p>",
        **fields,
    }
    return enqueue_prepared(**given)


def lapsed(entry: Suppression, at: datetime | None = None) -> Suppression:
    """Let an entry of the suppression list have ended."""
    entry.expires_at = at or clock.now()
    entry.save(update_fields=["expires_at"])
    return entry


def fail_after(change: Callable[[], object]) -> None:
    """Make a change in a transaction that then fails with RuntimeError."""
    with transaction.atomic():
        change()
        raise RuntimeError


def deliver_all(stream: str = "transactional") -> int:
    """Deliver batches until nothing is due; return how many messages were taken."""
    total = 0
    while taken := delivery.deliver(stream=stream):
        total += taken
    return total
