"""Changing an armed reminder: rehearsed first, kept on yes, and not to leave before the undo window has passed."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts import roles
from core import clock
from events.models import Reminder, ReminderRule
from events.services import arm, disarm, remind, save_rule, send_now
from mail.models import Message
from tests.events.reminding import an_event, armed, planned
from tests.events.screens import body, filled, url
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]
WORDS = {"text_en": "Bring {name}'s map.", "subject_en": "A map", "text_ar": "خريطة"}
KEPT = {"en": {"subject": "A map", "text": "Bring {name}'s map."}, "ar": {"subject": "", "text": "خريطة"}}


@pytest.fixture
def rule(event) -> ReminderRule:
    found = ReminderRule.objects.filter(translation_key=event.translation_key).order_by("pk")[0]
    return arm(rule_id=found.pk)


def rehearsed(client: Client, rule: ReminderRule, **fields: object) -> str:
    """Send the form of an armed reminder; return the address of the dry run that it leads to."""
    answer = client.post(url("reminder_edit", rule.pk), filled(**{"amount": 1, "clock_time": "", **fields}))
    assert (answer.status_code, "/changed/" in answer["Location"]) == (302, True)
    return answer["Location"]


def test_new_words_of_an_armed_reminder_are_rehearsed_before_they_are_kept(manager, event, rule):
    make.registered(event, "Ana")
    make.registered(event, "Bo", language="ar", timezone="Asia/Kathmandu")
    make.registered(event, "Cy")
    address = rehearsed(manager, rule, **WORDS)
    assert ReminderRule.objects.get(pk=rule.pk).words == {}
    answer = manager.get(address)
    page, found = body(answer), answer.context["rehearsal"]
    assert (found.total, found.by_language, found.by_zone, found.by_state) == (
        3,
        [("English", 2), ("العربيّة", 1)],
        [("Bogota (UTC−5)", 2), ("Kathmandu (UTC+5:45)", 1)],
        [("Confirmed", 3)],
    )
    assert [one["sample"].language for one in answer.context["samples"]] == ["en", "fr", "es", "pt", "ar"]
    assert [one["sample"].content.subject for one in answer.context["samples"]][:2] == ["A map", "Rappel\u00a0: Budget"]
    for words in (
        "would leave at 2026-12-11 14:00 UTC",
        "Until you save, the reminder stays as it was.",
        "Save the change",
    ):
        assert words in page
    sample = manager.get(answer.context["samples"][0]["url"]).content.decode()
    assert "Bring \u2068Sample\u2069" in sample
    assert manager.post(address)["Location"] == url("reminders", event.translation_key)
    kept = ReminderRule.objects.get(pk=rule.pk)
    assert (kept.words, kept.is_armed, kept.offset_minutes) == (KEPT, True, -1440)


def test_a_new_time_of_an_armed_reminder_is_rehearsed_with_the_moment_it_would_leave_at(manager, event, rule):
    registration = make.registered(event)
    address = rehearsed(manager, rule, amount=3, unit="hours")
    assert "would leave at 2026-12-12 11:00 UTC" in body(manager.get(address))
    assert planned(registration) == [("planned", "12-11 14:00", 0)]
    manager.post(address)
    assert planned(registration) == [("planned", "12-12 11:00", 0)]


def test_who_leaves_the_dry_run_has_changed_nothing(manager, event, rule):
    make.registered(event)
    before = list(ReminderRule.objects.values()), list(Reminder.objects.values())
    address = rehearsed(manager, rule, **WORDS)
    for _ in range(2):
        manager.get(address)
    assert (list(ReminderRule.objects.values()), list(Reminder.objects.values())) == before
    assert Message.objects.filter(kind="event-reminder").count() == 0


def test_what_changes_nothing_and_what_is_not_armed_is_kept_at_once(manager, event, rule):
    lists = url("reminders", event.translation_key)
    same = filled(amount=1, clock_time="")
    assert manager.post(url("reminder_edit", rule.pk), same)["Location"] == lists
    disarm(rule_id=rule.pk)
    assert manager.post(url("reminder_edit", rule.pk), {**same, **WORDS})["Location"] == lists
    assert ReminderRule.objects.get(pk=rule.pk).words == KEPT


def test_a_refusal_on_saving_is_said_where_the_change_was_shown(manager, event, rule):
    address = rehearsed(manager, rule, amount=1, unit="hours")
    answer = manager.post(address)
    assert (answer.status_code, "There is a reminder for this time and these people already." in body(answer)) == (
        409,
        True,
    )
    assert ReminderRule.objects.get(pk=rule.pk).offset_minutes == -1440


def test_words_alone_wait_for_the_undo_window_and_can_be_held_back(time):
    event = an_event()
    registration = make.registered(event)
    (rule,) = armed(event, 0)
    time.move_to(rule.due_at - timedelta(seconds=30))
    rule.words = {"en": {"subject": "", "text": "Wrong"}}
    assert save_rule(rule=rule).due_at == clock.now() + timedelta(minutes=2)
    time.shift(timedelta(seconds=60))
    assert remind() == 0
    disarm(rule_id=rule.pk)
    time.shift(timedelta(minutes=5))
    assert (remind(), registration.reminders.get().state) == (0, "dropped")


def test_the_same_words_open_no_window(time):
    event = an_event()
    make.registered(event)
    (rule,) = armed(event, 0)
    time.move_to(rule.due_at - timedelta(seconds=30))
    due_at = rule.due_at
    assert save_rule(rule=rule).due_at == due_at


def test_the_dry_run_says_that_the_change_waits_for_the_window(manager, event, rule, time):
    make.registered(event)
    send_now(rule_id=rule.pk)
    time.shift(timedelta(seconds=90))
    address = rehearsed(manager, rule, **WORDS)
    assert manager.get(address).context["leaves_at"] == clock.now() + timedelta(minutes=2)


# Attacks --------------------------------------------------------------------------------------------


def test_another_persons_dry_run_cannot_be_opened_or_saved(manager, event, rule):
    address = rehearsed(manager, rule, **WORDS)
    other = accounts.sign_in(Client(), accounts.PersonFactory(groups=[roles.EVENT_MANAGERS], is_staff=True))
    form = url("reminder_edit", rule.pk)
    sample = manager.get(address).context["samples"][0]["url"]
    assert [other.get(address)["Location"], other.post(address)["Location"], other.get(sample)["Location"]] == [
        form
    ] * 3
    assert ReminderRule.objects.get(pk=rule.pk).words == {}


def test_what_was_rehearsed_cannot_be_swapped_for_what_was_typed_since(manager, event, rule):
    first = rehearsed(manager, rule, text_en="Seen")
    second = rehearsed(manager, rule, text_en="Unseen")
    assert manager.post(first)["Location"] == url("reminder_edit", rule.pk)
    assert ReminderRule.objects.get(pk=rule.pk).words == {}
    manager.post(second)
    assert ReminderRule.objects.get(pk=rule.pk).words["en"]["text"] == "Unseen"
    assert manager.post(second)["Location"] == url("reminder_edit", rule.pk)


def test_a_change_of_one_reminder_cannot_be_laid_over_another(manager, event, rule):
    address = rehearsed(manager, rule, **WORDS)
    other = ReminderRule.objects.exclude(pk=rule.pk)[0]
    answer = manager.post(address.replace(f"/rule/{rule.pk}/", f"/rule/{other.pk}/"))
    assert (answer.status_code, ReminderRule.objects.get(pk=other.pk).words) == (302, {})


def test_an_editor_who_may_not_write_to_everybody_cannot_rehearse_words_into_an_armed_reminder(client, event, rule):
    editor = accounts.sign_in(client, accounts.PersonFactory(groups=[roles.EDITORS], is_staff=True))
    answer = editor.post(url("reminder_edit", rule.pk), filled(amount=1, clock_time="", **WORDS))
    assert (answer.status_code, ReminderRule.objects.get(pk=rule.pk).words) == (409, {})


def test_who_comes_back_from_the_dry_run_finds_what_they_typed(manager, event, rule):
    make.registered(event, "Ana")
    back = manager.get(rehearsed(manager, rule, amount=5, unit="hours", **WORDS)).context["back_url"]
    form = manager.get(back).context["form"]
    assert [form[name].value() for name in ("amount", "unit", "text_en", "text_ar")] == [
        "5",
        "hours",
        *list(WORDS.values())[::2],
    ]
    assert ReminderRule.objects.get(pk=rule.pk).words == {}
    # Opened anew, the form shows what is kept; and nobody else is shown what was typed.
    plain = back.partition("?")[0]
    other = accounts.sign_in(Client(), accounts.PersonFactory(groups=[roles.EVENT_MANAGERS], is_staff=True))
    for browser, address in ((manager, plain), (other, back)):
        assert browser.get(address).context["form"]["text_en"].value() in ("", None)


def opened(browser: Client, rule: ReminderRule) -> str:
    return browser.get(url("reminder_edit", rule.pk)).context["form"]["opened"].value()


def test_who_saves_a_reminder_opened_before_somebody_elses_change_reads_of_it_first(manager, event):
    rule = ReminderRule.objects.filter(translation_key=event.translation_key).order_by("pk")[0]
    address, mark = url("reminder_edit", rule.pk), opened(manager, rule)
    assert manager.post(address, filled(text_fr="Le plan.", opened=mark)).status_code == 302
    answer = manager.post(address, filled(text_en="The map.", opened=mark))
    assert (answer.status_code, "Somebody else has changed this since you opened it." in body(answer)) == (409, True)
    rule.refresh_from_db()
    assert list(rule.words) == ["fr"]
    form = answer.context["form"]
    assert form["text_en"].value() == "The map."
    again = manager.post(address, filled(text_en="The map.", opened=form["opened"].value()))
    rule.refresh_from_db()
    assert (again.status_code, list(rule.words)) == (302, ["en"])


def test_what_was_rehearsed_for_an_armed_reminder_does_not_take_back_what_somebody_else_saved(manager, event, rule):
    make.registered(event, "Ana")
    address = rehearsed(manager, rule, text_en="The map.", opened=opened(manager, rule))
    theirs = ReminderRule.objects.get(pk=rule.pk)
    theirs.words = {"fr": {"subject": "", "text": "Le plan."}}
    save_rule(rule=theirs)
    refused = manager.post(address)
    assert (refused.status_code, "Somebody else has changed this" in body(refused)) == (409, True)
    rule.refresh_from_db()
    assert list(rule.words) == ["fr"]
    # Told of it, they go back to what they typed, and mean it.
    form = manager.get(refused.context["back_url"]).context["form"]
    said = {name: form[name].value() or "" for name in form.fields}
    assert manager.post(manager.post(url("reminder_edit", rule.pk), said)["Location"]).status_code == 302
    rule.refresh_from_db()
    assert list(rule.words) == ["en"]
