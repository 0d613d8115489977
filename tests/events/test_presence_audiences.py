"""Reminders and messages for those who were there, and for those who were not: known after the end, never before."""

import pytest
from django.db import IntegrityError, transaction

from core import clock
from events.audiences import MessageAudience, RuleAudience
from events.enums import ReminderAnchor
from events.errors import NotKnownYet
from events.models import Attendance, Event, ReminderRule
from events.services import arm, join, remind, save_rule, send_message, send_now, set_join_link, write_message
from events.services.erasing import forget_people
from mail.models import Message
from tests.events.reminding import HOUR, an_event, planned
from tests.factories import events as make
from tests.factories.mail import deliver_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]
WORDS = {"en": {"subject": "What you missed", "text": "Here it is."}}


@pytest.fixture
def event() -> Event:
    event = an_event()
    set_join_link(translation_key=event.translation_key, url="https://meet.example/room")
    return event


def a_rule(event: Event, audience: str, **fields) -> ReminderRule:
    given = {"anchor": ReminderAnchor.END, "offset_minutes": 120, **fields}
    return save_rule(rule=ReminderRule(translation_key=event.translation_key, audience=audience, **given))


def come(event: Event, name: str, time) -> None:
    """Register somebody and press the button of the join page as the event begins."""
    registration = make.registered(event, name)
    time.move_to(event.starts_at)
    join(registration_id=registration.pk)


@pytest.mark.parametrize(("audience", "reached"), [("attended", "ana@example.org"), ("absent", "bo@example.org")])
def test_each_reaches_its_own_and_nobody_else(event, time, audience, reached):
    rule = arm(rule_id=a_rule(event, audience).pk)
    stays_away = make.registered(event, "Bo")
    come(event, "Ana", time)
    assert planned(stays_away) == [("planned", "12-12 17:30", 0)]
    time.move_to(event.ends_at + 2 * HOUR)
    assert remind() == 1
    deliver_all("bulk")
    assert list(Message.objects.filter(kind="event-reminder").values_list("to_address", flat=True)) == [reached]
    assert [one.email for one in RuleAudience(rule, event).people()] == [reached]
    assert remind() == 0


def test_nobody_whose_data_are_erased_is_counted_as_a_reader(event, time):
    make.registered(event, "Bo")
    come(event, "Ana", time)
    time.move_to(event.ends_at + HOUR)

    def readers() -> list[list[str]]:
        found = [event.registrations.of_audience(audience) for audience in ("confirmed", "attended", "absent")]
        return [sorted(people.values_list("name", flat=True)) for people in found]

    assert readers() == [["Ana", "Bo"], ["Ana"], ["Bo"]]
    forget_people(event.registrations.values_list("pk", flat=True))
    assert readers() == [[], [], []]


@pytest.mark.parametrize(
    "fields",
    [
        {"offset_minutes": -1},
        {"anchor": ReminderAnchor.START, "offset_minutes": 600},
        {"offset_minutes": None, "day_offset": 0, "clock_time": "09:00"},
    ],
)
def test_a_time_before_the_end_is_refused(event, fields):
    if fields.get("clock_time"):
        fields = {**fields, "clock_time": clock.now().time().replace(hour=9)}
    with pytest.raises(NotKnownYet):
        a_rule(event, "absent", **fields)


@pytest.mark.parametrize("fields", [{"offset_minutes": -1}, {"anchor": "start", "offset_minutes": 0}])
def test_the_database_refuses_a_time_before_the_end(event, fields):
    given = {"anchor": "end", "audience": "attended", "translation_key": event.translation_key, **fields}
    with pytest.raises(IntegrityError, match="events_rule_presence_after_end"), transaction.atomic():
        ReminderRule.objects.create(**given)


def test_sending_now_is_refused_before_the_end(event):
    rule = a_rule(event, "absent")
    with pytest.raises(NotKnownYet):
        send_now(rule_id=rule.pk)


def test_a_mail_to_the_absent_does_not_leave_once_they_are_known_to_have_been_there(event, time):
    arm(rule_id=a_rule(event, "absent").pk)
    registration = make.registered(event, "Bo")
    time.move_to(event.ends_at + 2 * HOUR)
    assert remind() == 1
    seen = {"first_seen_at": event.starts_at, "last_seen_at": event.starts_at}
    Attendance.objects.create(registration=registration, event=event, source="join", **seen)
    deliver_all("bulk")
    assert Message.objects.get(kind="event-reminder").state == "cancelled"


def test_staff_write_to_the_absent_after_the_end_and_not_before(event, time):
    make.registered(event, "Bo")
    with pytest.raises(NotKnownYet):
        write_message(event_id=event.pk, audience="absent", words=WORDS)
    come(event, "Ana", time)
    time.move_to(event.ends_at)
    message = write_message(event_id=event.pk, audience="absent", words=WORDS)
    assert [*MessageAudience(message).addresses()] == ["bo@example.org"]
    assert send_message(message_id=message.pk).total == 1
    assert [one.to_address for one in Message.objects.filter(kind="event-message")] == ["bo@example.org"]
