"""What tests about reminders share: an event with rules, and reading what is planned and asked for."""

from datetime import timedelta

from core import clock
from events.models import Event, Registration, ReminderRule
from events.services import (
    announce_changes,
    arm,
    project_event,
)
from mail.models import Message
from tests.factories import events as make

NOW = "2026-11-01T09:00:00Z"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def an_event(**fields) -> Event:
    """Make an event on 12 December, 15:00 in Brussels, with the three proposed rules unarmed."""
    start = clock.now().replace(month=12, day=12, hour=14)
    return make.event(**{"title": "Budget", "starts_at": start, **fields})


def rules(event: Event) -> list[ReminderRule]:
    return list(ReminderRule.objects.filter(translation_key=event.translation_key).order_by("pk"))


def armed(event: Event, *numbers: int) -> list[ReminderRule]:
    return [arm(rule_id=rules(event)[number].pk) for number in numbers or (0, 1)]


def planned(registration: Registration) -> list[tuple[str, str, int]]:
    """Return state, due moment and revision of one person's reminders."""
    found = registration.reminders.order_by("due_at")
    return [(one.state, f"{one.due_at:%m-%d %H:%M}", one.revision) for one in found]


def move(event: Event, by: timedelta) -> Event:
    page = make.WebinarPage.objects.get(translation_key=event.translation_key)
    page.starts_at, page.ends_at = page.starts_at + by, page.ends_at + by
    page.save()
    return project_event(page=page)


def tell(time) -> None:
    """Let the window for undoing pass and people be told; only then are reminders planned anew."""
    time.shift(timedelta(minutes=2))
    announce_changes()


def messages() -> list[tuple[str, str]]:
    return list(Message.objects.filter(kind="event-reminder").order_by("id").values_list("to_address", "state"))
