"""The one clock that the domain reads."""

from datetime import datetime

from django.utils import timezone

STEP_SECONDS = 10


def now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return timezone.now()


def step(moment: datetime) -> int:
    """Return the number of the ten seconds in which a moment lies: kept parts that depend on the clock age in steps."""
    return int(moment.timestamp()) // STEP_SECONDS
