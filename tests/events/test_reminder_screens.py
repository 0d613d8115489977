"""The screens of reminders: dry run first, then yes, then back if need be."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from accounts import roles
from core import clock
from events import errors, reminder_words
from events.admin import rule_dry_runs
from events.admin.reminders import in_zone
from events.audiences import RuleAudience
from events.models import Event, Reminder, ReminderRule
from events.services import announce_changes, arm, cancel, remind, save_rule, send_now
from mail.enums import SuppressionReason
from mail.models import Message
from mail.services import suppress
from tests.events.reminding import move
from tests.events.screens import body, filled, url
from tests.factories import accounts
from tests.factories import core as trees
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]
WINDOW = timedelta(minutes=2)


@pytest.fixture
def rule(event) -> ReminderRule:
    return ReminderRule.objects.filter(translation_key=event.translation_key).order_by("pk")[0]


def test_the_list_says_when_to_whom_and_how_many(manager, event, rule):
    make.registered(event)
    assert manager.post(url("reminder_arm", rule.pk)).status_code == 302
    page = body(manager.get(url("reminders", event.translation_key)))
    for words in (
        f"<h2><bdi>{event.title}</bdi></h2>",
        "1 day before the start",
        "2026-12-11 15:00 Brussels",
        "those with a seat",
        "1 planned",
    ):
        assert words in page
    assert "1 hour after the end" in page
    assert (page.count(">Armed<"), page.count(">Not armed<")) == (1, 2)


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(manager, event, number, django_assert_num_queries):
    spare = ReminderRule.objects.filter(translation_key=event.translation_key).order_by("pk")[number:]
    ReminderRule.objects.filter(pk__in=list(spare.values_list("pk", flat=True))).delete()
    address = url("reminders", event.translation_key)
    manager.get(address)
    with django_assert_num_queries(15):
        assert len(manager.get(address).context["rows"]) == number


def test_a_draft_has_reminders_without_a_date_and_nothing_to_arm(manager):
    page = make.webinar(publish=False)
    address = url("reminders", page.translation_key)
    assert "This event has no reminders." in body(manager.get(address))
    manager.post(address)
    shown = body(manager.get(address))
    assert ("1 day before the start" in shown, ">Arm<" in shown, ">Send now<" in shown) == (True, False, False)
    rule = ReminderRule.objects.filter(translation_key=page.translation_key)[0]
    assert manager.get(url("reminder_arm", rule.pk)).status_code == 404


def test_a_reminder_is_added_changed_and_deleted(manager, event):
    manager.post(url("reminder_add", event.translation_key), filled(text_fr="Bonjour {name}", subject_fr=" Bientôt  "))
    rule = ReminderRule.objects.latest("pk")
    assert (rule.day_offset, f"{rule.clock_time:%H:%M}", rule.offset_minutes, rule.words) == (
        -2, "09:00", None, {"fr": {"subject": "Bientôt", "text": "Bonjour {name}"}},
    )  # fmt: skip
    assert f"{rule.due_at:%m-%d %H:%M}" == "12-10 08:00"
    address = url("reminder_edit", rule.pk)
    assert 'value="09:00"' in body(manager.get(address))
    manager.post(address, filled(amount=90, unit="minutes", side="after", clock_time=""))
    rule.refresh_from_db()
    assert (rule.offset_minutes, rule.day_offset, rule.clock_time, rule.words) == (90, None, None, {})
    manager.post(url("reminder_delete", rule.pk))
    assert not ReminderRule.objects.filter(pk=rule.pk).exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"unit": "hours"}, "A time of day goes with days only."),
        ({"amount": 400}, "Choose a time within a year."),
        ({"text_en": "{0.__class__}"}, "Only {name}, {title} and {when} are filled in, not {0.__class__}."),
        ({"subject_en": "Soon"}, "Write the text too, or leave the subject empty."),
        ({"amount": 1, "clock_time": ""}, "There is a reminder for this time and these people already."),
    ],
)
def test_a_form_refuses_with_a_sentence(manager, event, fields, sentence):
    answer = manager.post(url("reminder_add", event.translation_key), filled(**fields))
    assert sentence in body(answer)
    assert ReminderRule.objects.count() == 3


def test_a_text_with_an_unknown_slot_is_not_called_missing(manager, event):
    answer = manager.post(url("reminder_add", event.translation_key), filled(subject_en="Soon", text_en="{bogus}"))
    shown = body(answer)
    assert ("not {bogus}." in shown, "Write the text too" in shown) == (True, False)


def test_the_dry_run_of_a_reminder_counts_and_shows_a_sample_in_each_language(manager, event, rule):
    make.registered(event, "Ana", language="fr")
    make.registered(event, "Bo", language="fr", timezone="Asia/Kathmandu")
    make.registered(event, "Cy", language="ar")
    suppress(address="bo@example.org", reason=SuppressionReason.ASKED)
    answer = manager.get(url("reminder_arm", rule.pk))
    page = body(answer)
    found = answer.context["rehearsal"]
    assert (found.total, found.stopped, found.by_language, found.by_zone, found.by_state) == (
        3,
        1,
        [("français", 2), ("العربيّة", 1)],
        [("Bogota (UTC−5)", 2), ("Kathmandu (UTC+5:45)", 1)],
        [("Confirmed", 3)],
    )
    assert [(one.language, one.number) for one in found.samples] == [
        ("en", 0), ("fr", 2), ("es", 0), ("pt", 0), ("ar", 1),
    ]  # fmt: skip
    # Others may still register, in any language.
    assert [one["sample"] for one in answer.context["samples"]] == found.samples
    for words in ("3 people would get this.", "would leave at 2026-12-11 14:00 UTC", "1 of these addresses is on"):
        assert words in page
    assert (Message.objects.filter(kind="event-reminder").count(), Reminder.objects.count()) == (0, 0)


def test_a_sample_is_the_mail_itself_and_its_links_open_nothing(manager, client, event, rule):
    registration = make.registered(event)
    answer = manager.get(url("reminder_sample", rule.pk, "ar"))
    html = answer.content.decode()
    assert ('dir="rtl"' in html, "Budget" in html, registration.token in html) == (True, True, False)
    assert "sandbox" in answer["Content-Security-Policy"]
    link = html.split("/registration/")[1].split("/")[0]
    assert client.get(f"/registration/{link}/").status_code == 404
    assert manager.get(url("reminder_sample", rule.pk, "xx")).status_code == 404


def test_a_sample_of_a_moved_event_shows_the_new_date_in_every_language(event, rule):
    move(event, timedelta(days=1))
    audience = RuleAudience(rule, Event.objects.get())
    for language in ("en", "fr", "es", "pt", "ar"):
        with translation.override(language):
            sample = audience.sample(language)
        assert sample.context["when"]["day"] == "13"
        assert b"20261213T150000" in sample.attachments[0].content


def sample_of(client, address: str) -> tuple[str, str]:
    """Return the subject of the first sample of a dry run and the words of its frame."""
    (first, *_others) = client.get(address).context["samples"]
    return first["sample"].content.subject, body(client.get(first["url"]))


def test_a_sample_reads_as_the_reminder_does_when_it_leaves(manager, event):
    afterwards = ReminderRule.objects.filter(translation_key=event.translation_key).order_by("pk")[2]
    make.registered(event)
    subject, words = sample_of(manager, url("reminder_arm", afterwards.pk))
    assert (subject, "This event is over. Thank you" in words) == ("Thank you: Budget", True)
    subject, words = sample_of(manager, url("reminder_now", afterwards.pk))
    assert (subject, "This is a reminder: you have a seat" in words) == ("Reminder: Budget", True)


def test_whoever_waits_reads_the_place_in_the_sample_too(manager, event, rule):
    ReminderRule.objects.filter(pk=rule.pk).update(audience="waiting")
    _subject, words = sample_of(manager, url("reminder_arm", rule.pk))
    assert "This event is near and you are number 1 on the waiting list." in words


def test_an_armed_reminder_is_held_back_with_one_button(manager, event, rule):
    make.registered(event)
    manager.post(url("reminder_arm", rule.pk))
    assert Reminder.objects.get().state == "planned"
    manager.post(url("reminder_disarm", rule.pk))
    rule.refresh_from_db()
    assert (Reminder.objects.get().state, rule.is_armed) == ("dropped", False)


def test_a_reminder_sent_now_leaves_after_the_undo_window(manager, event, rule, time):
    make.registered(event)
    answer = manager.get(url("reminder_now", rule.pk))
    assert "would leave at 2026-11-01 09:02 UTC" in body(answer)
    manager.post(url("reminder_now", rule.pk))
    assert remind() == 0
    time.shift(WINDOW)
    assert remind() == 1


ONCE_MORE = "Who has had this reminder before gets it once more."


def test_sending_now_says_which_moment_a_reminder_gives_up_if_it_is_to_come(manager, event, rule):
    make.registered(event)
    address, given_up = url("reminder_now", rule.pk), "It then no longer leaves at"
    assert f"{given_up} 2026-12-11 14:00 UTC. {ONCE_MORE}" in body(manager.get(address))
    ReminderRule.objects.filter(pk=rule.pk).update(due_at=clock.now())
    shown = body(manager.get(address))
    assert (given_up in shown, ONCE_MORE in shown) == (False, True)


def test_arming_what_was_sent_before_says_that_it_leaves_once_more(manager, event, rule, time):
    make.registered(event)
    address = url("reminder_arm", rule.pk)
    assert ONCE_MORE not in body(manager.get(address))
    manager.post(url("reminder_now", rule.pk))
    time.shift(WINDOW)
    assert remind() == 1
    manager.post(url("reminder_disarm", rule.pk))
    assert f"Who registers before gets it too; who cancels does not. {ONCE_MORE}" in body(manager.get(address))
    manager.post(address)
    time.move_to(rule.due_at)
    assert remind() == 1


def test_arming_what_is_past_is_refused_in_words_and_offered_nowhere(manager, time):
    event = make.event(starts_at=clock.now() + timedelta(hours=25))
    rule = ReminderRule.objects.filter(translation_key=event.translation_key).order_by("pk")[0]
    make.registered(event)
    address, shown = url("reminder_arm", rule.pk), url("reminders", event.translation_key)
    assert address in body(manager.get(shown))
    time.shift(timedelta(hours=1))
    for answer, status in ((manager.get(address), 200), (manager.post(address), 409)):
        page = body(answer)
        assert (answer.status_code, page.count(str(errors.ReminderOver.sentence))) == (status, 1)
        assert ["would get this" in page, "would leave at" in page, "Arm the reminder" in page] == [False] * 3
    page = body(manager.get(shown))
    assert (address in page, page.count("<td>Over: its time has passed</td>"), page.count("<td>Not armed</td>")) == (
        False, 1, 2,
    )  # fmt: skip


def test_sending_now_what_would_be_refused_shows_the_refusal_and_no_button(manager, event, rule):
    make.registered(event)
    Event.objects.update(status="cancelled")
    page = body(manager.get(url("reminder_now", rule.pk)))
    assert (str(errors.ReminderOver.sentence) in page, "Send to all of them" in page) == (True, False)


@pytest.mark.parametrize("audience", ["attended", "absent"])
@pytest.mark.parametrize(
    ("people", "sentence"),
    [
        (1, "Who was there is known at the end; 1 person has a seat now."),
        (3, "Who was there is known at the end; 3 people have a seat now."),
    ],
)
def test_before_the_end_nobody_counts_who_was_there(manager, event, audience, people, sentence):
    of_the_past = ReminderRule(
        translation_key=event.translation_key, anchor="end", offset_minutes=120, audience=audience
    )
    rule = save_rule(rule=of_the_past)
    for number in range(people):
        make.registered(event, f"Guest {number}")
    page = body(manager.get(url("reminder_arm", rule.pk)))
    assert f"<strong>{sentence}</strong> The first message would leave at 2026-12-12 17:30 UTC." in page
    assert ["would get this." in page, "Who would get it" in page, "Arm the reminder" in page] == [False, False, True]


def test_the_list_says_what_was_handed_over_what_was_missed_and_what_is_over(manager, event, time):
    rules = ReminderRule.objects.filter(translation_key=event.translation_key).order_by("pk")
    for name in ("Ana", "Bo"):
        make.registered(event, name)
    for rule in rules[:2]:
        arm(rule_id=rule.pk)
    address = url("reminders", event.translation_key)
    move(event, clock.now() + timedelta(hours=3) - event.starts_at)
    time.shift(WINDOW)
    announce_changes()
    page = body(manager.get(address))
    assert "<td>Over: its time has passed</td> <td>2 left out because their time had passed</td>" in page
    assert "<td>Armed</td> <td>2 planned</td>" in page
    time.shift(timedelta(hours=2))
    assert "<td>Armed</td> <td>2 planned</td>" in body(manager.get(address))
    assert remind() == 2
    cancel(registration_id=event.registrations.get(name="Ana").pk)
    assert "<td>Sent</td> <td>2 handed to the outbox</td>" in body(manager.get(address))


def test_what_is_done_with_a_reminder_stands_in_buttons(manager, event, rule):
    arm(rule_id=rule.pk)
    page = body(manager.get(url("reminders", event.translation_key)))
    button = '<a class="button button-small button-secondary" href="{}">{}</a>'
    held, now = (button.format(url(f"reminder_{name}", rule.pk), words) for name, words in [
        ("disarm", "Hold back"), ("now", "Send now"),
    ])  # fmt: skip
    assert f"<td>{held} {now}</td>" in page


@pytest.mark.parametrize(
    ("has_left", "words"),
    [
        (False, "The reminder is held back."),
        (True, "The reminder is held back from whoever has not got it. What had left before stays sent."),
    ],
)
def test_holding_back_says_whether_something_had_left(manager, event, rule, time, has_left, words):
    make.registered(event)
    send_now(rule_id=rule.pk)
    if has_left:
        time.shift(WINDOW)
        assert remind() == 1
    answer = manager.post(url("reminder_disarm", rule.pk), follow=True)
    assert body(answer).count("The reminder is held back") == 1
    assert words in body(answer)


def test_date_and_time_keep_their_order_and_numbers_their_comma_in_arabic(event, rule):
    make.registered(event)
    arm(rule_id=rule.pk)
    with translation.override("ar"):
        assert in_zone(event, ReminderRule.objects.get(pk=rule.pk)) == "\u20662026-12-11 15:00\u2069 بروكسل"
        words = reminder_words.counted({"planned": 2, "asked": 1})
        assert words.count("\u060c ") == 1
        assert ", " not in words


# Attacks --------------------------------------------------------------------------------------------


def test_a_moderator_cannot_arm_change_or_delete_a_reminder(client, event, rule):
    accounts.sign_in(client, accounts.PersonFactory(groups=[roles.MODERATORS], is_staff=True))
    for name in ("reminder_edit", "reminder_arm", "reminder_now", "reminder_disarm", "reminder_delete"):
        assert client.get(url(name, rule.pk)).status_code == 302
        client.post(url(name, rule.pk), filled())
    assert client.get(url("reminder_sample", rule.pk, "en")).status_code == 302
    before = (rule.offset_minutes, None)
    rule.refresh_from_db()
    assert (rule.offset_minutes, rule.armed_at) == before


def test_a_stranger_and_an_account_without_rights_are_sent_to_sign_in(client, event, rule):
    for person in (None, accounts.PersonFactory()):
        if person:
            accounts.sign_in(client, person)
        for address in (url("reminders", event.translation_key), url("reminder_arm", rule.pk)):
            assert client.get(address).status_code == 302
            assert client.post(address).status_code == 302
    rule.refresh_from_db()
    assert rule.armed_at is None


def test_reading_a_dry_run_changes_nothing(manager, event, rule):
    make.registered(event)
    for name in ("reminder_arm", "reminder_now", "reminder_disarm", "reminder_delete"):
        manager.get(url(name, rule.pk))
    rule.refresh_from_db()
    assert (rule.armed_at, Reminder.objects.count()) == (None, 0)


def test_an_occasion_that_does_not_exist_has_no_reminders(manager):
    address = url("reminders", "00000000-0000-0000-0000-000000000000")
    assert (manager.get(address).status_code, manager.post(address).status_code) == (404, 404)
    assert ReminderRule.objects.count() == 0


def test_the_editor_leads_to_the_reminders_in_every_language(manager, event):
    page = make.WebinarPage.objects.get()
    for parent in (make.section().get_parent().specific, make.section()):
        trees.translated(parent, "fr")
    french = trees.translated(page, "fr", title="Un budget", starts_at=page.starts_at, ends_at=page.ends_at)
    for one in (page, french):
        shown = manager.get(reverse("wagtailadmin_pages:edit", args=[one.pk])).content.decode()
        assert url("reminders", event.translation_key) in shown


@pytest.fixture
def editor(client):
    return accounts.sign_in(client, accounts.PersonFactory(groups=[roles.EDITORS], is_staff=True))


OWN_WORDS = {"en": {"subject": "", "text": "Spam"}}


def test_an_editor_cannot_send_own_words_to_everybody_by_a_reminder(editor, event, rule):
    make.registered(event)
    save_rule(rule=ReminderRule(translation_key=event.translation_key, offset_minutes=-120, words=OWN_WORDS))
    own = ReminderRule.objects.latest("pk")
    page = body(editor.get(url("reminders", event.translation_key)))
    assert [page.count(url(name, one.pk)) for name in ("reminder_arm", "reminder_now") for one in (rule, own)] == [
        1, 0, 0, 0,
    ]  # fmt: skip
    for address in (url("reminder_arm", own.pk), url("reminder_now", own.pk), url("reminder_now", rule.pk)):
        assert (editor.get(address).status_code, editor.post(address).status_code) == (302, 302)
    assert (ReminderRule.objects.exclude(armed_at=None).count(), Reminder.objects.count()) == (0, 0)


def test_an_editor_arms_the_standing_words_and_cannot_change_them_afterwards(editor, event, rule):
    assert editor.post(url("reminder_arm", rule.pk)).status_code == 302
    answer = editor.post(url("reminder_edit", rule.pk), filled(text_en="Spam"))
    assert (answer.status_code, str(errors.ReminderArmed.sentence) in body(answer)) == (409, True)
    rule.refresh_from_db()
    assert (rule.is_armed, rule.words, rule.offset_minutes) == (True, {}, -1440)
    rehearsal = editor.post(url("reminder_edit", rule.pk), filled())["Location"]
    assert editor.post(rehearsal)["Location"] == url("reminders", event.translation_key)
    rule.refresh_from_db()
    assert (rule.is_armed, rule.day_offset) == (True, -2)


def test_words_that_an_editor_adds_while_the_reminder_is_being_armed_do_not_leave(editor, event, rule, monkeypatch):
    def meanwhile(**of):
        ReminderRule.objects.filter(pk=of["rule_id"]).update(words=OWN_WORDS)
        return arm(**of)

    monkeypatch.setattr(rule_dry_runs, "arm", meanwhile)
    assert editor.post(url("reminder_arm", rule.pk)).status_code == 302
    rule.refresh_from_db()
    assert rule.armed_at is None
