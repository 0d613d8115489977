"""Cancelled events and their return: who is told, once, and with which calendar file."""

import pytest

from events.models import Event, EventVersion
from events.services import (
    announce_changes,
    cancel_event,
    restore_event,
)
from tests.events.changing import WINDOW, all_leave, entry, last, move, told, webinar
from tests.factories import events as make
from tests.factories.accounts import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]


@pytest.fixture
def staff():
    return PersonFactory()


def test_a_cancelled_event_leaves_the_calendars_and_can_come_back(time, staff):
    webinar(capacity=1)
    event = Event.objects.get()
    for name in ("Ana", "Bo"):
        make.registered(event, name)
    _method, asked = entry(last("confirmation"))
    cancel_event(event_id=event.pk, by=staff, reason="The speaker is ill")
    cancel_event(event_id=event.pk, by=staff, reason="Twice")
    time.shift(WINDOW)
    announce_changes()
    assert told() == [("called-off", "ana"), ("called-off", "bo")]
    method, gone = entry(last("called-off", "ana"))
    assert (method, str(gone["status"]), gone["uid"], gone["sequence"]) == ("CANCEL", "CANCELLED", asked["uid"], 1)
    assert last("called-off", "bo").attachments == ()
    assert [(one.reason, one.by) for one in EventVersion.objects.filter(revision__gt=0)] == [
        ("The speaker is ill", staff)
    ]
    all_leave()
    restore_event(event_id=event.pk, by=staff, reason="Well again")
    time.shift(WINDOW)
    announce_changes()
    assert told()[2:] == [("restored", "ana"), ("restored", "bo")]
    method, back = entry(last("restored", "ana"))
    assert (method, str(back["status"]), back["sequence"]) == ("REQUEST", "CONFIRMED", 2)
    assert "Before" not in last("restored", "ana").text
    assert dict(event.registrations.values_list("name", "state")) == {"Ana": "confirmed", "Bo": "waiting"}


def test_an_event_that_comes_back_at_another_time_says_both(time, staff):
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    cancel_event(event_id=Event.objects.get().pk, by=staff, reason="x")
    time.shift(WINDOW)
    announce_changes()
    all_leave()
    restore_event(event_id=Event.objects.get().pk, by=staff, reason="x")
    move(page, days=7)
    time.shift(WINDOW)
    announce_changes()
    assert told()[-1] == ("restored", "ana")
    assert ("Before: " in last("restored").text, "19 December 2026" in last("restored").text) == (True, True)


def test_a_cancelled_event_restored_in_time_disturbs_nobody(time, staff):
    webinar()
    event = Event.objects.get()
    make.registered(event, "Ana")
    cancel_event(event_id=event.pk, by=staff, reason="Wrong page")
    assert "You are registered" in last("confirmation").text
    restore_event(event_id=event.pk, by=staff, reason="Wrong page")
    time.shift(WINDOW)
    assert (announce_changes(), told()) == (0, [])


def test_moving_a_cancelled_event_is_told_to_nobody(time, staff):
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    cancel_event(event_id=Event.objects.get().pk, by=staff, reason="x")
    time.shift(WINDOW)
    announce_changes()
    move(page, days=3)
    time.shift(WINDOW)
    announce_changes()
    assert told() == [("called-off", "ana")]


@pytest.mark.parametrize("moved_first", [True, False])
def test_an_event_called_off_and_moved_in_one_window_is_called_off_at_the_date_people_know(time, staff, moved_first):
    page = webinar()
    event = Event.objects.get()
    make.registered(event, "Ana")
    steps = [lambda: cancel_event(event_id=event.pk, by=staff, reason="x"), lambda: move(page, days=3)]
    for step in reversed(steps) if moved_first else steps:
        step()
    time.shift(WINDOW)
    announce_changes()
    text = last("called-off").text
    assert ("12 December 2026" in text, "15 December" in text) == (True, False)
    method, gone = entry(last("called-off"))
    assert (method, gone["dtstart"].dt.day, gone["sequence"]) == ("CANCEL", 12, 2)
    all_leave()
    restore_event(event_id=event.pk, by=staff, reason="x")
    time.shift(WINDOW)
    announce_changes()
    assert told() == [("called-off", "ana"), ("restored", "ana")]
    # Not yet heard when the event moves once more: what is told then still starts from what people know.
    move(page, days=2)
    time.shift(WINDOW)
    announce_changes()
    assert told() == [("called-off", "ana"), ("restored", "ana")]
    text = last("restored").text
    assert [words in text for words in ("Before: ", "12 December 2026", "Now: ", "17 December 2026")] == [True] * 4


def test_an_event_that_was_moved_while_it_was_called_off_comes_back_with_both_dates(time, staff):
    page = webinar()
    make.registered(Event.objects.get(), "Ana")
    for act in (
        lambda: cancel_event(event_id=Event.objects.get().pk, by=staff, reason="x"),
        lambda: move(page, days=3),
        lambda: restore_event(event_id=Event.objects.get().pk, by=staff, reason="x"),
    ):
        act()
        time.shift(WINDOW)
        announce_changes()
        all_leave()
    assert told() == [("called-off", "ana"), ("restored", "ana")]
    text = last("restored").text
    assert [words in text for words in ("Before: ", "12 December 2026", "Now: ", "15 December 2026")] == [True] * 4
    assert EventVersion.objects.untold().count() == 0
