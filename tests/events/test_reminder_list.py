"""What the list of an event's reminders says and offers: counts as sentences, deleting, dates that are to change."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core import clock
from events import reminder_words
from events.models import ReminderRule
from events.services import announce_changes, arm, cancel, disarm, remind, send_now
from events.services.calling_off import cancel_event
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
