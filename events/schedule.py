"""Wall-clock times: what people read off a clock in a zone, and the moment it stands for."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


class NoSuchTime(ValueError):
    """The clocks of the zone jump over this time, or the calendar has ended by then."""


class TimeHappensTwice(ValueError):
    """The clocks of the zone show this time twice."""


def moment(wall: datetime, timezone: str) -> datetime:
    """Return the moment (aware, UTC) at which the clocks in `timezone` show the naive `wall`.

    Raises NoSuchTime where the clocks jump over it or UTC is beyond the calendar, and TimeHappensTwice where they show
    it twice.
    """
    zone = ZoneInfo(timezone)
    early = wall.replace(tzinfo=zone, fold=0)
    late = wall.replace(tzinfo=zone, fold=1)
    try:
        is_shown = early.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall
    except OverflowError:
        is_shown = False
    if not is_shown:
        raise NoSuchTime(f"{wall} in {timezone}")
    if early.utcoffset() != late.utcoffset():
        raise TimeHappensTwice(f"{wall} in {timezone}")
    return early.astimezone(UTC)


def wall_clock(at: datetime, timezone: str) -> datetime:
    """Return what the clocks in `timezone` show at the moment `at`, as a naive datetime."""
    return at.astimezone(ZoneInfo(timezone)).replace(tzinfo=None)
