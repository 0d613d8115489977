"""Races about reminders on a real database; each with a control that takes the lock away and must go wrong."""

from datetime import timedelta
from functools import partial

import pytest
from django.db.models import QuerySet
from psycopg.errors import DeadlockDetected

from core import clock
from events.models import Event, Registration, Reminder, ReminderRule
from events.services import (
    announce_changes,
    arm,
    change_preferences,
    plan,
    planning,
    project_event,
    register,
    registering,
    remind,
    reminding,
    seats,
)
from events.services.sweeping import sweep
from mail.models import Message
from tests.factories import events as make
from tests.races.meeting import Later, meet_before

pytestmark = pytest.mark.django_db(transaction=True)

WEEK = timedelta(days=7)


@pytest.fixture
def meet_before_asking(monkeypatch):
    """Have all sweeps meet between reading what is due and putting it into the outbox."""
    meet_before(monkeypatch, reminding, "enqueue_many")


def asked() -> list[str]:
    return sorted(Message.objects.filter(kind="event-reminder", state="queued").values_list("key", flat=True))


def test_four_sweeps_at_once_ask_for_each_reminder_once(at_once, meet_before_asking, monkeypatch):
    monkeypatch.setattr(reminding, "BATCH", 2)
    make.reminder_due(people=7)
    answers = at_once([remind] * 4)
    assert sum(answers) == 7
    assert (len(asked()), Reminder.objects.filter(state="asked").count()) == (7, 7)


def test_control_without_the_lock_sweeps_do_each_others_work(at_once, meet_before_asking, monkeypatch):
    monkeypatch.setattr(reminding, "LOCKING", "")
    make.reminder_due(people=7)
    answers = at_once([remind] * 4)
    # The key still keeps everybody from being written to twice.
    assert (sum(answers) > 7, len(asked())) == (True, 7)


def planned_anew_while_asked_for(at_once, monkeypatch, settings) -> Event:
    """Move the event by a week, and tell of it, while the sweep has its reminders in hand."""
    settings.MAIL_UNDO_SECONDS = 0
    event = make.reminder_due()
    page = make.WebinarPage.objects.get()
    page.starts_at, page.ends_at = event.starts_at + WEEK, event.ends_at + WEEK
    meet_before(monkeypatch, reminding, "enqueue_many")

    def move():
        page.save()
        project_event(page=page)
        return announce_changes()

    problems = [one for one in at_once([remind, Later(move)]) if isinstance(one, Exception)]
    assert problems == []
    return event


@pytest.mark.rounds(50)
def test_planning_anew_against_asking(at_once, monkeypatch, settings):
    event = planned_anew_while_asked_for(at_once, monkeypatch, settings)
    start = Event.objects.get(pk=event.pk).starts_at
    assert asked() == []
    assert set(Reminder.objects.values_list("state", "revision", "due_at")) == {
        ("planned", 1, start - timedelta(hours=1))
    }


def test_control_without_the_lock_an_old_reminder_leaves_and_the_new_one_is_lost(at_once, monkeypatch, settings):
    monkeypatch.setattr(reminding, "LOCKING", "")
    planned_anew_while_asked_for(at_once, monkeypatch, settings)
    assert (len(asked()), set(Reminder.objects.values_list("state", flat=True))) == (3, {"asked"})


def armed_while_somebody_registers(at_once, monkeypatch) -> Registration:
    """Arm a rule while a registration is in flight that has already looked for rules."""
    event = make.event(starts_at=clock.now() + timedelta(days=5))
    rule = ReminderRule.objects.filter(translation_key=event.translation_key).earliest("pk")
    meet_before(monkeypatch, registering.notices, "confirm")
    outcome, _armed = at_once(
        [lambda: register(event_id=event.pk, applicant=make.applicant()), Later(lambda: arm(rule_id=rule.pk))]
    )
    return outcome.registration


def test_arming_against_registering_leaves_nobody_out(at_once, monkeypatch):
    registration = armed_while_somebody_registers(at_once, monkeypatch)
    assert registration.reminders.count() == 1


def test_control_without_the_lock_somebody_is_left_out_until_the_sweep(at_once, monkeypatch):
    monkeypatch.setattr(seats, "lock", lambda event_id: Event.objects.get(pk=event_id))
    registration = armed_while_somebody_registers(at_once, monkeypatch)
    assert registration.reminders.count() == 0
    sweep()
    assert registration.reminders.count() == 1


def chosen_while_planned(at_once, monkeypatch) -> list[type[Exception]]:
    """Choose another language while one's reminder is planned anew and a second is added; return what went wrong.

    The second one's foreign key is looked at when the plan is committed, while the language waits for the first.
    """
    event = make.reminder_due(people=1)
    remind()
    now = clock.now()
    ReminderRule.objects.filter(anchor="start").update(
        armed_at=now, due_at=now + timedelta(hours=1), expires_at=event.starts_at
    )
    meet_before(monkeypatch, planning, "_outdated")
    key = Registration.objects.get().pk
    choose = partial(change_preferences, registration_id=key, language="fr", timezone="UTC")
    answers = at_once([lambda: plan(event_id=event.pk), Later(choose)])
    return [type(one.__cause__) for one in answers if isinstance(one, Exception)]


def test_choosing_a_language_while_reminders_are_planned_is_no_deadlock(at_once, monkeypatch):
    assert chosen_while_planned(at_once, monkeypatch) == []
    assert set(Reminder.objects.values_list("state", flat=True)) == {"planned"}


def test_control_with_the_stronger_lock_it_is_one(at_once, monkeypatch):
    lock = QuerySet.select_for_update
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, no_key=False, **how: lock(rows, **how))
    assert chosen_while_planned(at_once, monkeypatch) == [DeadlockDetected]
