"""The rules of reminders: proposed, copied, armed, changed and held back."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from core import clock
from events import errors
from events.models import Reminder, ReminderRule
from events.services import (
    arm,
    clone_webinar,
    copy_rules,
    delete_rule,
    disarm,
    project_event,
    propose_rules,
    remind,
    save_rule,
    send_now,
)
from tests.events.reminding import DAY, HOUR, an_event, armed, messages, move, planned, rules, tell
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]


def test_a_new_event_is_offered_three_reminders_and_none_is_armed():
    event = an_event()
    assert [(rule.anchor, rule.offset_minutes, rule.audience, rule.is_armed) for rule in rules(event)] == [
        ("start", -1440, "confirmed", False),
        ("start", -60, "confirmed", False),
        ("end", 60, "confirmed", False),
    ]
    assert [f"{rule.due_at:%m-%d %H:%M}" for rule in rules(event)] == ["12-11 14:00", "12-12 13:00", "12-12 16:30"]
    assert planned(make.registered(event)) == []
    assert propose_rules(translation_key=event.translation_key) == 0


def test_disarming_holds_everything_back_and_arming_lets_it_go_again(time):
    event = an_event()
    (rule,) = armed(event, 0)
    registration = make.registered(event)
    disarm(rule_id=rule.pk)
    assert planned(registration) == [("dropped", "12-11 14:00", 0)]
    arm(rule_id=rule.pk)
    assert planned(registration) == [("planned", "12-11 14:00", 0)]
    time.move_to(event.starts_at - DAY)
    remind()
    disarm(rule_id=rule.pk)
    assert messages() == [("ana.silva@example.org", "cancelled")]


def test_a_rule_that_is_changed_moves_what_it_planned():
    event = an_event()
    (rule,) = armed(event, 0)
    registration = make.registered(event)
    rule.offset_minutes = -120
    save_rule(rule=rule)
    assert planned(registration) == [("planned", "12-12 12:00", 0)]


def test_a_rule_whose_time_has_passed_cannot_be_armed(time):
    event = an_event()
    time.move_to(event.starts_at - DAY)
    with pytest.raises(errors.ReminderOver):
        arm(rule_id=rules(event)[0].pk)


def test_two_rules_for_the_same_moment_are_refused_by_service_and_database():
    event = an_event()
    again = ReminderRule(translation_key=event.translation_key, offset_minutes=-60)
    with pytest.raises(errors.ReminderTwice):
        save_rule(rule=again)
    with pytest.raises(IntegrityError, match="events_rule_once_per_time"), transaction.atomic():
        again.save()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"offset_minutes": None}, "events_rule_has_one_time"),
        ({"day_offset": 1}, "events_rule_has_one_time"),
        ({"audience": "all"}, "events_rule_audience_known"),
        ({"due_at": None, "expires_at": None, "armed_at": "2026-11-01T09:00:00Z"}, "events_rule_armed_has_moment"),
        ({"offset_minutes": 600_000}, "events_rule_offset_within_a_year"),
    ],
)
def test_the_database_refuses_rules_that_say_nothing_or_too_much(fields, name):
    event = an_event()
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        ReminderRule.objects.filter(pk=rules(event)[0].pk).update(**fields)


def test_a_clone_has_the_rules_but_writes_to_nobody_until_staff_arm_them(time):
    event = an_event()
    armed(event)
    page = make.WebinarPage.objects.get()
    clone = clone_webinar(page=page, title="Budget again", by=accounts.PersonFactory(admin=True))
    copied = list(ReminderRule.objects.filter(translation_key=clone.translation_key).order_by("pk"))
    assert [(rule.offset_minutes, rule.armed_at, rule.due_at) for rule in copied] == [
        (-1440, None, None), (-60, None, None), (60, None, None),
    ]  # fmt: skip
    with pytest.raises(errors.ReminderWithoutDate):
        arm(rule_id=copied[0].pk)
    clone.starts_at, clone.ends_at, clone.live = page.starts_at + 7 * DAY, page.ends_at + 7 * DAY, True
    clone.save()
    second = project_event(page=clone)
    assert [f"{rule.due_at:%m-%d %H:%M}" for rule in rules(second)] == ["12-18 14:00", "12-19 13:00", "12-19 16:30"]
    registration = make.registered(second, "Bo")
    time.move_to(second.starts_at - DAY)
    assert (planned(registration), remind()) == ([], 0)
    armed(second, 1)
    time.move_to(second.starts_at - HOUR)
    assert (remind(), messages()) == (1, [("bo@example.org", "queued")])


def test_copying_to_an_event_with_a_date_reckons_at_once():
    event, other = an_event(), an_event(title="Other")
    ReminderRule.objects.filter(translation_key=other.translation_key).delete()
    assert copy_rules(source=event.translation_key, target=other.translation_key) == 3
    assert all(rule.due_at and not rule.is_armed for rule in rules(other))


def test_sending_now_waits_for_the_undo_window_and_can_be_taken_back(time):
    event = an_event()
    rule = rules(event)[2]
    registration = make.registered(event)
    send_now(rule_id=rule.pk)
    assert (planned(registration), remind()) == ([("planned", "11-01 09:02", 0)], 0)
    disarm(rule_id=rule.pk)
    time.shift(timedelta(minutes=3))
    assert (planned(registration), remind()) == ([("dropped", "11-01 09:02", 0)], 0)
    send_now(rule_id=rule.pk)
    time.shift(timedelta(minutes=3))
    assert (remind(), messages()) == (1, [("ana.silva@example.org", "queued")])


def test_a_rule_that_has_written_to_somebody_stays(time):
    event = an_event()
    (rule,) = armed(event, 0)
    make.registered(event)
    with pytest.raises(errors.ReminderArmed):
        delete_rule(rule_id=rule.pk)
    disarm(rule_id=rule.pk)
    delete_rule(rule_id=rule.pk)
    assert len(rules(event)) == 2


def test_a_rule_whose_reminder_was_planned_anew_after_it_left_stays(time):
    event = an_event()
    (rule,) = armed(event, 0)
    registration = make.registered(event)
    time.move_to(rule.due_at)
    remind()
    move(event, 7 * DAY)
    tell(time)
    assert planned(registration) == [("planned", "12-18 14:00", 1)]
    disarm(rule_id=rule.pk)
    with pytest.raises(errors.ReminderArmed):
        delete_rule(rule_id=rule.pk)
    assert rule in rules(event)


def test_what_is_due_at_once_waits_for_the_undo_window(time):
    event = an_event()
    time.move_to(event.starts_at - HOUR - timedelta(seconds=30))
    registration = make.registered(event)
    armed(event, 1)
    assert planned(registration) == [("planned", "12-12 13:01", 0)]
    assert registration.reminders.get().due_at == clock.now() + timedelta(minutes=2)


def test_saving_a_rule_that_was_read_before_it_was_armed_does_not_disarm_it():
    event = an_event()
    stale = rules(event)[0]
    armed(event, 0)
    registration = make.registered(event)
    stale.words = {"en": {"subject": "", "text": "Hello"}}
    assert save_rule(rule=stale).is_armed
    assert planned(registration) == [("planned", "12-11 14:00", 0)]


def test_other_words_leave_a_reminder_that_is_sent_now_at_its_moment():
    event = an_event()
    registration = make.registered(event)
    rule = send_now(rule_id=rules(event)[0].pk)
    rule.words = {"en": {"subject": "", "text": "Hello"}}
    save_rule(rule=rule)
    assert planned(registration) == [("planned", "11-01 09:02", 0)]


@pytest.mark.parametrize("fields", [{"offset_minutes": -60 * 24 * 41 - 298}, {"audience": "waiting"}])
def test_an_armed_rule_whose_time_or_people_change_waits_for_the_undo_window_anew(time, fields):
    event = an_event(capacity=1)
    make.registered(event)
    make.registered(event, "Bo")
    rule = send_now(rule_id=rules(event)[0].pk)
    time.shift(timedelta(minutes=1, seconds=30))
    for name, value in fields.items():
        setattr(rule, name, value)
    assert save_rule(rule=rule).due_at == clock.now() + timedelta(minutes=2)
    time.shift(timedelta(seconds=40))
    assert remind() == 0
    disarm(rule_id=rule.pk)
    assert set(Reminder.objects.values_list("state", flat=True)) == {"dropped"}


def test_an_armed_rule_that_is_put_into_the_past_writes_to_nobody(time):
    event = an_event()
    registration = make.registered(event)
    (rule,) = armed(event, 0)
    rule.offset_minutes = -60 * 24 * 60
    assert save_rule(rule=rule).due_at < clock.now()
    time.shift(timedelta(minutes=3))
    assert (remind(), [state for state, *_rest in planned(registration)]) == (0, ["missed"])
