"""Reminders while a change of their event can be undone: nothing is lost before people are told of it."""

from datetime import timedelta

import pytest

from events.models import Event
from events.services import announce_changes, arm, cancel_event, promote, remind, restore_event, send_now
from tests.events.reminding import DAY, HOUR, an_event, armed, messages, move, planned, rules
from tests.factories import events as make
from tests.factories.accounts import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]
SECOND, WINDOW = timedelta(seconds=1), timedelta(minutes=2)
CHANGES = ["called off", "moved"]


def change(event: Event, what: str) -> None:
    if what == "moved":
        move(event, 7 * DAY)
    else:
        cancel_event(event_id=event.pk, by=PersonFactory(), reason="x")


def undo(event: Event, what: str) -> None:
    if what == "moved":
        move(event, -7 * DAY)
    else:
        restore_event(event_id=event.pk, by=PersonFactory(), reason="x")


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_undone_across_the_due_moment_reminds_all_the_same(time, what):
    event = an_event()
    armed(event, 0)
    make.registered(event)
    time.move_to(event.starts_at - DAY - 30 * SECOND)
    change(event, what)
    time.shift(60 * SECOND)
    undo(event, what)
    assert remind() == 0
    time.shift(WINDOW)
    announce_changes()
    assert (remind(), messages()) == (1, [("ana.silva@example.org", "queued")])


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_that_is_undone_leaves_what_waits_in_the_outbox(time, what):
    event = an_event()
    armed(event, 0)
    registration = make.registered(event)
    time.move_to(event.starts_at - DAY)
    remind()
    change(event, what)
    assert messages() == [("ana.silva@example.org", "queued")]
    time.shift(SECOND)
    undo(event, what)
    time.shift(WINDOW)
    announce_changes()
    assert (messages(), planned(registration)) == (
        [("ana.silva@example.org", "queued")],
        [("asked", "12-11 14:00", 0)],
    )


def test_what_waits_is_withdrawn_once_people_are_told_of_the_call_off(time):
    event = an_event()
    armed(event)
    registration = make.registered(event)
    time.move_to(event.starts_at - DAY)
    remind()
    change(event, "called off")
    time.shift(WINDOW)
    assert announce_changes() == 1
    assert messages() == [("ana.silva@example.org", "cancelled")]
    assert planned(registration) == [("asked", "12-11 14:00", 0), ("dropped", "12-12 13:00", 0)]


def test_an_event_that_takes_place_after_all_reminds_of_what_fell_due_within_the_window(time):
    event = an_event()
    armed(event, 0)
    registration = make.registered(event)
    change(event, "called off")
    time.shift(WINDOW)
    announce_changes()
    assert planned(registration) == [("dropped", "12-11 14:00", 0)]
    time.move_to(event.starts_at - DAY - SECOND)
    undo(event, "called off")
    time.shift(WINDOW)
    # Nobody has heard of the call-off, so nobody is told.
    assert (announce_changes(), remind()) == (0, 1)


def test_what_fell_due_while_an_event_was_called_off_is_not_made_up_for(time):
    event = an_event()
    armed(event, 0)
    make.registered(event)
    change(event, "called off")
    time.shift(WINDOW)
    announce_changes()
    time.move_to(event.starts_at - DAY)
    undo(event, "called off")
    time.shift(WINDOW)
    assert (announce_changes(), remind()) == (0, 0)


def test_a_new_date_keeps_its_reminders_until_people_are_told(time):
    event = an_event()
    armed(event, 0)
    registration = make.registered(event)
    change(event, "moved")
    assert planned(registration) == [("planned", "12-11 14:00", 0)]
    time.shift(WINDOW)
    announce_changes()
    assert planned(registration) == [("planned", "12-18 14:00", 0)]


def test_a_rule_that_is_sent_now_is_not_taken_back_by_publishing(time):
    event = an_event()
    registration = make.registered(event)
    time.move_to(event.starts_at - HOUR / 2)
    send_now(rule_id=rules(event)[0].pk)
    time.shift(60 * SECOND)
    move(event, HOUR)
    time.shift(WINDOW)
    announce_changes()
    assert planned(registration) == [("planned", "12-12 13:32", 0)]
    assert remind() == 1


def test_a_rule_that_is_sent_now_stays_so_where_the_date_is_put_back(time):
    event = an_event()
    registration = make.registered(event)
    send_now(rule_id=rules(event)[0].pk)
    move(event, DAY)
    move(event, -DAY)
    time.shift(WINDOW)
    announce_changes()
    assert (planned(registration), remind()) == ([("planned", "11-01 09:02", 0)], 1)


def test_a_rule_that_is_sent_now_gets_its_own_time_by_a_new_date(time):
    event = an_event()
    registration = make.registered(event)
    send_now(rule_id=rules(event)[0].pk)
    move(event, DAY)
    time.shift(WINDOW)
    announce_changes()
    assert planned(registration) == [("planned", "12-12 14:00", 0)]


def test_a_rule_armed_under_a_date_that_is_put_back_gets_its_own_time(time):
    event = an_event()
    registration = make.registered(event)
    move(event, DAY)
    arm(rule_id=rules(event)[0].pk)
    assert planned(registration) == [("planned", "12-12 14:00", 0)]
    move(event, -DAY)
    time.shift(WINDOW)
    announce_changes()
    assert planned(registration) == [("planned", "12-11 14:00", 0)]


def test_who_is_promoted_within_the_window_gets_what_falls_due_in_it(time):
    event = an_event(capacity=0)
    armed(event, 0)
    registration = make.registered(event)
    time.move_to(event.starts_at - DAY - SECOND)
    move(event, DAY)
    time.shift(2 * SECOND)
    Event.objects.update(capacity=1)
    promote(registration_id=registration.pk, by=PersonFactory(), reason="x")
    move(event, -DAY)
    time.shift(WINDOW)
    announce_changes()
    assert remind() == 1
