"""Reminders that are due: asked for once and in time, and stopped when their sense has gone."""

import pytest

from core import clock
from events import mails_to_many
from events.models import Event, Registration, Reminder
from events.services import (
    announce_changes,
    change_preferences,
    notices,
    planning,
    remind,
    reminding,
)
from mail.models import Message
from mail.services.sweeping import sweep as sweep_mail
from tests.events.reminding import DAY, HOUR, an_event, armed, messages, move, planned, rules
from tests.factories import events as make
from tests.factories.mail import deliver_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]


def test_reminders_leave_once_and_no_later_than_the_start(time):
    event = an_event()
    armed(event)
    make.registered(event, "Ana", language="fr")
    make.registered(event, "Bo")
    time.move_to(event.starts_at - DAY)
    assert (remind(), remind()) == (2, 0)
    assert messages() == [("ana@example.org", "queued"), ("bo@example.org", "queued")]
    registration = Registration.objects.get(name="Ana")
    message = Message.objects.filter(kind="event-reminder").earliest("id")
    assert (message.key, message.language, message.stream, message.expires_at, message.person_id) == (
        f"event-reminder:{registration.uuid}:{rules(event)[0].pk}:0",
        "fr",
        "bulk",
        event.starts_at,
        None,
    )
    time.move_to(event.starts_at)
    assert remind() == 0
    assert {one.state for one in Reminder.objects.filter(rule=rules(event)[1])} == {"missed"}
    sweep_mail()
    assert messages() == [("ana@example.org", "cancelled"), ("bo@example.org", "cancelled")]


def test_a_reminder_waits_while_a_change_can_be_undone_and_its_news_has_not_left(time):
    event = an_event()
    armed(event, 0)
    make.registered(event)
    move(event, DAY - HOUR)
    time.move_to(Event.objects.get().starts_at - DAY)
    assert remind() == 0
    assert announce_changes() == 1
    assert remind() == 1


def test_another_language_reaches_a_reminder_that_still_waits(time):
    event = an_event()
    armed(event, 0)
    registration = make.registered(event)
    time.move_to(event.starts_at - DAY)
    remind()
    change_preferences(registration_id=registration.pk, language="ar", timezone="Asia/Kathmandu")
    assert remind() == 1
    found = Message.objects.filter(kind="event-reminder").order_by("id")
    assert [(one.language, one.state, one.key[-2:]) for one in found] == [
        ("en", "cancelled", ":0"),
        ("ar", "queued", ":1"),
    ]


def test_a_reminder_that_may_have_arrived_is_not_written_anew_in_another_language(time):
    event = an_event()
    armed(event, 0)
    registration = make.registered(event)
    time.move_to(event.starts_at - DAY)
    remind()
    tried = {"first_tried_at": clock.now(), "started_at": clock.now(), "attempts": 1}
    Message.objects.filter(kind="event-reminder").update(state="deferred", reason="no_answer", repeats=1, **tried)
    change_preferences(registration_id=registration.pk, language="ar", timezone="Asia/Kathmandu")
    assert remind() == 0
    found = Message.objects.get(kind="event-reminder")
    assert (found.language, found.state, found.repeats) == ("en", "deferred", 1)


def test_nothing_leaves_for_an_event_that_has_been_called_off(time):
    event = an_event()
    armed(event, 0)
    registration = make.registered(event)
    Event.objects.update(status="cancelled")
    time.move_to(event.starts_at - DAY)
    assert (remind(), planned(registration)) == (0, [("dropped", "12-11 14:00", 0)])


@pytest.mark.parametrize("number", [3, 120])
def test_asking_costs_the_same_for_three_and_for_many(number, time, django_assert_num_queries):
    event = an_event()
    for person in range(number):
        Registration.objects.create(
            event=event, name="A", email=f"{person}@example.org", email_key=f"{person}@example.org",
            language="en", timezone="UTC", state="confirmed",
        )  # fmt: skip
    armed(event, 0)
    time.move_to(event.starts_at - DAY)
    with django_assert_num_queries(6):
        assert remind() == number


def test_an_address_that_cannot_be_written_to_holds_nobody_up(time):
    event = an_event()
    armed(event, 0)
    Registration.objects.filter(pk=make.registered(event, "Bad").pk).update(email="not an address")
    make.registered(event, "Good")
    time.move_to(event.starts_at - DAY)
    assert (remind(), remind()) == (2, 0)
    assert messages() == [("good@example.org", "queued")]


def test_each_person_gets_each_reminder_once_from_the_mail_server(time, mail_server):
    event = an_event()
    armed(event, 0)
    for name in ("Ana", "Bo", "Cy"):
        make.registered(event, name)
    Message.objects.all().delete()
    time.move_to(event.starts_at - DAY)
    for _ in range(2):
        remind()
        deliver_all("bulk")
    assert dict(mail_server.recipients()) == {f"{name}@example.org": 1 for name in ("ana", "bo", "cy")}
    assert mail_server.to("bo@example.org")[0]["Subject"] == "Reminder: Budget"


def moved_while_a_worker_writes(time, monkeypatch, settings) -> Registration:
    """Move the event by a week after a worker has taken and checked the reminder, before it starts to send it."""
    settings.MAIL_UNDO_SECONDS = 0
    event = an_event()
    armed(event, 0)
    registration = make.registered(event)
    Message.objects.all().delete()
    time.move_to(event.starts_at - DAY)
    remind()
    write = mails_to_many.write_reminder

    def write_slowly(*args):
        move(event, 7 * DAY)
        announce_changes()
        return write(*args)

    monkeypatch.setattr(mails_to_many, "write_reminder", write_slowly)
    deliver_all("bulk")
    return registration


def test_a_new_date_stops_a_reminder_that_a_worker_has_in_hand(time, monkeypatch, settings, mail_server):
    registration = moved_while_a_worker_writes(time, monkeypatch, settings)
    assert (mail_server.accepted, planned(registration)) == ([], [("planned", "12-18 14:00", 1)])
    assert messages() == [("ana.silva@example.org", "cancelled")]


def test_control_without_withdrawing_the_reminder_leaves_all_the_same(time, monkeypatch, settings, mail_server):
    monkeypatch.setattr(planning, "withdraw", lambda **kwargs: 0)
    # The second bolt on the same door: what a worker has ready is written anew.
    monkeypatch.setattr(notices, "recall", lambda messages: 0)
    moved_while_a_worker_writes(time, monkeypatch, settings)
    assert len(mail_server.accepted) == 1


def test_a_sweep_that_breaks_leaves_whole_batches_and_the_next_one_goes_on(time, monkeypatch):
    event = an_event()
    armed(event, 0)
    for number in range(5):
        make.registered(event, f"Guest {number}")
    time.move_to(event.starts_at - DAY)
    monkeypatch.setattr(reminding, "BATCH", 2)
    ask, calls = reminding.enqueue_many, []

    def break_at_second(**kwargs):
        calls.append(ask(**kwargs))
        if len(calls) == 2:
            raise RuntimeError
        return calls[-1]

    monkeypatch.setattr(reminding, "enqueue_many", break_at_second)
    with pytest.raises(RuntimeError):
        remind()
    assert (len(messages()), Reminder.objects.filter(state="asked").count()) == (2, 2)
    assert (remind(), len(messages()), Reminder.objects.filter(state="asked").count()) == (3, 5, 5)
