"""One lock between freezing who gets an issue and erasing people.

What is being frozen cannot be seen yet, hence not be erased. Row locks would do too, and hold up everybody who
unsubscribes meanwhile.
"""

import hashlib

from django.db import connection

_KEY = int.from_bytes(hashlib.sha256(b"newsletter-freeze").digest()[:8], signed=True)


def hold_off_erasures() -> None:
    """Let no erasure begin until the caller's transaction ends; to be taken before every other lock."""
    _take("SELECT pg_advisory_xact_lock_shared(%s)")


def wait_for_freezes() -> None:
    """Wait for what is being frozen, and let nothing more be frozen until the caller's transaction ends."""
    _take("SELECT pg_advisory_xact_lock(%s)")


def _take(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [_KEY])
