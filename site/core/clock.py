"""The one clock that the domain reads."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return timezone.now()
