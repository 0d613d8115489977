"""A dry run of a reminder that somebody else changes between the look at it and the press of the button."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from events.admin import rule_dry_runs
from events.errors import ReminderChanged
from events.models import Reminder, ReminderRule, WebinarPage
from events.services import arm, save_rule, send_now
from events.services.ruling import mark_as_read
from tests.events.changing import move
from tests.events.screens import body, url
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]
BUTTONS = [("reminder_arm", arm), ("reminder_now", send_now)]
DOORS = [door for door, _act in BUTTONS]
WORDS = {"en": {"subject": "A map", "text": "Bring a map."}}


@pytest.fixture
def rule(event) -> ReminderRule:
    make.registered(event, "Ana")
    return ReminderRule.objects.filter(translation_key=event.translation_key).order_by("pk")[0]


def reworded(rule: ReminderRule) -> None:
    rule.words = WORDS


def for_others(rule: ReminderRule) -> None:
    rule.audience = "waiting"


def at_another_time(rule: ReminderRule) -> None:
    rule.offset_minutes = -120


CHANGES = [reworded, for_others, at_another_time]


def changed(rule: ReminderRule, change: Callable[[ReminderRule], None]) -> None:
    """Change a reminder as somebody else does."""
    theirs = ReminderRule.objects.get(pk=rule.pk)
    change(theirs)
    save_rule(rule=theirs)


def is_planned(rule: ReminderRule) -> tuple[bool, int]:
    """Return whether it is armed, and for how many it is planned."""
    return ReminderRule.objects.get(pk=rule.pk).is_armed, Reminder.objects.filter(rule=rule, state="planned").count()


def shown_mark(client: Client, address: str) -> str:
    """Open a dry run; return the mark that its button carries."""
    answer = client.get(address)
    mark = answer.context["mark"]
    assert body(answer).count(f'<input type="hidden" name="seen" value="{mark}">') == 1
    return mark


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("door", DOORS)
def test_what_was_changed_after_the_dry_run_does_not_leave_before_somebody_looks_again(manager, rule, door, change):
    address = url(door, rule.pk)
    mark = shown_mark(manager, address)
    changed(rule, change)
    answer = manager.post(address, {"seen": mark})
    assert (answer.status_code, body(answer).count(str(ReminderChanged.of_dry_run))) == (409, 1)
    assert is_planned(rule) == (False, 0)
    # What is shown is what stands now: whoever presses again has had it before their eyes.
    subject = answer.context["samples"][0]["sample"].content.subject
    assert (subject, answer.context["rehearsal"].total) == (
        "A map" if change is reworded else "Reminder: Budget",
        0 if change is for_others else 1,
    )
    assert manager.post(address, {"seen": answer.context["mark"]}).status_code == 302
    assert is_planned(rule) == (True, 0 if change is for_others else 1)


@pytest.mark.parametrize("door", DOORS)
def test_the_new_moment_is_shown_to_whoever_read_the_old_one(manager, rule, door):
    address = url(door, rule.pk)
    mark = shown_mark(manager, address)
    changed(rule, at_another_time)
    shown = body(manager.post(address, {"seen": mark}))
    assert ("2026-12-12 12:00 UTC" in shown, "2026-12-11 14:00 UTC" in shown) == (True, False)


@pytest.mark.parametrize(("door", "act"), BUTTONS)
def test_what_is_changed_while_the_button_is_being_pressed_does_not_leave(manager, event, rule, monkeypatch, door, act):
    def meanwhile(**asked):
        changed(rule, reworded)
        return act(**asked)

    address = url(door, rule.pk)
    mark = shown_mark(manager, address)
    monkeypatch.setattr(rule_dry_runs, act.__name__, meanwhile)
    answer = manager.post(address, {"seen": mark})
    assert (answer.status_code, is_planned(rule)) == (409, (False, 0))
    assert (answer.context["samples"][0]["sample"].content.subject, answer.context["mark"]) == (
        "A map",
        mark_as_read(ReminderRule.objects.get(pk=rule.pk), event),
    )


@pytest.mark.parametrize("door", DOORS)
def test_who_registers_after_the_dry_run_changes_nothing_of_it(manager, event, rule, door):
    mark = shown_mark(manager, url(door, rule.pk))
    make.registered(event, "Bo")
    assert manager.post(url(door, rule.pk), {"seen": mark}).status_code == 302
    assert is_planned(rule) == (True, 2)


def test_what_another_armed_otherwise_meanwhile_is_not_said_to_be_armed_as_read(manager, rule):
    address = url("reminder_arm", rule.pk)
    mark = shown_mark(manager, address)
    changed(rule, reworded)
    arm(rule_id=rule.pk)
    answer = manager.post(address, {"seen": mark})
    assert (answer.status_code, str(ReminderChanged.of_dry_run) in unescape(body(answer))) == (409, True)


@pytest.mark.parametrize("act", [arm, send_now])
@pytest.mark.parametrize("change", CHANGES)
def test_the_services_refuse_another_mark_and_do_not_ask_for_one(event, rule, act, change):
    seen = mark_as_read(rule, event)
    changed(rule, change)
    with pytest.raises(ReminderChanged, match="press the button again"):
        act(rule_id=rule.pk, seen=seen)
    assert is_planned(rule) == (False, 0)
    assert act(rule_id=rule.pk).is_armed


@pytest.mark.parametrize("act", [arm, send_now])
def test_a_mark_says_nothing_of_whether_and_when_a_reminder_was_armed(event, rule, act, time):
    seen = mark_as_read(rule, event)
    act(rule_id=rule.pk, seen=seen)
    time.shift(timedelta(seconds=5))
    assert act(rule_id=rule.pk, seen=seen).is_armed


@pytest.mark.parametrize("door", DOORS)
def test_what_was_read_before_the_event_was_moved_does_not_leave(manager, event, rule, door):
    address = url(door, rule.pk)
    mark = shown_mark(manager, address)
    move(WebinarPage.objects.get(), seconds=2 * 86400)
    answer = manager.post(address, {"seen": mark})
    assert (answer.status_code, is_planned(rule)) == (409, (False, 0))
    assert manager.post(address, {"seen": answer.context["mark"]}).status_code == 302


def test_the_dry_run_says_the_moment_at_which_it_then_leaves_though_the_new_date_is_untold(manager, event, rule):
    move(WebinarPage.objects.get(), seconds=2 * 86400)
    shown = manager.get(url("reminder_arm", rule.pk)).context["leaves_at"]
    arm(rule_id=rule.pk)
    rule.refresh_from_db()
    assert shown == rule.due_at
