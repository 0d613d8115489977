"""A reminder's time in words and as the parts of a form, and why one was left out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.enums import ReminderAnchor, ReminderAudience, ReminderState

if TYPE_CHECKING:
    from events.models import Reminder, ReminderRule

BEFORE, AFTER = "before", "after"
SIDES = [(BEFORE, gettext_lazy("before")), (AFTER, gettext_lazy("after"))]
# Of those that are dropped, the ones that nothing keeps back but staff.
HELD_BACK = "held-back"
MINUTES = {"minutes": 1, "hours": 60, "days": 24 * 60}
UNITS = [("minutes", gettext_lazy("minutes")), ("hours", gettext_lazy("hours")), ("days", gettext_lazy("days"))]


def parts(rule: "ReminderRule") -> tuple[int, str, str]:
    """Return amount, unit and side, such as (1, "days", "before"); the largest unit that comes out even."""
    if rule.offset_minutes is None:
        days = rule.day_offset or 0
        return abs(days), "days", BEFORE if days <= 0 else AFTER
    size = abs(rule.offset_minutes)
    unit = next(unit for unit in ("days", "hours", "minutes") if size % MINUTES[unit] == 0)
    unit = unit if size else "minutes"
    return size // MINUTES[unit], unit, BEFORE if rule.offset_minutes < 0 else AFTER


def when(rule: "ReminderRule") -> str:
    """Return for example "1 day before the start" or "2 days before the start, at 09:00"."""
    amount, unit, side = parts(rule)
    is_start = rule.anchor == ReminderAnchor.START
    if rule.clock_time is None:
        return _around(amount, unit, side, is_start)
    time = f"{rule.clock_time:%H:%M}"
    if amount == 0:
        words = _("On the day of the start, at %(time)s") if is_start else _("On the day of the end, at %(time)s")
        return words % {"time": time}
    return _("%(distance)s, at %(time)s") % {"distance": _around(amount, "days", side, is_start), "time": time}


def counted(numbers: Mapping[str, int]) -> str:
    """Return how many reminders stand in each state, such as "2 planned, 1 handed to the outbox"."""
    return _(", ").join(_counted(state, numbers[state]) for state in (*ReminderState, HELD_BACK) if state in numbers)


def why_left_out(reminder: "Reminder") -> str:
    """Return why one person's reminder does not leave, by how things stand now; nothing for one that is to come."""
    if reminder.state == ReminderState.MISSED:
        return _("Its time had passed before it could leave.")
    return _why_dropped(reminder) if reminder.state == ReminderState.DROPPED else ""


def _why_dropped(reminder: "Reminder") -> str:
    registration, audience = reminder.registration, ReminderAudience(reminder.rule.audience)
    if registration.event.is_cancelled:
        return _("This event is cancelled.")
    if not registration.is_live:
        return _("This registration is cancelled.")
    if not reminder.rule.is_armed:
        return _("The reminder is held back.")
    if audience.is_of_the_past or registration.state != audience.state:
        return _("It is for %(audience)s.") % {"audience": audience.label}
    return _("Its reason had ended.")


def _counted(state: str, number: int) -> str:
    words = {
        ReminderState.PLANNED: ngettext("%(number)s planned", "%(number)s planned", number),
        ReminderState.ASKED: ngettext("%(number)s handed to the outbox", "%(number)s handed to the outbox", number),
        ReminderState.MISSED: ngettext(
            "%(number)s left out because its time had passed",
            "%(number)s left out because their time had passed",
            number,
        ),
        ReminderState.DROPPED: ngettext(
            "%(number)s dropped because its reason had ended",
            "%(number)s dropped because their reason had ended",
            number,
        ),
        HELD_BACK: ngettext("%(number)s held back", "%(number)s held back", number),
    }[state]
    return words % {"number": number}


def _around(amount: int, unit: str, side: str, is_start: bool) -> str:
    if amount == 0:
        return _("At the start") if is_start else _("At the end")
    span = {
        "minutes": ngettext("%(number)s minute", "%(number)s minutes", amount),
        "hours": ngettext("%(number)s hour", "%(number)s hours", amount),
        "days": ngettext("%(number)s day", "%(number)s days", amount),
    }[unit] % {"number": amount}
    if side == BEFORE:
        words = _("%(span)s before the start") if is_start else _("%(span)s before the end")
    else:
        words = _("%(span)s after the start") if is_start else _("%(span)s after the end")
    return words % {"span": span}
