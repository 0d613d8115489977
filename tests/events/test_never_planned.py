"""Why did X (not) get this? Mails of an event of which nothing was ever planned for somebody."""

import pytest
import time_machine

from core import clock
from events import purposes
from events.models import Attendance, Event, Registration, ReminderRule, StaffMessage
from events.services import arm, cancel, cancel_event, remind, send_message, take_back_message, write_message
from tests.events.changing import NOW, all_leave, webinar
from tests.factories import events as make
from tests.factories.accounts import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]

ANA = "ana@example.org"
DUE = "2026-12-11T14:00:00Z"
LATER = "The registration was made later."
WAITED = "The registration was on the waiting list at that time."
WORDS = {"en": {"subject": "Room changed", "text": "We are in room 5."}}


@pytest.fixture(autouse=True)
def clocks():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def occasion(**fields) -> Event:
    """Make an event whose only rule is a day before its start, not armed."""
    webinar(**fields)
    event = Event.objects.latest("pk")
    ReminderRule.objects.filter(translation_key=event.translation_key).exclude(offset_minutes=-24 * 60).delete()
    return event


def armed(event: Event, audience: str = "confirmed") -> None:
    rules = ReminderRule.objects.filter(translation_key=event.translation_key)
    rules.update(audience=audience)
    arm(rule_id=rules.get().pk)


def said(address: str = ANA) -> list[tuple[str, str, str]]:
    found = purposes.planned_for([address], None)
    return [(one.what, f"{one.due_at:%m-%d %H:%M}", one.why_not) for one in found]


def test_whoever_registered_when_a_reminder_had_left_is_told_so(clocks):
    event = occasion()
    armed(event)
    make.registered(event, "Bo")
    clocks.move_to(DUE)
    remind()
    make.registered(event, "Ana")
    assert said() == [("Reminder", "12-11 14:00", LATER)]
    assert said("bo@example.org") == []


def test_a_reminder_that_nobody_armed_is_told_when_its_time_has_come(clocks):
    make.registered(occasion(), "Ana")
    clocks.move_to("2026-12-11T13:59:59Z")
    assert said() == []
    clocks.move_to(DUE)
    assert said() == [("Reminder", "12-11 14:00", "Nobody has armed it.")]


@pytest.mark.parametrize("is_promoted", [True, False])
def test_whoever_waited_when_a_reminder_left_is_told_so_with_a_seat_too(clocks, is_promoted):
    event = occasion(capacity=1)
    armed(event)
    first = make.registered(event, "Bo")
    make.registered(event, "Ana")
    clocks.move_to(DUE)
    remind()
    if is_promoted:
        clocks.shift(60)
        cancel(registration_id=first.pk)
    state = Registration.objects.get(email_key=ANA).state
    assert (state, said()) == ("confirmed" if is_promoted else "waiting", [("Reminder", "12-11 14:00", WAITED)])


def test_whoever_had_a_seat_is_told_whom_a_reminder_was_for(clocks):
    event = occasion()
    armed(event, "waiting")
    make.registered(event, "Ana")
    clocks.move_to(DUE)
    assert said() == [("Reminder", "12-11 14:00", "It is for those on the waiting list.")]


@pytest.mark.parametrize(
    ("act", "why"), [("cancelled", "This registration is cancelled."), ("called off", "This event is cancelled.")]
)
def test_what_had_ended_before_a_reminder_was_armed_is_told_so(clocks, act, why):
    event = occasion()
    registration = make.registered(event, "Ana")
    if act == "cancelled":
        cancel(registration_id=registration.pk)
        armed(event)
    else:
        cancel_event(event_id=event.pk, by=PersonFactory(), reason="x")
        ReminderRule.objects.update(armed_at=clock.now())
    clocks.move_to(DUE)
    assert [one for one in said() if one[0] == "Reminder"] == [("Reminder", "12-11 14:00", why)]


def test_whoever_registered_again_is_not_told_of_what_they_gave_up(clocks):
    event = occasion()
    cancel(registration_id=make.registered(event, "Ana").pk)
    armed(event)
    make.registered(event, "Ana")
    clocks.move_to(DUE)
    remind()
    assert said() == []


def sent(event: Event, audience: str = "confirmed") -> StaffMessage:
    message = write_message(event_id=event.pk, audience=audience, words=WORDS)
    send_message(message_id=message.pk)
    return message


def test_a_message_of_staff_is_told_to_whoever_registered_after_it_was_frozen(clocks):
    event = occasion()
    make.registered(event, "Bo")
    sent(event)
    clocks.shift(1)
    make.registered(event, "Ana")
    assert said() == [("Message to registered people", "11-01 09:02", LATER)]
    assert said("bo@example.org") == []


def test_a_message_of_staff_that_nobody_sent_is_not_told():
    event = occasion()
    write_message(event_id=event.pk, audience="confirmed", words=WORDS)
    make.registered(event, "Ana")
    assert said() == []


@pytest.mark.parametrize(("state", "why"), [("queued", []), ("accepted", [LATER])])
def test_a_message_of_staff_that_was_taken_back_before_anybody_got_it_is_not_told(clocks, state, why):
    event = occasion()
    make.registered(event, "Bo")
    message = sent(event)
    clocks.shift(1)
    make.registered(event, "Ana")
    assert [one[2] for one in said()] == [LATER]
    if state == "accepted":
        all_leave()
    take_back_message(message_id=message.pk)
    assert [one[2] for one in said()] == why


def test_what_the_outbox_may_have_forgotten_is_not_told(clocks, settings):
    event = occasion()
    make.registered(event, "Bo")
    sent(event)
    clocks.shift(1)
    make.registered(event, "Ana")
    assert len(said()) == 1
    settings.RETENTION_MAIL_DAYS = 0
    assert said() == []


@pytest.mark.parametrize(("audience", "why"), [("confirmed", [WAITED]), ("waiting", [])])
def test_whoever_waited_when_a_message_of_staff_was_frozen_is_told_so(clocks, audience, why):
    event = occasion(capacity=1)
    make.registered(event, "Bo")
    make.registered(event, "Ana")
    clocks.shift(1)
    sent(event, audience)
    assert [one[2] for one in said()] == why


def test_whoever_was_there_is_told_that_a_message_was_for_the_others(clocks):
    event = occasion()
    make.registered(event, "Bo")
    registration = make.registered(event, "Ana")
    ReminderRule.objects.all().delete()
    clocks.move_to(event.ends_at)
    seen = {"first_seen_at": event.starts_at, "last_seen_at": event.starts_at}
    Attendance.objects.create(registration=registration, event=event, source="join", **seen)
    sent(event, "absent")
    assert [one[2] for one in said()] == ["It is for those with a seat who were not there."]
    assert said("bo@example.org") == []


@pytest.mark.parametrize("number", [1, 3])
def test_it_costs_the_same_for_one_event_and_for_three(clocks, django_assert_num_queries, number):
    for step in range(number):
        event = occasion(title=f"Budget {step}")
        armed(event)
        make.registered(event, "Bo")
        sent(event)
    clocks.move_to(DUE)
    for event in Event.objects.all():
        make.registered(event, "Ana")
    with django_assert_num_queries(8):
        assert len(said()) == 2 * number
