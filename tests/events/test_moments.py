"""When reminders are due: gaps, doubled hours, leap days, skipped days and odd offsets."""

from datetime import UTC, datetime, time

import pytest

from events import moments
from events.models import Event, ReminderRule


def an_event(zone: str, start: str, end: str | None = None) -> Event:
    """Return an unsaved event; times as its own clocks show them."""
    walls = [datetime.fromisoformat(text) for text in (start, end or start)]
    event = Event(timezone=zone)
    event.starts_at, event.ends_at = (wall.replace(tzinfo=event.zone).astimezone(UTC) for wall in walls)
    return event


def local(rule: ReminderRule, event: Event) -> str:
    return moments.due(rule, event).astimezone(event.zone).strftime("%Y-%m-%d %H:%M %z")


def utc(rule: ReminderRule, event: Event) -> str:
    return f"{moments.due(rule, event):%Y-%m-%d %H:%M}"


def at(hour: int, minute: int = 0, *, days: int = -1, anchor: str = "start") -> ReminderRule:
    return ReminderRule(anchor=anchor, day_offset=days, clock_time=time(hour, minute))


def minutes(number: int, anchor: str = "start") -> ReminderRule:
    return ReminderRule(anchor=anchor, offset_minutes=number)


@pytest.mark.parametrize(
    ("zone", "start", "rule", "expected"),
    [
        ("Europe/Brussels", "2026-12-12 15:00", at(9), "2026-12-11 09:00 +0100"),
        # The clocks jump from 02:00 to 03:00 on the day before.
        ("Europe/Brussels", "2027-03-29 15:00", at(2, 30), "2027-03-28 03:30 +0200"),
        ("America/New_York", "2027-03-15 10:00", at(2, 30), "2027-03-14 03:30 -0400"),
        # 02:30 comes twice; the first is meant.
        ("Europe/Brussels", "2026-10-26 15:00", at(2, 30), "2026-10-25 02:30 +0200"),
        ("America/New_York", "2026-11-02 10:00", at(1, 30), "2026-11-01 01:30 -0400"),
        # The day before 1 March in a leap year, and in another.
        ("Europe/Brussels", "2028-03-01 15:00", at(9), "2028-02-29 09:00 +0100"),
        ("Europe/Brussels", "2027-03-01 15:00", at(9), "2027-02-28 09:00 +0100"),
        ("Europe/Brussels", "2028-02-29 15:00", at(9, days=-366), "2027-02-28 09:00 +0100"),
        # Apia had no 30 December 2011; since then it is on the other side of the date line.
        ("Pacific/Apia", "2011-12-31 12:00", at(9), "2011-12-31 09:00 +1400"),
        ("Pacific/Apia", "2026-12-12 08:00", at(18), "2026-12-11 18:00 +1300"),
        ("Asia/Kathmandu", "2026-12-12 00:15", at(9), "2026-12-11 09:00 +0545"),
        # The event's day is its own, not UTC's: 08:00 in Auckland is the evening before in UTC.
        ("Pacific/Auckland", "2026-12-12 08:00", at(7, days=0), "2026-12-12 07:00 +1300"),
        ("America/Bogota", "2026-12-12 22:00", at(9, days=1, anchor="end"), "2026-12-13 09:00 -0500"),
    ],
)
def test_a_time_of_day_is_read_off_the_clocks_of_the_event(zone, start, rule, expected):
    assert local(rule, an_event(zone, start)) == expected


@pytest.mark.parametrize(
    ("zone", "start", "rule", "expected"),
    [
        ("Europe/Brussels", "2026-12-12 15:00", minutes(-60), "2026-12-12 13:00"),
        # 24 hours that pass, whatever the clocks do meanwhile.
        ("Europe/Brussels", "2027-03-28 15:00", minutes(-1440), "2027-03-27 13:00"),
        ("America/New_York", "2026-11-01 10:00", minutes(-1440), "2026-10-31 15:00"),
        ("Pacific/Apia", "2011-12-31 12:00", minutes(-1440), "2011-12-29 22:00"),
        ("Asia/Kathmandu", "2026-12-12 09:00", minutes(-15), "2026-12-12 03:00"),
        ("Asia/Kathmandu", "2026-12-12 09:00", minutes(30, "end"), "2026-12-12 03:45"),
    ],
)
def test_minutes_are_time_that_passes(zone, start, rule, expected):
    assert utc(rule, an_event(zone, start)) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (minutes(-60), "2026-12-12 15:00"),
        (minutes(0), "2026-12-12 16:30"),
        (minutes(60, "end"), "2026-12-15 17:30"),
    ],
)
def test_what_is_due_before_the_start_makes_no_sense_after_it(rule, expected):
    event = an_event("UTC", "2026-12-12 15:00", "2026-12-12 16:30")
    assert f"{moments.expires(moments.due(rule, event), event):%Y-%m-%d %H:%M}" == expected
