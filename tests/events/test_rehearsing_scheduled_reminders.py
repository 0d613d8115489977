"""What staff see of the reminders that a scheduled publication will move, before its date is public."""

from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import Client

from core import clock
from events.models import Event, Reminder, WebinarPage
from events.services import announce_changes, remind
from tests.events.changing import WINDOW, move
from tests.events.reminding import DAY, HOUR, armed, messages
from tests.events.screens import body, url
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]

NOW_MOVED, THEN_MOVED = "Reminder: 1 day before the start", "Reminder, by what is scheduled: 1 day before the start"
ONCE_MORE = "Who has had this reminder before gets it once more."


@pytest.fixture
def publisher(client: Client) -> Client:
    return accounts.sign_in(client, accounts.PersonFactory(admin=True))


@pytest.fixture
def page(event: Event) -> WebinarPage:
    """The page of an event of 12 December, 15:00 in Brussels, with two who are reminded a day before."""
    make.registered(event, "Ana", language="en")
    make.registered(event, "Bo", language="fr")
    armed(event, 0)
    return WebinarPage.objects.get()


def schedule(page: WebinarPage, at: datetime, **by: int) -> None:
    """Have a new date published at a moment."""
    page.starts_at += timedelta(**by)
    page.ends_at += timedelta(**by)
    page.save_revision(approved_go_live_at=at)


def published(time, at: datetime) -> None:
    """Let a schedule publish, and people be told once the window has passed."""
    time.move_to(at + timedelta(seconds=1))
    call_command("publish_scheduled")
    time.shift(WINDOW)
    announce_changes()


def parts(answer) -> list[tuple[str, int, str]]:
    """Return heading, number and moment of each part that is about a reminder."""
    found = answer.context["reminders"]
    return [(one["heading"], one["rehearsal"].total, f"{one['leaves_at']:%m-%d %H:%M}") for one in found]


def planned() -> set[tuple[str, str, int]]:
    found = Reminder.objects.values_list("state", "due_at", "revision")
    return {(state, f"{due_at:%m-%d %H:%M}", revision) for state, due_at, revision in found}


def test_what_a_schedule_moves_is_what_leaves(publisher, page, time):
    at = clock.now() + 3 * HOUR
    schedule(page, at, days=2)
    answer = publisher.get(url("news", page.pk))
    assert (parts(answer), ONCE_MORE in body(answer)) == ([(THEN_MOVED, 2, "12-13 14:00")], False)
    samples = answer.context["reminders"][0]["samples"]
    said = [one["sample"].content.text for one in samples] + [body(publisher.get(one["url"])) for one in samples]
    for text, month in zip(said, ["December", "décembre"] * 2, strict=True):
        assert (f"14 {month} 2026" in text, f"12 {month} 2026" in text) == (True, False)
    for one in samples:
        (file,) = one["sample"].content.attachments
        assert b"20261214T150000" in file.content
    published(time, at)
    assert planned() == {("planned", "12-13 14:00", 0)}
    time.move_to(answer.context["reminders"][0]["leaves_at"])
    assert (remind(), [to for to, _state in messages()]) == (2, ["ana@example.org", "bo@example.org"])


def test_what_leaves_before_the_schedule_publishes_is_said_to_leave_once_more(publisher, page, time):
    at = Event.objects.get().starts_at - 12 * HOUR
    schedule(page, at, days=2)
    answer = publisher.get(url("news", page.pk))
    assert (parts(answer), ONCE_MORE in body(answer)) == ([(THEN_MOVED, 2, "12-13 14:00")], True)
    time.move_to(Event.objects.get().starts_at - DAY)
    assert remind() == 2
    published(time, at)
    assert planned() == {("planned", "12-13 14:00", 1)}


LOST = (
    "By the date that is scheduled the time of the reminder “1 day before the start” will have passed: 2 people will "
    "not get it."
)


def test_what_will_not_leave_by_a_schedule_is_said(publisher, page, time):
    at = Event.objects.get().starts_at - 5 * DAY
    schedule(page, at, days=-5, hours=3)
    answer = publisher.get(url("news", page.pk))
    assert (parts(answer), body(answer).count(LOST)) == ([], 1)
    published(time, at)
    assert planned() == {("missed", "12-06 17:00", 0)}


def test_what_has_left_before_the_schedule_publishes_is_not_said_to_be_lost(publisher, page, time):
    schedule(page, Event.objects.get().starts_at - 12 * HOUR, hours=-6)
    answer = publisher.get(url("news", page.pk))
    assert (parts(answer), answer.context["left_out"]) == ([], [])


def test_a_schedule_that_publishes_after_people_are_told_moves_what_they_were_told(publisher, page, time):
    at = clock.now() + 3 * HOUR
    move(page, days=1)
    schedule(page, at, days=2)
    answer = publisher.get(url("news", page.pk))
    assert parts(answer) == [(NOW_MOVED, 2, "12-12 14:00"), (THEN_MOVED, 2, "12-14 14:00")]
    time.shift(WINDOW)
    announce_changes()
    assert planned() == {("planned", "12-12 14:00", 0)}
    published(time, at)
    assert planned() == {("planned", "12-14 14:00", 0)}


def test_what_falls_due_between_two_new_dates_and_the_schedule_has_passed_by_then(publisher, page, time):
    at = clock.now() + 3 * HOUR
    for _ in range(2):
        move(page, days=1)
    back = page.starts_at - (clock.now() + DAY + HOUR)
    schedule(page, at, seconds=-int(back.total_seconds()))
    answer = publisher.get(url("news", page.pk))
    assert (parts(answer), answer.context["left_out"]) == ([(NOW_MOVED, 2, "12-13 14:00")], [LOST])
    time.shift(WINDOW)
    announce_changes()
    published(time, at)
    assert (planned(), remind()) == ({("missed", "11-01 10:00", 0)}, 0)


def test_a_schedule_that_takes_a_new_date_back_before_people_are_told_moves_nothing(publisher, page, time):
    at = clock.now() + timedelta(seconds=60)
    move(page, days=1)
    schedule(page, at, days=-1)
    assert parts(publisher.get(url("news", page.pk))) == [(NOW_MOVED, 2, "12-12 14:00")]
    published(time, at)
    assert planned() == {("planned", "12-11 14:00", 0)}


def test_a_schedule_that_takes_a_new_date_back_later_moves_reminders_back(publisher, page, time):
    at = clock.now() + 3 * HOUR
    move(page, days=1)
    schedule(page, at, days=-1)
    assert parts(publisher.get(url("news", page.pk))) == [
        (NOW_MOVED, 2, "12-12 14:00"),
        (THEN_MOVED, 2, "12-11 14:00"),
    ]
    time.shift(WINDOW)
    announce_changes()
    published(time, at)
    assert planned() == {("planned", "12-11 14:00", 0)}


def test_a_schedule_that_brings_no_other_date_moves_nothing(publisher, page):
    schedule(page, clock.now() + 3 * HOUR, days=0)
    assert (parts(publisher.get(url("news", page.pk)))) == []
