"""VTIMEZONE components that say exactly what the IANA database says about the years around an event.

icalendar's own generator gives the onset of summer time an hour late (it writes the clock after the change, where
RFC 5545 section 3.6.5 wants the clock before it) and lists dates that Outlook does not read.
"""

import calendar
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

YEARS_BEFORE, YEARS_AFTER = 1, 3
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Observance:
    """What clocks do from one change to the next."""

    offset_from: timedelta
    offset_to: timedelta
    name: str
    is_summer: bool


@lru_cache(maxsize=256)
def _ical(zone: str, year: int) -> bytes:
    return _build(zone, year).to_ical()


def component(zone: str, year: int) -> Timezone:
    """Return the VTIMEZONE of an IANA zone, right from a year before `year` to three years after it."""
    return cast(Timezone, Timezone.from_ical(_ical(zone, year)))


def _build(zone: str, year: int) -> Timezone:
    made = Timezone()
    made.add("tzid", zone)
    begin = datetime(year - YEARS_BEFORE, 1, 1, tzinfo=UTC)
    end = datetime(year + YEARS_AFTER + 1, 1, 1, tzinfo=UTC)
    groups: dict[Observance, list[datetime]] = defaultdict(list)
    for at in _changes(ZoneInfo(zone), begin, end):
        observance = _observance(ZoneInfo(zone), at)
        groups[observance].append((at + observance.offset_from).replace(tzinfo=None))
    onsets = [onset for group in groups.values() for onset in group]
    if not any(onset.year < year for onset in onsets):
        _add(made, _observance(ZoneInfo(zone), begin, is_change=False), datetime(1970, 1, 1))  # noqa: DTZ001
    for observance, dates in groups.items():
        rule = _yearly_rule(dates, year)
        for onset in dates[:1] if rule else dates:
            _add(made, observance, onset, rule)
    return made


def _changes(zone: ZoneInfo, begin: datetime, end: datetime) -> list[datetime]:
    """Return the moments between begin and end at which the zone's clocks change, to the second."""
    found, day = [], begin
    while day < end:
        following = day + timedelta(days=1)
        if _state(zone, day) != _state(zone, following):
            found.append(_bisect(zone, day, following))
        day = following
    return found


def _bisect(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    before = _state(zone, low)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if _state(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _state(zone: ZoneInfo, at: datetime) -> tuple:
    local = at.astimezone(zone)
    return local.utcoffset(), local.tzname(), local.dst()


def _observance(zone: ZoneInfo, at: datetime, *, is_change: bool = True) -> Observance:
    after = at.astimezone(zone)
    before = (at - timedelta(seconds=1)).astimezone(zone) if is_change else after
    return Observance(
        offset_from=before.utcoffset() or timedelta(),
        offset_to=after.utcoffset() or timedelta(),
        name=after.tzname() or "",
        # Morocco and Ireland turn the sense round; a summer time is what is ahead of what it came from.
        is_summer=(after.utcoffset() or timedelta()) > (before.utcoffset() or timedelta()),
    )


def _yearly_rule(onsets: list[datetime], year: int) -> dict | None:
    """Return the rule "the same weekday of the same month each year", where all years keep to it."""
    years = list(range(year - YEARS_BEFORE, year + YEARS_AFTER + 1))
    first = onsets[0]
    if [onset.year for onset in onsets] != years:
        return None
    if len({(onset.month, onset.weekday(), onset.time()) for onset in onsets}) > 1:
        return None
    last_ones = {onset.day + 7 > calendar.monthrange(onset.year, onset.month)[1] for onset in onsets}
    numbers = {(onset.day - 1) // 7 + 1 for onset in onsets}
    if last_ones == {True}:
        number = -1
    elif len(numbers) == 1:
        number = numbers.pop()
    else:
        return None
    return {"freq": "yearly", "bymonth": first.month, "byday": f"{number}{WEEKDAYS[first.weekday()]}"}


def _add(made: Timezone, observance: Observance, onset: datetime, rule: dict | None = None) -> None:
    part = TimezoneDaylight() if observance.is_summer else TimezoneStandard()
    part.add("dtstart", onset)
    part.add("tzoffsetfrom", observance.offset_from)
    part.add("tzoffsetto", observance.offset_to)
    part.add("tzname", observance.name)
    if rule:
        part.add("rrule", rule)
    made.add_component(part)
