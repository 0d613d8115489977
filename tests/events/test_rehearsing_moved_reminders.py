"""What staff see of the reminders that a new date moves, before any leaves: what is foretold is what comes."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from core import clock
from events.models import Event, Registration, Reminder, ReminderRule, WebinarPage
from events.services import announce_changes, arm, cancel, cancel_event, disarm, remind, save_rule, send_now
from mail.admin.message import frame_policy
from mail.models import Message
from mail.services import suppress
from tests.events.changing import WINDOW, move
from tests.events.reminding import DAY, HOUR, armed
from tests.events.screens import body, url
from tests.factories import accounts
from tests.factories import events as make
from tests.factories.mail import deliver_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]

A_DAY_BEFORE, AN_HOUR_BEFORE = "Reminder: 1 day before the start", "Reminder: 1 hour before the start"
ONCE_MORE = "Who has had this reminder before gets it once more."
WHO_ELSE = "Who registers before gets it too; who cancels does not."
WORDS = {"en": {"subject": "", "text": "Bring {name}'s map of {title}: {when}."}}


@pytest.fixture
def publisher(client: Client) -> Client:
    return accounts.sign_in(client, accounts.PersonFactory(admin=True))


@pytest.fixture
def page(event: Event) -> WebinarPage:
    """The page of an event of 12 December, 15:00 in Brussels, with two who have a seat, in two languages."""
    make.registered(event, "Ana", language="fr", timezone="Europe/Brussels")
    make.registered(event, "Bo", language="en", timezone="Europe/Brussels")
    return WebinarPage.objects.get()


def rule(number: int) -> ReminderRule:
    return ReminderRule.objects.order_by("pk")[number]


def parts(answer) -> list[tuple[str, int, str]]:
    """Return heading, number and moment of each part that is about a reminder."""
    found = answer.context["reminders"]
    return [(one["heading"], one["rehearsal"].total, f"{one['leaves_at']:%m-%d %H:%M}") for one in found]


def move_to(page: WebinarPage, start: datetime) -> None:
    move(page, seconds=int((start - page.starts_at).total_seconds()))


def told(time) -> None:
    """Let the window pass and people be told of the new date."""
    time.shift(WINDOW)
    announce_changes()


def what_leaves(mail_server, time, at: datetime) -> dict[str, tuple[str, str]]:
    """Let the reminders leave that are due at a moment; return subject and text of each by its address."""
    del mail_server.accepted[:]
    time.move_to(at)
    remind()
    deliver_all("bulk")
    came = {one.recipients[0]: one.message for one in mail_server.accepted}
    assert len(came) == len(mail_server.accepted)
    return {to: (one["Subject"], one.get_body(("plain",)).get_content()) for to, one in came.items()}


def said(text: str) -> list[str]:
    """Return what a mail says but for what only one person reads: links and the name."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    shared = [line for line in lines if line and "http" not in line]
    for name in ("\u2068Sample\u2069", "\u2068Ana\u2069", "\u2068Bo\u2069"):
        shared = [line.replace(name, "NAME") for line in shared]
    return shared


def test_what_is_foretold_of_a_moved_reminder_is_what_leaves(publisher, page, time, mail_server):
    one = rule(0)
    one.words = WORDS
    save_rule(rule=one)
    arm(rule_id=one.pk)
    make.registered(Event.objects.get(), "Cy", language="ar")
    cancel(registration_id=Registration.objects.get(name="Cy").pk)
    move(page, days=7)
    answer = publisher.get(url("news", page.pk))
    assert parts(answer) == [(A_DAY_BEFORE, 2, "12-18 14:00")]
    (part,) = answer.context["reminders"]
    found = part["rehearsal"]
    assert (sorted(found.by_language), found.by_zone, found.by_state) == (
        [("English", 1), ("français", 1)],
        [("Brussels (UTC+1)", 2)],
        [("Confirmed", 2)],
    )
    shown = body(answer)
    assert [words in shown for words in (A_DAY_BEFORE, WHO_ELSE, "2026-12-18 14:00 UTC", ONCE_MORE)] == [
        True, True, True, False,
    ]  # fmt: skip
    foretold = {one["sample"].language: one["sample"].content for one in part["samples"]}
    assert sorted(foretold) == ["en", "fr"]
    told(time)
    came = what_leaves(mail_server, time, part["leaves_at"])
    assert {to: subject for to, (subject, _text) in came.items()} == {
        "ana@example.org": "Rappel : Budget",
        "bo@example.org": "Reminder: Budget",
    }
    for to, language in (("ana@example.org", "fr"), ("bo@example.org", "en")):
        subject, text = came[to]
        # A header keeps no space that does not break.
        expected = " ".join(foretold[language].subject.split())
        assert (subject, said(text)) == (expected, said(foretold[language].text))
    (own,) = [line for line in said(came["bo@example.org"][1]) if "NAME" in line]
    assert ("Bring NAME's map of" in own, "19 December 2026" in own) == (True, True)


def test_the_frame_of_a_sample_shows_the_new_date(publisher, page):
    armed(Event.objects.get(), 0)
    move(page, days=7)
    (part,) = publisher.get(url("news", page.pk)).context["reminders"]
    assert part["samples"][0]["url"] == url("news_sample", page.pk, f"reminder-{rule(0).pk}", "en")
    answer = publisher.get(part["samples"][0]["url"])
    assert (answer.status_code, answer["Content-Security-Policy"]) == (200, frame_policy())
    assert ("19 December 2026" in body(answer), "12 December 2026" in body(answer)) == (True, False)


def test_what_has_left_before_is_said_to_leave_once_more_and_does(publisher, page, time, mail_server):
    armed(Event.objects.get(), 0)
    assert len(what_leaves(mail_server, time, Event.objects.get().starts_at - DAY)) == 2
    accounts.sign_in(publisher, accounts.PersonFactory(admin=True))
    make.registered(Event.objects.get(), "Cy")
    move(page, days=7)
    answer = publisher.get(url("news", page.pk))
    assert (parts(answer), body(answer).count(f"{WHO_ELSE} {ONCE_MORE}")) == ([(A_DAY_BEFORE, 3, "12-18 14:00")], 1)
    told(time)
    assert sorted(what_leaves(mail_server, time, answer.context["reminders"][0]["leaves_at"])) == [
        "ana@example.org",
        "bo@example.org",
        "cy@example.org",
    ]


def test_what_falls_due_within_the_window_is_said_to_leave_at_its_end_and_not_to_newcomers(
    publisher, page, time, mail_server
):
    armed(Event.objects.get(), 0)
    move_to(page, clock.now() + DAY + timedelta(seconds=60))
    time.shift(60)
    make.registered(Event.objects.get(), "Cy")
    answer = publisher.get(url("news", page.pk))
    assert parts(answer) == [(A_DAY_BEFORE, 2, "11-01 09:02")]
    assert WHO_ELSE not in body(answer)
    time.shift(60)
    announce_changes()
    assert sorted(what_leaves(mail_server, time, clock.now())) == ["ana@example.org", "bo@example.org"]


def passed(name: str, number: str) -> str:
    return f"By the new date the time of the reminder “{name}” has passed, and {number} not get it."


@pytest.mark.parametrize(("people", "number"), [(2, "2 people do"), (1, "1 person does")])
def test_what_does_not_leave_any_more_is_said_with_how_many_would_have_got_it(
    publisher, page, time, mail_server, people, number
):
    armed(Event.objects.get(), 0, 1)
    for one in Registration.objects.order_by("pk")[people:]:
        cancel(registration_id=one.pk)
    move_to(page, clock.now() + 3 * HOUR)
    answer = publisher.get(url("news", page.pk))
    assert (body(answer).count(passed("1 day before the start", number)), parts(answer)) == (
        1,
        [(AN_HOUR_BEFORE, people, "11-01 11:00")],
    )
    assert publisher.get(url("news_sample", page.pk, f"reminder-{rule(0).pk}", "en")).status_code == 404
    told(time)
    states = Reminder.objects.filter(rule=rule(0), registration__state="confirmed").values_list("state", flat=True)
    assert list(states) == ["missed"] * people
    assert len(what_leaves(mail_server, time, answer.context["reminders"][0]["leaves_at"])) == people
    assert Message.objects.filter(kind="event-reminder").count() == people


def test_what_has_left_already_is_not_said_to_be_lost(publisher, page, time):
    armed(Event.objects.get(), 0)
    time.move_to(Event.objects.get().starts_at - DAY)
    assert remind() == 2
    accounts.sign_in(publisher, accounts.PersonFactory(admin=True))
    move(page, hours=-20)
    answer = publisher.get(url("news", page.pk))
    assert (answer.context["left_out"], parts(answer)) == ([], [])
    told(time)
    assert remind() == 0


def test_what_would_come_after_the_event_has_begun_is_said_not_to_leave(publisher, page, time):
    """Due within the window, and at its end the event has begun."""
    (one,) = armed(Event.objects.get(), 1)
    one.offset_minutes = -1
    save_rule(rule=one)
    move_to(page, clock.now() + timedelta(seconds=90))
    answer = publisher.get(url("news", page.pk))
    assert (answer.context["left_out"], parts(answer)) == ([passed("1 minute before the start", "2 people do")], [])
    told(time)
    assert (remind(), list(Reminder.objects.values_list("state", flat=True))) == (0, ["missed"] * 2)


def nothing_moved(page, time) -> None:
    move(page, minutes=0)


def taken_back(page, time) -> None:
    move(page, days=7)
    move(page, days=-7)


def everybody_told(page, time) -> None:
    move(page, days=7)
    told(time)


def held_back(page, time) -> None:
    disarm(rule_id=rule(0).pk)
    move(page, days=7)


def called_off_too(page, time) -> None:
    move(page, days=7)
    cancel_event(event_id=Event.objects.get().pk, by=accounts.PersonFactory(), reason="x")


def armed_under_the_new_date(page, time) -> None:
    disarm(rule_id=rule(0).pk)
    move(page, days=7)
    arm(rule_id=rule(0).pk)


def sent_now_at_the_last_minute(page, time) -> None:
    time.move_to(Event.objects.get().starts_at - HOUR / 2)
    send_now(rule_id=rule(0).pk)
    move(page, hours=1)


@pytest.mark.parametrize(
    "act",
    [
        nothing_moved,
        taken_back,
        everybody_told,
        held_back,
        called_off_too,
        armed_under_the_new_date,
        sent_now_at_the_last_minute,
    ],
)
def test_reminders_that_keep_their_moment_or_do_not_leave_are_not_shown(client, page, time, act):
    armed(Event.objects.get(), 0)
    act(page, time)
    accounts.sign_in(client, accounts.PersonFactory(admin=True))
    planned = list(Reminder.objects.values_list("state", "due_at"))
    answer = client.get(url("news", page.pk))
    assert (parts(answer), answer.context["left_out"], A_DAY_BEFORE in body(answer)) == ([], [], False)
    if act is not called_off_too:
        told(time)
        assert list(Reminder.objects.values_list("state", "due_at")) == planned


def test_a_reminder_for_nobody_is_left_out(publisher, page):
    one = rule(0)
    one.audience = "waiting"
    save_rule(rule=one)
    armed(Event.objects.get(), 0, 1)
    move(page, days=7)
    assert parts(publisher.get(url("news", page.pk))) == [(AN_HOUR_BEFORE, 2, "12-19 13:00")]


def test_reminders_are_shown_where_nobody_is_told_of_the_date_itself(publisher, event, time):
    armed(event, 0)
    page = WebinarPage.objects.get()
    move(page, days=7)
    make.registered(Event.objects.get(), "Ana")
    answer = publisher.get(url("news", page.pk))
    assert (parts(answer), "0 people would get this." in body(answer)) == ([(A_DAY_BEFORE, 1, "12-18 14:00")], False)


@pytest.mark.parametrize("audience", ["attended", "absent"])
def test_before_the_end_nobody_counts_who_will_have_been_there(publisher, page, audience):
    of_the_past = ReminderRule(
        translation_key=page.translation_key, anchor="end", offset_minutes=120, audience=audience
    )
    arm(rule_id=save_rule(rule=of_the_past).pk)
    move(page, days=7)
    answer = publisher.get(url("news", page.pk))
    assert [heading for heading, *_more in parts(answer)] == ["Reminder: 2 hours after the end"]
    part = body(answer).partition("Reminder: 2 hours after the end")[2]
    words = "Who was there is known at the end; 2 people have a seat now."
    assert [one in part for one in (words, "would get this.", "Who would get it", "2026-12-19 17:30 UTC")] == [
        True, False, False, True,
    ]  # fmt: skip
    assert [one["sample"].language for one in answer.context["reminders"][0]["samples"]] == ["en", "fr"]


def test_a_stopped_address_is_counted_as_stopped(publisher, page):
    armed(Event.objects.get(), 0)
    suppress(address="bo@example.org", reason="bounced")
    move(page, days=7)
    (part,) = publisher.get(url("news", page.pk)).context["reminders"]
    assert (part["rehearsal"].total, part["rehearsal"].stopped) == (2, 1)


@pytest.mark.parametrize("number", [1, 3])
def test_the_screen_costs_the_same_for_one_and_for_three(publisher, event, django_assert_num_queries, number):
    for step in range(number):
        make.registered(event, f"Guest {step}")
    armed(event, 0, 1)
    page = WebinarPage.objects.get()
    move_to(page, clock.now() + 3 * HOUR)
    address = url("news", page.pk)
    publisher.get(address)
    with django_assert_num_queries(35):
        answer = publisher.get(address)
    assert (parts(answer), len(answer.context["left_out"])) == ([(AN_HOUR_BEFORE, number, "11-01 11:00")], 1)


# Attacks --------------------------------------------------------------------------------------------


def test_staff_who_may_not_publish_read_no_sample_of_a_reminder(client, page):
    armed(Event.objects.get(), 0)
    move(page, days=7)
    address = url("news_sample", page.pk, f"reminder-{rule(0).pk}", "en")
    person = accounts.PersonFactory(is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="access_admin"))
    for who in (None, person):
        if who:
            accounts.sign_in(client, who)
        answer = client.get(address)
        assert (answer.status_code, "December" in body(answer)) == (302, False)


def test_a_reminder_of_another_event_or_one_that_stays_cannot_be_read_by_its_number(publisher, page):
    own = armed(Event.objects.get(), 0, 1)
    other = make.event(title="Roadmap")
    theirs = arm(rule_id=ReminderRule.objects.filter(translation_key=other.translation_key).latest("pk").pk)
    disarm(rule_id=own[1].pk)
    move(page, days=7)
    wanted = [f"reminder-{pk}" for pk in (own[0].pk, own[1].pk, theirs.pk)] + ["reminder-", "reminder-x"]
    answers = [publisher.get(url("news_sample", page.pk, which, "en")).status_code for which in wanted]
    assert answers == [200, 404, 404, 404, 404]
