"""What tests about changes of an event share: moving it, and reading what people are told."""

from datetime import timedelta

from icalendar import Calendar

from core import clock
from events.models import WebinarPage
from events.services import project_event
from mail import rendering
from mail.models import Message
from tests.factories import events as make

NOW = "2026-11-01T09:00:00Z"
WINDOW = 120


def webinar(**fields) -> WebinarPage:
    """Make an event of 12 December without the revisions of its page, which take long and are asked for once below."""
    start = clock.now().replace(month=12, day=12, hour=14)
    return make.live_webinar(**{"title": "Budget", "starts_at": start, **fields})


def move(page: WebinarPage, **by: int) -> None:
    """Project the page with its start and end moved, as publishing does."""
    page.starts_at += timedelta(**by)
    page.ends_at += timedelta(**by)
    project_event(page=page)


def all_leave() -> None:
    """Let every mail have been accepted."""
    Message.objects.filter(state="queued").update(
        state="accepted", first_tried_at=clock.now(), started_at=clock.now(), finished_at=clock.now(), attempts=1
    )


def told() -> list[tuple[str, str]]:
    """Return kind and address of each mail about a change, in the order in which they were asked for."""
    kinds = ["event-moved", "event-called-off", "event-restored"]
    found = Message.objects.filter(kind__in=kinds).exclude(state="cancelled").order_by("id")
    return [(one.kind.removeprefix("event-"), one.to_address.partition("@")[0]) for one in found]


def last(kind: str, to: str = ""):
    return rendering.render(Message.objects.filter(kind=f"event-{kind}", to_address__startswith=to).latest("id"))


def entry(content):
    (file,) = content.attachments
    calendar = Calendar.from_ical(file.content)
    (found,) = calendar.walk("VEVENT")
    return str(calendar["method"]), found
