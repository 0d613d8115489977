"""When a reminder is due and until when it makes sense, for an event's present date."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from events.enums import ReminderAnchor

if TYPE_CHECKING:
    from events.models import Event, EventVersion, ReminderRule

# What has not left so long after an event need not be said any more.
AFTERWARDS = timedelta(days=3)


def due(rule: "ReminderRule", event: "Event | EventVersion") -> datetime:
    """Return the moment (UTC) at which the rule lets its reminders leave.

    Minutes are counted on no clock but in time that passes. A wall-clock time that the zone's clocks jump over falls
    as far behind the jump as it lay in the gap; one that they show twice means the first.
    """
    zone = ZoneInfo(event.timezone)
    anchor = event.starts_at if rule.anchor == ReminderAnchor.START else event.ends_at
    if rule.offset_minutes is not None:
        return anchor.astimezone(UTC) + timedelta(minutes=rule.offset_minutes)
    day = anchor.astimezone(zone).date() + timedelta(days=rule.day_offset or 0)
    wall = datetime.combine(day, rule.clock_time or datetime.min.time())
    # With fold=0 Python reckons a time in a gap by the clocks before the jump, and a doubled one as the first.
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def expires(due_at: datetime, event: "Event") -> datetime:
    """Return until when a reminder due at that moment makes sense: the start, the end, or some days later."""
    if due_at < event.starts_at:
        return event.starts_at
    if due_at < event.ends_at:
        return event.ends_at
    return due_at + AFTERWARDS
