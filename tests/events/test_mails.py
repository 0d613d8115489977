"""What the mails of events say, to whom, in which language, and when they no longer make sense."""

import pytest
import time_machine
from icalendar import Calendar

from core import clock
from events.models import Event, Registration
from events.services import announce_changes, cancel, cancel_event, change_preferences
from mail import kinds, rendering
from mail.kinds import NoLongerMakesSense
from mail.models import Message
from tests.factories import core as trees
from tests.factories import events as make
from tests.factories.accounts import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]


def an_event(**fields) -> Event:
    start = clock.now().replace(month=12, day=12, hour=14)
    return make.event(**{"title": "Starting a city climate budget", "starts_at": start, **fields})


def written(kind: str):
    """Return the last mail of a kind as it would leave now."""
    return rendering.render(Message.objects.filter(kind=f"event-{kind}").latest("id"))


def entry(content):
    (file,) = content.attachments
    calendar = Calendar.from_ical(file.content)
    (found,) = calendar.walk("VEVENT")
    return file, calendar, found


def own_link(registration: Registration) -> str:
    return f"/registration/{registration.token}/"


def join_link(registration: Registration) -> str:
    return f"/join/{registration.join_token}/"


def test_a_calendar_that_people_share_holds_no_address_that_can_cancel():
    registration = make.registered(an_event())
    file, _calendar, _found = entry(written("confirmation"))
    assert registration.token.encode() not in file.content.replace(b"\r\n ", b"")


def test_a_confirmation_tells_both_times_and_brings_the_invitation(settings):
    registration = make.registered(an_event())
    content = written("confirmation")
    assert content.subject == "You are registered: Starting a city climate budget"
    for words in (content.text, content.html):
        assert own_link(registration) in words
        assert join_link(registration) in words
        for part in ("Bogota (UTC−5)", "09:00 to 10:30", "Brussels (UTC+1)", "15:00 to 16:30", "Saturday"):
            assert part in words
    file, calendar, found = entry(content)
    assert (file.filename, file.content_type, file.as_alternative) == (
        "invitation.ics", "text/calendar; method=REQUEST; charset=utf-8", True,
    )  # fmt: skip
    assert (calendar["method"], str(found["uid"]).split("@")[0], found["sequence"]) == (
        "REQUEST",
        str(registration.uuid),
        0,
    )
    join = f"{settings.BASE_URL}{join_link(registration)}"
    assert {name: str(found[name]) for name in ("attendee", "url", "location")} == {
        "attendee": "mailto:ana.silva@example.org",
        "url": join,
        "location": join,
    }
    assert str(found["description"]).splitlines()[0] == f"Join here: {join}"
    assert found["dtstart"].params["TZID"] == "Europe/Brussels"
    assert [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/Brussels"]


def test_the_first_line_is_what_a_notification_shows():
    make.registered(an_event())
    assert written("confirmation").text.splitlines()[0].strip("\u2068\u2069") == "Starting a city climate budget"
    assert (
        "Saturday, 12 December 2026, 09:00 to 10:30, Bogota (UTC−5)"
        in written("confirmation").html.split("<body", 1)[1][:400]
    )


def test_another_day_for_the_person_is_named():
    make.registered(an_event(), timezone="Pacific/Auckland")
    text = written("confirmation").text
    assert ("Sunday 13 December 2026" in text, "03:00 to 04:30" in text, "12 December, 15:00 to 16:30" in text) == (
        True, True, True,
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt", "ar"])
def test_a_title_that_is_not_translated_is_marked_with_its_language(language):
    make.registered(an_event(), language=language)
    content = written("confirmation")
    is_foreign = language != "en"
    assert ('<h1 lang="en" dir="ltr"' in content.html) is is_foreign
    assert (f'lang="{language}"' in content.html) is True
    assert entry(content)[2]["summary"].params["LANGUAGE"] == "en"


def test_a_translated_title_is_used():
    event = an_event()
    page = make.WebinarPage.objects.get()
    for parent in (make.section().get_parent().specific, make.section()):
        trees.translated(parent, "fr")
    trees.translated(page, "fr", title="Un budget climat", starts_at=page.starts_at, ends_at=page.ends_at)
    make.registered(event, language="fr")
    content = written("confirmation")
    assert content.subject.endswith("Un budget climat")
    assert entry(content)[2]["summary"].params["LANGUAGE"] == "fr"


def test_an_unpublished_event_keeps_its_last_title():
    event = an_event()
    make.registered(event)
    make.WebinarPage.objects.get().unpublish()
    assert "Starting a city climate budget" in written("confirmation").subject


def test_a_place_on_the_list_is_told_as_it_is_when_the_mail_leaves():
    event = an_event(capacity=1)
    first, second, third = (make.registered(event, name) for name in ("Ana", "Bo", "Cy"))
    assert "You are number 2 on the waiting list." in written("waiting").text
    cancel(registration_id=second.pk)
    content = rendering.render(Message.objects.get(kind="event-waiting", to_address="cy@example.org"))
    assert ("You are number 1 on the waiting list." in content.text, content.attachments) == (True, ())


def test_who_is_promoted_gets_the_invitation():
    event = an_event(capacity=1)
    first = make.registered(event, "Ana")
    make.registered(event, "Bo")
    cancel(registration_id=first.pk)
    content = written("promoted")
    assert content.subject == "You have a seat now: Starting a city climate budget"
    assert str(entry(content)[2]["attendee"]) == "mailto:bo@example.org"


def test_cancelling_takes_the_event_off_the_calendar():
    registration = make.registered(an_event())
    _file, _calendar, asked = entry(written("confirmation"))
    cancel(registration_id=registration.pk)
    file, calendar, taken = entry(written("cancelled"))
    assert (calendar["method"], file.content_type) == ("CANCEL", "text/calendar; method=CANCEL; charset=utf-8")
    assert (taken["uid"], taken["sequence"] > asked["sequence"]) == (asked["uid"], True)


@pytest.mark.parametrize("change", ["called off", "begun"])
def test_who_cancels_what_cannot_be_registered_for_is_not_invited_back(change):
    registration = make.registered(an_event())
    back = ("your seat is free again", "Register again", "If this was a mistake", own_link(registration))
    cancel(registration_id=registration.pk)
    content = written("cancelled")
    assert [word in words for words in (content.text, content.html) for word in back] == [True] * 8
    if change == "called off":
        Event.objects.update(status="cancelled")
        content = written("cancelled")
    else:
        with time_machine.travel(registration.event.starts_at, tick=False):
            content = written("cancelled")
    for words in (content.text, content.html):
        assert "Your registration is cancelled. The attached file takes the event off your calendar." in " ".join(
            words.split()
        )
        assert [word in words for word in back] == [False] * 4


def test_leaving_the_list_touches_no_calendar():
    event = an_event(capacity=0)
    cancel(registration_id=make.registered(event).pk)
    content = written("cancelled")
    assert ("You have left the waiting list." in content.text, content.attachments) == (True, ())


def test_a_known_address_reads_what_it_has():
    event = an_event(capacity=1)
    make.registered(event, "Ana")
    make.registered(event, "Ana")
    seat = written("known")
    assert ("you have a seat" in seat.text, len(seat.attachments)) == (True, 1)
    assert seat.subject.startswith("You are registered already: ")
    make.registered(event, "Bo")
    make.registered(event, "Bo")
    place = written("known")
    assert ("you are number 1 on the waiting list" in place.text, place.attachments) == (True, ())
    assert place.subject.startswith("You are on the waiting list already: ")


@pytest.mark.parametrize("kind", ["confirmation", "waiting"])
def test_what_is_no_longer_true_is_not_sent(kind):
    event = an_event(capacity=1 if kind == "confirmation" else 0)
    registration = make.registered(event)
    cancel(registration_id=registration.pk)
    with pytest.raises(NoLongerMakesSense):
        written(kind)


@pytest.mark.parametrize("change", ["over", "cancelled", "gone"])
def test_nothing_is_sent_about_what_is_over_cancelled_or_gone(change, time):
    event = an_event()
    registration = make.registered(event)
    if change == "gone":
        registration.delete()
    elif change == "cancelled":
        cancel_event(event_id=event.pk, by=PersonFactory(), reason="Nobody speaks")
        time.shift(120)
        announce_changes()
    else:
        time.move_to(event.ends_at)
    with pytest.raises(NoLongerMakesSense):
        written("confirmation")


def test_a_message_makes_no_sense_after_the_event():
    event = an_event()
    make.registered(event)
    assert Message.objects.get().expires_at == event.ends_at


def test_words_of_people_are_text_everywhere():
    make.registered(an_event(title="<b>Budget</b> & more"), "<i>Ana</i>", email="a@example.org")
    content = written("confirmation")
    assert ("<b>Budget</b>" in content.html, "&lt;b&gt;Budget&lt;/b&gt;" in content.html) == (False, True)


def test_the_mail_keeps_the_language_in_which_it_was_asked_for():
    registration = make.registered(an_event(), language="fr")
    change_preferences(registration_id=registration.pk, language="ar", timezone="Asia/Kathmandu")
    content = written("confirmation")
    assert ('lang="fr"' in content.html, "19:45" in content.text) == (True, True)


def test_every_kind_is_known_to_staff():
    assert {name for name in kinds.names() if name.startswith("event-")} == {
        "event-confirmation",
        "event-waiting",
        "event-promoted",
        "event-cancelled",
        "event-known",
        "event-links",
        "event-reminder",
        "event-message",
        "event-moved",
        "event-called-off",
        "event-restored",
    }
