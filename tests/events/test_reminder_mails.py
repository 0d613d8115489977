"""What reminders say, and when one that has been asked for is not written any more."""

import pytest
from icalendar import Calendar

from events.models import Event, Registration, Reminder, ReminderRule
from events.services import (
    arm,
    cancel,
    cancel_event,
    remind,
    save_rule,
    send_message,
    write_message,
)
from mail import rendering
from mail.kinds import NoLongerMakesSense
from mail.models import Message
from tests.events.reminding import DAY, an_event, armed, tell
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]


def written() -> object:
    return rendering.render(Message.objects.filter(kind="event-reminder").latest("id"))


def reminded(time, number: int = 0, **fields) -> Registration:
    event = an_event()
    (rule,) = armed(event, number)
    registration = make.registered(event, **fields)
    time.move_to(rule.due_at)
    remind()
    return registration


def test_a_reminder_tells_both_times_and_where_to_go(time):
    registration = reminded(time)
    content = written()
    assert content.subject == "Reminder: Budget"
    for words in (content.text, content.html):
        for part in (
            f"/registration/{registration.token}/",
            "This is a reminder: you have a seat at this event.",
            "Bogota (UTC−5)", "09:00 to 10:30", "Brussels (UTC+1)", "15:00 to 16:30",
        ):  # fmt: skip
            assert part in words
    assert [(file.filename, file.as_alternative) for file in content.attachments] == [("event.ics", False)]


def test_the_file_of_a_reminder_leaves_the_entry_of_the_invitation_as_it_is(time):
    reminded(time)
    (invited,) = rendering.render(Message.objects.get(kind="event-confirmation")).attachments
    (file,) = written().attachments
    calendars = [Calendar.from_ical(one.content) for one in (invited, file)]
    assert [str(one["method"]) for one in calendars] == ["REQUEST", "PUBLISH"]
    assert file.content_type == "text/calendar; method=PUBLISH; charset=utf-8"
    entries = [one.walk("VEVENT")[0] for one in calendars]
    told = ("uid", "sequence", "organizer", "dtstart", "dtend", "status", "location", "url")
    invitation, reminder = ({name: entry[name].to_ical() for name in told} for entry in entries)
    assert reminder == invitation
    assert reminder["organizer"].startswith(b"mailto:")


def test_an_hour_before_there_is_no_further_file(time):
    reminded(time, 1)
    assert written().attachments == ()


def test_after_the_event_the_mail_gives_thanks(time):
    reminded(time, 2)
    content = written()
    assert content.subject == "Thank you: Budget"
    assert "This event is over. Thank you for having registered." in content.text
    assert "/registration/" not in content.text


def test_who_waits_reads_the_place_and_gets_no_file(time):
    event = an_event(capacity=1)
    rule = save_rule(rule=ReminderRule(translation_key=event.translation_key, offset_minutes=-1440, audience="waiting"))
    arm(rule_id=rule.pk)
    for name in ("Ana", "Bo", "Cy"):
        make.registered(event, name)
    time.move_to(event.starts_at - DAY)
    assert remind() == 2
    content = written()
    assert "This event is near and you are number 2 on the waiting list." in content.text
    assert ("number 2" in content.html, content.attachments) == (True, ())


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt", "ar"])
def test_a_reminder_is_written_in_the_language_of_the_person(time, language):
    reminded(time, language=language)
    content = written()
    assert f'lang="{language}"' in content.html
    assert ('dir="rtl"' in content.html) is (language == "ar")


def test_words_of_staff_are_text_and_their_slots_are_filled_once(time):
    event = an_event(title="{name} <b>Budget</b>")
    (rule,) = armed(event, 0)
    rule.words = {
        "en": {"subject": "{name}: {title}", "text": "Dear {name},\n\n<i>{title}</i> {0.__class__} %s {when}"}
    }
    save_rule(rule=rule)
    make.registered(event, "{title} Ana", email="a@example.org")
    time.move_to(rule.due_at)
    remind()
    content = written()
    assert content.subject == "{title}: {name} <b>Budget</b>"
    assert "Dear \u2068{title}\u2069,\u2069\n" in content.text
    title, when = "\u2068{name} <b>Budget</b>\u2069", "\u2068Saturday, 12 December 2026, 09:00 to 10:30"
    assert f"\u2068<i>{title}</i> {{0.__class__}} %s {when}" in content.text
    assert "<b>Budget" not in content.html
    assert "&lt;i&gt;\u2068{name} &lt;b&gt;Budget&lt;/b&gt;\u2069&lt;/i&gt; {0.__class__} %s" in content.html


def test_what_is_filled_in_keeps_to_its_own_direction_and_cannot_leave_it(time):
    event = an_event(title="Budget\u2069 \u202eno")
    (rule,) = armed(event, 0)
    rule.words = {"ar": {"subject": "", "text": "مرحبا\u200f \u2067{name}: {title}"}}
    save_rule(rule=rule)
    make.registered(event, "Ana Silva", language="ar")
    time.move_to(rule.due_at)
    remind()
    content = written()
    filled = "مرحبا\u200f \u2068Ana\u2069: \u2068Budget no\u2069"
    assert (f"\u2068{filled}\u2069\n" in content.text, filled in content.html) == (True, True)


def test_without_words_in_a_language_the_standing_ones_are_used(time):
    event = an_event()
    (rule,) = armed(event, 0)
    rule.words = {"fr": {"subject": "", "text": "Bonjour {name}"}}
    save_rule(rule=rule)
    make.registered(event)
    time.move_to(rule.due_at)
    remind()
    assert ("This is a reminder" in written().text, "Bonjour" in written().text) == (True, False)


@pytest.mark.parametrize("change", ["disarmed", "moved", "cancelled", "begun", "called off"])
def test_a_reminder_in_the_hand_of_a_worker_is_not_sent_when_its_sense_has_gone(time, change):
    registration = reminded(time)
    message = Message.objects.filter(kind="event-reminder").get()
    event = registration.event
    if change == "disarmed":
        ReminderRule.objects.update(armed_at=None)
    elif change == "moved":
        Reminder.objects.update(state="planned", revision=1, asked_at=None)
    elif change == "cancelled":
        cancel(registration_id=registration.pk)
    elif change == "begun":
        time.move_to(event.starts_at)
    else:
        cancel_event(event_id=event.pk, by=accounts.PersonFactory(), reason="x")
        tell(time)
    with pytest.raises(NoLongerMakesSense):
        rendering.render(message)


def test_a_mail_that_leaves_while_a_call_off_can_be_undone_says_what_its_reader_was_told(time):
    registration = reminded(time)
    event = Event.objects.get()
    words = {"en": {"subject": "", "text": "Bring a map."}}
    message = write_message(event_id=event.pk, audience="confirmed", words=words)
    send_message(message_id=message.pk)
    cancel_event(event_id=registration.event_id, by=accounts.PersonFactory(), reason="Wrong page")
    assert "This is a reminder" in written().text
    assert "Bring a map." in rendering.render(Message.objects.get(kind="event-message")).text
