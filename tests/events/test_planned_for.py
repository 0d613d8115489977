"""Why did X (not) get this? What events say of somebody that is not in the outbox: reminders and news."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from core import clock
from events import purposes
from events.models import Event, Registration, Reminder, ReminderRule
from events.services import announce_changes, arm, cancel, cancel_event, disarm, give_held_seats, remind
from mail.purposes import Purpose
from tests.events.changing import NOW, WINDOW, move, webinar
from tests.factories import events as make
from tests.factories.accounts import PersonFactory, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]

ANA = "ana@example.org"


@pytest.fixture(autouse=True)
def clocks():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def armed(*names: str, **fields) -> ReminderRule:
    """Make an event with one armed reminder, a day before its start, and register people for it."""
    webinar(**fields)
    event = Event.objects.latest("pk")
    for name in names:
        make.registered(event, name)
    rule = ReminderRule.objects.get(translation_key=event.translation_key, offset_minutes=-24 * 60)
    return arm(rule_id=rule.pk)


def said(address: str = ANA, person=None) -> list[tuple[str, str, str]]:
    """Return of each what it is, when it is due, and why it does not come."""
    found = purposes.planned_for([address], person)
    return [(one.what, f"{one.due_at:%m-%d %H:%M}", one.why_not) for one in found]


def test_a_reminder_to_come_is_told_with_its_event():
    armed("Ana")
    (one,) = purposes.planned_for([ANA], None)
    registration = Registration.objects.get()
    assert (one.what, one.why_not, one.due_at) == ("Reminder", "", registration.event.starts_at - timedelta(days=1))
    assert one.about == Purpose("Budget", reverse("registrations:inspect", args=[registration.pk]))


def test_another_persons_reminders_are_not_told():
    armed("Ana", "Bo")
    assert (len(said()), len(said("cy@example.org"))) == (1, 0)


def test_reminders_of_an_account_are_told_whatever_the_address_they_go_to():
    armed("Ana")
    person = PersonFactory(email="new@city.example")
    Registration.objects.update(person=person)
    assert (said("new@city.example"), len(said("new@city.example", person)), len(said(ANA, person))) == ([], 1, 1)


def test_what_has_gone_to_the_outbox_is_told_there_and_not_here(clocks):
    armed("Ana")
    clocks.move_to("2026-12-11T14:00:00Z")
    assert (remind(), said()) == (1, [])


def left_out_by(act: str, clocks) -> str:
    rule, registration = ReminderRule.objects.get(armed_at__isnull=False), Registration.objects.get()
    if act == "held back":
        disarm(rule_id=rule.pk)
    elif act == "cancelled":
        cancel(registration_id=registration.pk)
    elif act == "called off":
        cancel_event(event_id=registration.event_id, by=PersonFactory(), reason="x")
        clocks.shift(WINDOW)
        announce_changes()
    else:
        clocks.move_to("2026-12-12T14:30:00Z")
        remind()
    ((what, why),) = [(what, why) for what, due, why in said() if due == "12-11 14:00"]
    assert what == "Reminder"
    return why


@pytest.mark.parametrize(
    ("act", "why"),
    [
        ("held back", "The reminder is held back."),
        ("cancelled", "This registration is cancelled."),
        ("called off", "This event is cancelled."),
        ("too late", "Its time had passed before it could leave."),
    ],
)
def test_a_reminder_left_out_is_told_with_the_reason(clocks, act, why):
    armed("Ana")
    assert left_out_by(act, clocks) == why


@pytest.mark.parametrize(
    ("audience", "why"),
    [
        ("waiting", "It is for those on the waiting list."),
        ("attended", "It is for those who were there."),
        ("confirmed", "Its reason had ended."),
    ],
)
def test_a_reminder_for_others_is_told_with_whom_it_is_for(audience, why):
    rule = armed("Ana")
    ReminderRule.objects.filter(pk=rule.pk).update(audience=audience, anchor="end", offset_minutes=61)
    Reminder.objects.update(state="dropped")
    assert said() == [("Reminder", "12-11 14:00", why)]


def test_what_is_to_come_stands_first_and_of_what_is_left_out_the_latest():
    armed("Ana")
    registration = Registration.objects.get()
    for number, rule in enumerate(ReminderRule.objects.filter(armed_at=None).order_by("pk")):
        at = clock.now() - timedelta(days=number + 1)
        Reminder.objects.create(
            registration=registration, rule=rule, state="missed", due_at=at, expires_at=at + timedelta(hours=1)
        )
    late = "Its time had passed before it could leave."
    assert said() == [
        ("Reminder", "12-11 14:00", ""),
        ("Reminder", "10-31 09:00", late),
        ("Reminder", "10-30 09:00", late),
    ]


def test_news_that_can_still_be_undone_is_told_with_the_end_of_the_window(clocks):
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    assert said() == []
    move(page, days=1)
    assert said() == [("New date, time or venue of an event", "11-01 09:02", "")]
    make.registered(Event.objects.get(), "Bo")
    assert said("bo@example.org") == []
    move(page, days=-1)
    assert (said(), [what for what, _due, _why in said("bo@example.org")]) == (
        [],
        ["New date, time or venue of an event"],
    )
    clocks.shift(WINDOW)
    announce_changes()
    assert (said(), said("bo@example.org")) == ([], [])


SEAT, NEWS = "Seat from a waiting list", "New date, time or venue of an event"


def more_seats(page, seats: int, **by: int) -> None:
    page.capacity = seats
    move(page, **by)


def test_a_promised_seat_is_told_with_its_moment_to_those_who_get_one(clocks):
    page = webinar(capacity=1)
    for name in ("Ana", "Bo", "Cy"):
        make.registered(Event.objects.get(), name)
    assert said("bo@example.org") == []
    more_seats(page, 2)
    (one,) = purposes.planned_for(["bo@example.org"], None)
    bo = Registration.objects.get(name="Bo")
    about = Purpose("Budget", reverse("registrations:inspect", args=[bo.pk]))
    assert (one.what, f"{one.due_at:%m-%d %H:%M}", one.why_not, one.about) == (SEAT, "11-01 09:02", "", about)
    assert [said(to) for to in (ANA, "cy@example.org")] == [[], []]
    # Later than its moment, the sweep gives it all the same.
    clocks.shift(WINDOW + 1)
    assert said("bo@example.org") == [(SEAT, "11-01 09:02", "")]
    more_seats(page, 1)
    assert said("bo@example.org") == []
    more_seats(page, None)
    assert [what for to in ("bo@example.org", "cy@example.org") for what, *_more in said(to)] == [SEAT, SEAT]
    clocks.shift(WINDOW)
    assert (give_held_seats(), said("bo@example.org"), said("cy@example.org")) == (2, [], [])


def test_a_seat_that_comes_too_late_is_not_promised(clocks):
    page = webinar(capacity=1)
    for name in ("Ana", "Bo"):
        make.registered(Event.objects.get(), name)
    more_seats(page, 2)
    Event.objects.update(fills_at=Event.objects.get().starts_at)
    assert said("bo@example.org") == []


def test_who_gets_a_seat_reads_of_the_new_date_in_the_same_mail():
    page = webinar(capacity=1)
    for name in ("Ana", "Bo", "Cy"):
        make.registered(Event.objects.get(), name)
    more_seats(page, 2, days=1)
    told = {to: [what for what, *_more in said(f"{to}@example.org")] for to in ("ana", "bo", "cy")}
    assert told == {"ana": [NEWS], "bo": [SEAT], "cy": [NEWS]}
    Event.objects.update(fills_at=clock.now() + timedelta(hours=1))
    assert [what for what, *_more in said("bo@example.org")] == [NEWS, SEAT]


def test_who_has_cancelled_is_told_no_news():
    page = webinar()
    registration = make.registered(Event.objects.get(), "Ana")
    move(page, days=1)
    cancel(registration_id=registration.pk)
    assert said() == []


@pytest.mark.parametrize("number", [1, 3])
def test_it_costs_the_same_for_one_event_and_for_three(django_assert_num_queries, number):
    for step in range(number):
        page = webinar(title=f"Budget {step}")
        event = Event.objects.latest("pk")
        make.registered(event, "Ana")
        for rule in ReminderRule.objects.filter(translation_key=page.translation_key, offset_minutes=-24 * 60):
            arm(rule_id=rule.pk)
        move(page, hours=1)
    with django_assert_num_queries(8):
        assert len(said()) == 2 * number


def test_staff_read_what_is_to_come_apart_from_what_was_left_out(client: Client):
    armed("Ana")
    Reminder.objects.update(state="missed")
    move(webinar(title="<Moved>"), days=1)
    page = webinar(title="Roadmap")
    make.registered(Event.objects.get(title="Roadmap"), "Ana")
    move(page, days=1)
    sign_in(client, PersonFactory(admin=True))
    html = " ".join(client.get("/admin/outbox/whose/", {"q": ANA}).content.decode().split())
    planned, left_out = html[html.index("<h2>Planned</h2>") :].split("<h2>Left out</h2>")
    left_out = left_out[: left_out.index("<h2>Messages</h2>")]
    assert (planned.count("<li>"), left_out.count("<li>")) == (1, 1)
    assert ("New date, time or venue of an event" in planned, "<bdi>Roadmap</bdi>" in planned) == (True, True)
    assert "<bdi>Budget</bdi></a>. Its time had passed before it could leave.</li>" in left_out
