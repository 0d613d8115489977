"""How long what goes to many, or tells many of a change, waits before it leaves, so that it can be taken back."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import ngettext

from core import clock


def undo_window() -> timedelta:
    """Return how long staff can take back what goes to many."""
    return timedelta(seconds=settings.MAIL_UNDO_SECONDS)


def leaves_at(asked_for: datetime | None = None, *, since: datetime | None = None) -> datetime:
    """Return when the window that opened at `since`, or now, has passed, or a later moment that staff asked for."""
    soonest = (since or clock.now()) + undo_window()
    return max(soonest, asked_for or soonest)


def window_in_words() -> str:
    """Return the whole window in minutes, at least one."""
    return in_minutes(max(1, round(undo_window().total_seconds() / 60)))


def in_minutes(minutes: int) -> str:
    """Return a number of minutes in words."""
    return ngettext("%(number)s minute", "%(number)s minutes", minutes) % {"number": minutes}
