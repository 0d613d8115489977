"""Races about reminders on a real database; each with a control that takes the lock away and must go wrong."""

import time
from datetime import timedelta

import pytest

from core import clock
from events.models import Event, Registration, Reminder, ReminderRule
from events.services import arm, plan, project_event, register, registering, remind, reminding, seats
from mail.models import Message
from tests.factories import events as make

pytestmark = pytest.mark.django_db(transaction=True)

PAUSE = 0.3
WEEK = timedelta(days=7)


@pytest.fixture
def pause_before_asking(monkeypatch):
    """Leave time between reading what is due and putting it into the outbox."""
    ask = reminding.enqueue_many

    def slowly(**kwargs):
        time.sleep(PAUSE)
        return ask(**kwargs)

    monkeypatch.setattr(reminding, "enqueue_many", slowly)


def due_now(people: int = 3) -> Event:
    """Make an event two hours from now whose reminder falls due this second."""
    event = make.event(starts_at=clock.now() + timedelta(hours=2))
    rule = ReminderRule.objects.get(translation_key=event.translation_key, offset_minutes=-60)
    arm(rule_id=rule.pk)
    for number in range(people):
        make.registered(event, f"Guest {number}")
    a_second_ago = clock.now() - timedelta(seconds=1)
    ReminderRule.objects.filter(pk=rule.pk).update(due_at=a_second_ago)
    Reminder.objects.update(due_at=a_second_ago)
    return event


def asked() -> list[str]:
    return sorted(Message.objects.filter(kind="event-reminder", state="queued").values_list("key", flat=True))


def test_four_sweeps_at_once_ask_for_each_reminder_once(at_once, pause_before_asking, monkeypatch):
    monkeypatch.setattr(reminding, "BATCH", 2)
    due_now(people=7)
    answers = at_once([remind] * 4)
    assert sum(answers) == 7
    assert (len(asked()), Reminder.objects.filter(state="asked").count()) == (7, 7)


def test_control_without_the_lock_sweeps_do_each_others_work(at_once, pause_before_asking, monkeypatch):
    monkeypatch.setattr(reminding, "LOCKING", "")
    due_now(people=7)
    answers = at_once([remind] * 4)
    # The key still keeps everybody from being written to twice.
    assert (sum(answers) > 7, len(asked())) == (True, 7)


def planned_anew_while_asked_for(at_once) -> Event:
    """Move the event by a week while the sweep has its reminders in hand."""
    event = due_now()
    page = make.WebinarPage.objects.get()
    page.starts_at, page.ends_at = event.starts_at + WEEK, event.ends_at + WEEK

    def move():
        time.sleep(PAUSE / 3)
        page.save()
        return project_event(page=page)

    problems = [answer for answer in at_once([remind, move]) if isinstance(answer, Exception)]
    assert problems == []
    return event


def test_planning_anew_against_asking(at_once, pause_before_asking):
    event = planned_anew_while_asked_for(at_once)
    start = Event.objects.get(pk=event.pk).starts_at
    assert asked() == []
    assert set(Reminder.objects.values_list("state", "revision", "due_at")) == {
        ("planned", 1, start - timedelta(hours=1))
    }


def test_control_without_the_lock_an_old_reminder_leaves_or_the_new_one_is_lost(
    at_once, pause_before_asking, monkeypatch
):
    monkeypatch.setattr(reminding, "LOCKING", "")
    planned_anew_while_asked_for(at_once)
    is_planned = set(Reminder.objects.values_list("state", flat=True)) == {"planned"}
    assert asked() != [] or not is_planned


def armed_while_somebody_registers(at_once, monkeypatch) -> Registration:
    """Arm a rule while a registration is in flight that has already looked for rules."""
    event = make.event(starts_at=clock.now() + timedelta(days=5))
    rule = ReminderRule.objects.filter(translation_key=event.translation_key).first()
    take = registering.take

    def slowly(*args):
        taken = take(*args)
        time.sleep(PAUSE)
        return taken

    monkeypatch.setattr(registering, "take", slowly)
    registered, _armed = at_once(
        [
            lambda: register(event_id=event.pk, applicant=make.applicant()).registration,
            lambda: (time.sleep(PAUSE / 3), arm(rule_id=rule.pk)),
        ]
    )
    return registered


def test_arming_against_registering_leaves_nobody_out(at_once, monkeypatch):
    registration = armed_while_somebody_registers(at_once, monkeypatch)
    assert registration.reminders.count() == 1


def test_control_without_the_lock_somebody_is_left_out_until_the_sweep(at_once, monkeypatch):
    monkeypatch.setattr(seats, "lock", lambda event_id: Event.objects.get(pk=event_id))
    registration = armed_while_somebody_registers(at_once, monkeypatch)
    assert registration.reminders.count() == 0
    plan(event_id=registration.event_id)
    assert registration.reminders.count() == 1
