"""Reminders: planned for each registration, and planned anew with every change."""

from datetime import time as clock_time

import pytest

from events.models import Event, Registration, Reminder, ReminderRule
from events.services import (
    arm,
    cancel,
    plan,
    planning,
    project_event,
    promote,
    remind,
    save_rule,
)
from events.services.sweeping import sweep as sweep_events
from mail.models import Message
from tests.events.reminding import DAY, HOUR, an_event, armed, messages, move, planned, rules, tell
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]


def test_arming_plans_for_those_who_are_registered_and_registering_plans_for_itself():
    event = an_event()
    early = make.registered(event, "Early")
    armed(event)
    late = make.registered(event, "Late")
    expected = [("planned", "12-11 14:00", 0), ("planned", "12-12 13:00", 0)]
    assert (planned(early), planned(late)) == (expected, expected)


def test_who_comes_late_gets_what_is_still_to_come_and_nothing_stale(time):
    event = an_event()
    armed(event, 0, 1, 2)
    time.move_to(event.starts_at - 3 * HOUR)
    late = make.registered(event)
    assert planned(late) == [("planned", "12-12 13:00", 0), ("planned", "12-12 16:30", 0)]
    plan(event_id=event.pk)
    assert len(planned(late)) == 2
    assert remind() == 0


def test_a_new_date_plans_anew(time):
    event = an_event()
    armed(event)
    registration = make.registered(event)
    move(event, 7 * DAY)
    tell(time)
    assert planned(registration) == [("planned", "12-18 14:00", 0), ("planned", "12-19 13:00", 0)]


def test_a_new_date_after_the_reminder_left_reminds_again_and_takes_back_what_still_waits(time):
    event = an_event()
    armed(event, 0)
    registration = make.registered(event)
    time.move_to(event.starts_at - DAY)
    remind()
    move(event, 7 * DAY)
    tell(time)
    assert planned(registration) == [("planned", "12-18 14:00", 1)]
    assert messages() == [("ana.silva@example.org", "cancelled")]
    time.shift(7 * DAY)
    assert remind() == 1
    reminders = Message.objects.filter(kind="event-reminder").order_by("pk")
    assert list(reminders.values_list("state", flat=True)) == ["cancelled", "queued"]


def test_a_date_so_near_that_the_time_has_passed_misses_the_reminder_and_the_next_date_plans_it_again(time):
    event = an_event()
    armed(event)
    registration = make.registered(event)
    time.move_to(event.starts_at - 5 * DAY)
    move(event, -5 * DAY + 3 * HOUR)
    tell(time)
    assert planned(registration) == [("missed", "12-06 17:00", 0), ("planned", "12-07 16:00", 0)]
    move(event, 5 * DAY - 3 * HOUR)
    tell(time)
    assert planned(registration) == [("planned", "12-11 14:00", 0), ("planned", "12-12 13:00", 0)]


def test_a_new_zone_moves_wall_clock_reminders_alone(time):
    event = an_event()
    rule = ReminderRule(translation_key=event.translation_key, day_offset=-1, clock_time=clock_time(9))
    save_rule(rule=rule)
    arm(rule_id=rule.pk)
    armed(event, 0)
    registration = make.registered(event)
    assert planned(registration) == [("planned", "12-11 08:00", 0), ("planned", "12-11 14:00", 0)]
    page = make.WebinarPage.objects.get()
    page.timezone = "America/New_York"
    page.save()
    project_event(page=page)
    tell(time)
    assert planned(registration) == [("planned", "12-11 14:00", 0), ("planned", "12-11 14:00", 0)]


def test_cancelling_drops_what_is_planned_and_withdraws_what_waits(time):
    event = an_event()
    armed(event)
    registration = make.registered(event)
    time.move_to(event.starts_at - DAY)
    remind()
    cancel(registration_id=registration.pk)
    assert planned(registration) == [("asked", "12-11 14:00", 0), ("dropped", "12-12 13:00", 0)]
    assert messages() == [("ana.silva@example.org", "cancelled")]


def test_who_is_promoted_gets_the_reminders_of_those_with_a_seat(time):
    event = an_event(capacity=1)
    (rule, *_others) = rules(event)
    waiting = ReminderRule(translation_key=event.translation_key, offset_minutes=-120, audience="waiting")
    save_rule(rule=waiting)
    arm(rule_id=waiting.pk)
    armed(event)
    first, second, third = (make.registered(event, name) for name in "ABC")
    assert planned(second) == [("planned", "12-12 12:00", 0)]
    cancel(registration_id=first.pk)
    assert planned(second) == [
        ("planned", "12-11 14:00", 0),
        ("dropped", "12-12 12:00", 0),
        ("planned", "12-12 13:00", 0),
    ]
    time.move_to(event.starts_at - 3 * HOUR)
    cancel(registration_id=second.pk)
    third.refresh_from_db()
    assert (third.state, planned(third)) == (
        "confirmed",
        [("dropped", "12-12 12:00", 0), ("planned", "12-12 13:00", 0)],
    )


def test_staff_who_promote_plan_too():
    event = an_event(capacity=0)
    armed(event)
    registration = make.registered(event)
    Event.objects.update(capacity=1)
    assert planned(registration) == []
    promote(registration_id=registration.pk, by=accounts.PersonFactory(), reason="x")
    assert len(planned(registration)) == 2


def test_the_sweep_plans_what_nobody_planned():
    event = an_event()
    armed(event, 0)
    registration = make.registered(event)
    Reminder.objects.all().delete()
    assert (sweep_events().planned, planned(registration)) == (1, [("planned", "12-11 14:00", 0)])
    assert sweep_events().planned == 0


def test_the_sweep_goes_on_past_an_event_whose_reminders_cannot_be_planned(monkeypatch):
    first, second = an_event(), an_event(title="Other")
    people = [make.registered(one) for one in (first, second)]
    for one in (first, second):
        armed(one, 0)
    Reminder.objects.all().delete()

    def plan_unless_first(*, event_id: int) -> int:
        if event_id == first.pk:
            raise ZeroDivisionError
        return plan(event_id=event_id)

    monkeypatch.setattr(planning, "plan", plan_unless_first)
    assert sweep_events().planned == 1
    assert [len(planned(one)) for one in people] == [0, 1]


@pytest.mark.parametrize("number", [3, 120])
def test_planning_costs_the_same_for_three_and_for_many(number, django_assert_num_queries):
    event = an_event()
    for person in range(number):
        Registration.objects.create(
            event=event, name="A", email=f"{person}@example.org", email_key=f"{person}@example.org",
            language="en", timezone="UTC", state="confirmed",
        )  # fmt: skip
    (rule,) = armed(event, 0)
    with django_assert_num_queries(5):
        plan(event_id=event.pk)
    assert Reminder.objects.filter(rule=rule, state="planned").count() == number
