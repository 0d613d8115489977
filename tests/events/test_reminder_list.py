"""What the list of an event's reminders says and offers: counts as sentences, deleting, dates that are to change."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core import clock
from events import reminder_words
from events.models import ReminderRule
from events.services import announce_changes, arm, cancel, disarm, remind, ruling, send_now
from events.services.calling_off import cancel_event
from mail.models import Message
from tests.events.reminding import move
from tests.events.screens import body, url
from tests.factories import events as make
from tests.factories.accounts import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]
WINDOW = timedelta(minutes=2)


def test_deleting_is_offered_where_nobody_was_written_to_and_nowhere_else(manager, event, time):
    make.registered(event)
    sent, armed, spare = ReminderRule.objects.filter(translation_key=event.translation_key).order_by("pk")
    send_now(rule_id=sent.pk)
    time.shift(WINDOW)
    assert remind() == 1
    disarm(rule_id=sent.pk)
    arm(rule_id=armed.pk)
    page = body(manager.get(url("reminders", event.translation_key)))
    offered = {rule: f'href="{url("reminder_delete", rule.pk)}"' in page for rule in (sent, armed, spare)}
    assert offered == {sent: False, armed: False, spare: True}
    for rule, is_offered in offered.items():
        manager.post(url("reminder_delete", rule.pk))
        assert ReminderRule.objects.filter(pk=rule.pk).exists() is not is_offered


def test_while_a_new_date_waits_for_its_undo_window_the_list_says_when_reminders_follow(manager, event, time):
    make.registered(event)
    address = url("reminders", event.translation_key)
    assert "The date has changed" not in body(manager.get(address))
    move(event, timedelta(days=1))
    follows = f"{clock.now() + WINDOW:%H:%M}"
    words = body(manager.get(address)).replace("\u2066", "").replace("\u2069", "")
    assert f"The date has changed; the reminders follow at {follows} UTC." in words
    time.shift(WINDOW)
    announce_changes()
    assert "The date has changed" not in body(manager.get(address))


def test_the_list_of_a_cancelled_event_says_so(manager, event):
    sentence = "This event is cancelled."
    address = url("reminders", event.translation_key)
    assert sentence not in body(manager.get(address))
    cancel_event(event_id=event.pk, by=PersonFactory(), reason="Ill")
    assert body(manager.get(address)).count(sentence) == 1


def test_what_staff_hold_back_is_told_apart_from_what_has_lost_its_reason(manager, event, time):
    rule = ReminderRule.objects.filter(translation_key=event.translation_key).earliest("pk")
    gone, *_kept = (make.registered(event, name) for name in ("Ana", "Bo", "Cy"))
    address, own = url("reminders", event.translation_key), reverse("registrations:inspect", args=[gone.pk])
    arm(rule_id=rule.pk)
    cancel(registration_id=gone.pk)
    assert "<td>Armed</td> <td>2 planned, 1 dropped because its reason had ended</td>" in body(manager.get(address))
    assert "<td>This registration is cancelled.</td>" in body(manager.get(own))
    disarm(rule_id=rule.pk)
    shown = "<td>Not armed</td> <td>1 dropped because its reason had ended, 2 held back</td>"
    assert shown in body(manager.get(address))
    cancel_event(event_id=event.pk, by=PersonFactory(), reason="Ill")
    time.shift(WINDOW)
    announce_changes()
    assert "<td>3 dropped because their reason had ended</td>" in body(manager.get(address))


def test_a_registration_says_that_its_reminder_is_held_back(manager, event):
    rule = ReminderRule.objects.filter(translation_key=event.translation_key).earliest("pk")
    registration = make.registered(event)
    address = reverse("registrations:inspect", args=[registration.pk])
    arm(rule_id=rule.pk)
    assert "<td>planned</td>" in body(manager.get(address))
    disarm(rule_id=rule.pk)
    assert "<td>The reminder is held back.</td>" in body(manager.get(address))


NOTHING_TO_HOLD_BACK = (
    "The time of this reminder has passed and nothing of it waits to leave: there is nothing to hold back."
)


def test_holding_back_is_offered_as_long_as_something_has_still_to_leave_and_refused_after(manager, time):
    event = make.event(starts_at=clock.now() + timedelta(hours=24, minutes=10))
    rule = ReminderRule.objects.filter(translation_key=event.translation_key).earliest("pk")
    make.registered(event)
    address, hold = url("reminders", event.translation_key), url("reminder_disarm", rule.pk)
    offered = f'href="{hold}"'
    arm(rule_id=rule.pk)
    assert offered in body(manager.get(address))
    time.move_to(ReminderRule.objects.get(pk=rule.pk).due_at)
    assert offered in body(manager.get(address))
    assert remind() == 1
    shown = body(manager.get(address))
    # In the outbox it can still be taken back.
    assert ("<td>Over: its time has passed</td>" in shown, offered in shown) == (True, True)
    now = clock.now()
    Message.objects.filter(kind="event-reminder").update(
        state="accepted", attempts=1, started_at=now, first_tried_at=now, finished_at=now
    )
    shown = body(manager.get(address))
    assert ("<td>Over: its time has passed</td>" in shown, offered in shown) == (True, False)
    for answer in (manager.get(hold, follow=True), manager.post(hold, follow=True)):
        assert answer.redirect_chain == [(address, 302)]
        assert body(answer).count(NOTHING_TO_HOLD_BACK) == 1
        assert ReminderRule.objects.get(pk=rule.pk).is_armed


def test_what_waits_in_the_outbox_until_it_makes_no_sense_any_more_is_no_longer_held_back(event, time):
    rule = ReminderRule.objects.filter(translation_key=event.translation_key).earliest("pk")
    make.registered(event)
    arm(rule_id=rule.pk)
    time.move_to(ReminderRule.objects.get(pk=rule.pk).due_at)
    assert remind() == 1
    rule.refresh_from_db()
    assert ruling.which_can_be_held_back([rule]) == {rule.pk}
    time.move_to(event.starts_at)
    assert ruling.which_can_be_held_back([rule]) == set()


def test_only_what_waits_of_a_rule_itself_can_be_held_back(event, time):
    first, second, _third = ReminderRule.objects.filter(translation_key=event.translation_key).order_by("pk")
    make.registered(event)
    arm(rule_id=first.pk)
    arm(rule_id=second.pk)
    time.move_to(ReminderRule.objects.get(pk=first.pk).due_at)
    assert remind() == 1
    rules = list(ReminderRule.objects.filter(pk__in=[first.pk, second.pk]))
    assert ruling.which_can_be_held_back(rules) == {first.pk, second.pk}
    Message.objects.filter(key__contains=f":{first.pk}:").update(
        state="cancelled", reason="withdrawn", finished_at=clock.now()
    )
    assert ruling.which_can_be_held_back(rules) == {second.pk}


@pytest.mark.parametrize("number", [1, 3])
def test_what_can_be_held_back_is_asked_for_in_one_statement(event, time, number, django_assert_num_queries):
    rules = list(ReminderRule.objects.filter(translation_key=event.translation_key).order_by("pk")[:number])
    make.registered(event)
    for rule in rules:
        arm(rule_id=rule.pk)
    time.move_to(event.ends_at + timedelta(hours=2))
    rules = list(ReminderRule.objects.filter(pk__in=[rule.pk for rule in rules]))
    with django_assert_num_queries(1):
        ruling.which_can_be_held_back(rules)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (
            {"planned": 1, "asked": 1, "missed": 1, "dropped": 1},
            (
                "1 planned, 1 handed to the outbox, 1 left out because its time had passed, 1 dropped because its reason"
                " had ended"
            ),
        ),
        (
            {"missed": 3, "dropped": 2},
            "3 left out because their time had passed, 2 dropped because their reason had ended",
        ),
        ({"held-back": 1, "dropped": 2}, "2 dropped because their reason had ended, 1 held back"),
        ({"held-back": 2}, "2 held back"),
        ({}, ""),
    ],
)
def test_how_many_reminders_stand_where_is_said_in_one_and_in_many(numbers, words):
    assert reminder_words.counted(numbers) == words
