"""The one clock that the domain reads; once it has been set, the clock of this machine is no longer asked."""

import time
from datetime import datetime, timedelta

from django.utils import timezone

STEP_SECONDS = 10
# Time shall not go back for less.
TRIFLE = timedelta(seconds=1)


class _Setting:
    """What it was set to, and the uptime of the machine at that moment, which nobody sets forth or back."""

    # One value, which other threads find whole.
    point: tuple[datetime, float] | None = None


def now() -> datetime:
    """Return the present moment, aware and in UTC."""
    if (point := _Setting.point) is None:
        return of_machine()
    moment, at = point
    return moment + timedelta(seconds=uptime() - at)


def of_machine() -> datetime:
    """Return what the machine's own clock says, by which nothing here goes: to be compared with another."""
    return timezone.now()


def uptime() -> float:
    """Return for how many seconds the machine has been up, sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def set_to(moment: datetime, *, asked_at: float) -> None:
    """Go on from a moment for which another clock was asked at this uptime, unless ours may say the same."""
    says, at = now(), uptime()
    # On a busy machine the answer is as old as the question.
    took = timedelta(seconds=at - asked_at)
    is_near = moment - TRIFLE < says < moment + took + TRIFLE
    if _Setting.point is None or not is_near:
        _Setting.point = (says if is_near else moment + took / 2, at)


def step(moment: datetime) -> int:
    """Return the number of the ten seconds in which a moment lies: kept parts that depend on the clock age in steps."""
    return int(moment.timestamp()) // STEP_SECONDS
