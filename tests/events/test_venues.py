"""The venue of an event: typed once, told everywhere, and told anew where it is another."""

import re

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from icalendar import Calendar

from events import venues
from events.models import Event, EventVersion, ReminderRule, WebinarPage
from events.models.webinar_form import WebinarForm
from events.services import (
    announce_changes,
    cancel_event,
    clone_webinar,
    project_event,
    remind,
    restore_event,
    send_now,
)
from tests.events.changing import NOW, WINDOW, all_leave, entry, last, move, told, webinar
from tests.events.screens import typed
from tests.factories import core as trees
from tests.factories import events as make
from tests.factories.accounts import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]

HALL = "Town Hall, Room 3; <Rådhuset> & Café"
ESCAPED = "Town Hall, Room 3; &lt;Rådhuset&gt; &amp; Café"
OTHER = "Library, 2 Main Street"


@pytest.fixture(autouse=True)
def clocks():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def meet_at(page: WebinarPage, venue: str) -> None:
    """Project the page with another venue, as publishing does."""
    page.venue = venue
    project_event(page=page)


def plain(text: str) -> list[str]:
    """Return the lines of a mail without the isolates around what people wrote."""
    return [line.replace("\u2068", "").replace("\u2069", "") for line in text.splitlines()]


def said_of_venue(content) -> list[str]:
    return [line for line in plain(content.text) if line.startswith("Venue")]


def typed_venue(venue: str | None, instance: WebinarPage | None = None) -> WebinarForm:
    """Return the editor's form with this venue typed; None: with no such field at all."""
    data = MultiValueDict()
    for name, value in typed(**({} if venue is None else {"venue": venue})).items():
        data.setlist(name, value if isinstance(value, list) else [value])
    form_class = WebinarPage.get_edit_handler().get_form_class()
    page = instance or WebinarPage(locale=trees.locale("en"))
    return form_class(data, instance=page, parent_page=make.section(), for_user=PersonFactory(admin=True))


def test_publishing_writes_the_venue_into_record_and_version():
    page = make.webinar(venue=HALL)
    assert (Event.objects.get().venue, EventVersion.objects.get().venue) == (HALL, HALL)
    page.venue = OTHER
    make.publish_now(page)
    event = Event.objects.get()
    assert (event.venue, event.revision) == (OTHER, 1)
    versions = EventVersion.objects.order_by("revision")
    assert [(one.revision, one.venue, one.told_at is None) for one in versions] == [(0, HALL, False), (1, OTHER, True)]


def test_another_language_does_not_speak_for_the_venue():
    page = make.webinar(venue=HALL)
    for parent in (make.section().get_parent().specific, make.section()):
        trees.translated(parent, "fr")
    french = trees.translated(page, "fr", starts_at=page.starts_at, ends_at=page.ends_at, venue=OTHER)
    make.publish_now(french)
    assert (Event.objects.get().venue, Event.objects.get().revision) == (HALL, 0)


def test_a_page_in_another_language_shows_the_venue_and_leaves_it_alone():
    page = make.webinar(venue=HALL)
    for parent in (make.section().get_parent().specific, make.section()):
        trees.translated(parent, "fr")
    french = trees.translated(page, "fr", starts_at=page.starts_at, ends_at=page.ends_at)
    form = typed_venue(OTHER, french)
    assert (form.fields["venue"].disabled, form["venue"].initial) == (True, HALL)
    assert "Dates, venue, seats, format, languages and meeting link are set on" in form.fields["starts_at"].help_text


def test_the_venue_stands_on_the_tab_of_the_schedule():
    tabs = {
        str(tab.heading): [panel.field_name for panel in tab.children if hasattr(panel, "field_name")]
        for tab in WebinarPage.edit_handler.children
    }
    assert tabs["When and where"] == ["timezone", "venue", "join_link"]
    (field,) = [one for one in WebinarPage.override_translatable_fields if one.field_name == "venue"]
    assert (type(field).__name__, field.overridable) == ("SynchronizedField", False)


@pytest.mark.parametrize(
    "venue",
    ["Hall\nSUMMARY:x", "Hall\r\nX:y", "Hall\tB", "Hall\u2028B", "Hall\u0085B", "Hall\u202eB", "Hall\u2066B", "Hall\x1bB"],
    ids=repr,
)  # fmt: skip
def test_what_ends_a_line_or_turns_its_direction_is_refused(venue):
    form = typed_venue(venue)
    assert form.errors.get("venue") == ["Write the venue on one line, without characters that cannot be seen."]
    with pytest.raises(ValidationError):
        venues.validate_venue(venue)


def test_a_venue_has_two_hundred_characters_and_no_more():
    sentence = "Ensure this value has at most 200 characters (it has 201)."
    assert (typed_venue("x" * 200).errors, typed_venue("x" * 201).errors) == ({}, {"venue": [sentence]})


@pytest.mark.parametrize(
    ("given", "kept"),
    [("  Town   Hall ", "Town Hall"), ("Cafe\u0301", "Café"), ("\u200f\u200e", ""), ("قاعة\u200fالمدينة", "قاعة\u200fالمدينة"), ("", "")],
    ids=repr,
)  # fmt: skip
def test_a_venue_is_kept_as_one_composed_line(given, kept):
    form = typed_venue(given)
    assert (form.errors, form.instance.venue) == ({}, kept)


def test_a_form_that_an_earlier_release_showed_takes_no_venue_away():
    page = make.live_webinar(venue=HALL)
    form = typed_venue(None, page)
    assert (form.errors, form.instance.venue) == ({}, HALL)
    emptied = typed_venue("", page)
    assert (emptied.errors, emptied.instance.venue) == ({}, "")


def test_a_clone_is_another_day_and_has_no_venue():
    clone = clone_webinar(page=make.live_webinar(venue=HALL), title="Next", by=PersonFactory())
    assert (clone.venue, clone.capacity, clone.starts_at) == ("", None, None)


@pytest.mark.parametrize(
    ("before", "now", "subject", "first"),
    [
        ("", HALL, "New venue: Budget", "The event has a new venue. You keep your seat."),
        (HALL, OTHER, "New venue: Budget", "The event has a new venue. You keep your seat."),
        (HALL, "", "Online only now: Budget", "The event now takes place online only. You keep your seat."),
    ],
)
def test_a_new_venue_is_told_with_what_it_was_and_is(clocks, before, now, subject, first):
    page = webinar(venue=before)
    make.registered(Event.objects.get(), "Ana")
    _method, old = entry(last("confirmation"))
    meet_at(page, now)
    clocks.shift(WINDOW)
    assert (announce_changes(), announce_changes(), told()) == (1, 0, [("moved", "ana")])
    content = last("moved")
    assert content.subject == subject
    assert any(line.startswith(first) for line in plain(content.text))
    words = before or "Online", now or "Online"
    standing = [f"Venue: {now}"] if now else []
    assert said_of_venue(content) == [f"Venue before: {words[0]}", f"Venue now: {words[1]}", *standing]
    assert [line for line in plain(content.text) if line.startswith(("Before:", "Now:"))] == []
    assert ("If you cannot come, cancel there" in content.text, "at that time" in content.text) == (True, False)
    method, new = entry(content)
    assert (method, new["uid"] == old["uid"], old["sequence"], new["sequence"]) == ("REQUEST", True, 0, 1)
    assert (new["dtstart"].dt, new["dtend"].dt) == (old["dtstart"].dt, old["dtend"].dt)


def test_a_new_date_and_venue_are_one_mail_that_names_both(clocks):
    page = webinar(venue=HALL)
    make.registered(Event.objects.get(), "Ana")
    page.venue = OTHER
    move(page, days=1)
    clocks.shift(WINDOW)
    assert (announce_changes(), told()) == (1, [("moved", "ana")])
    content = last("moved")
    assert content.subject == "New date or time: Budget"
    assert any(
        line.startswith("The event has a new date or time. The event has a new venue. You keep your seat.")
        for line in plain(content.text)
    )
    said = [line.partition(",")[0] for line in plain(content.text) if re.match(r"(Before|Now|Venue)\b", line)]
    assert said == [
        "Before: Saturday",
        "Now: Sunday",
        "Venue before: Town Hall",
        "Venue now: Library",
        "Venue: Library",
    ]
    assert "If you cannot come at that time, cancel there" in content.text


def test_who_waits_is_told_of_the_venue_and_gets_no_file(clocks):
    page = webinar(capacity=0)
    make.registered(Event.objects.get(), "Ana")
    meet_at(page, HALL)
    clocks.shift(WINDOW)
    announce_changes()
    content = last("moved")
    assert ("You keep your place on the waiting list." in content.text, content.attachments) == (True, ())
    assert said_of_venue(content)[:2] == ["Venue before: Online", f"Venue now: {HALL}"]


def test_a_venue_that_is_put_back_in_time_is_told_to_nobody(clocks):
    page = webinar(venue=HALL)
    make.registered(Event.objects.get(), "Ana")
    meet_at(page, OTHER)
    clocks.shift(WINDOW - 1)
    assert said_of_venue(last("confirmation")) == [f"Venue: {HALL}"]
    meet_at(page, HALL)
    clocks.shift(WINDOW)
    assert (announce_changes(), told(), EventVersion.objects.untold().count()) == (0, [], 0)


@pytest.mark.parametrize(("language", "online"), [("fr", "En ligne"), ("ar", "عبر الإنترنت")])
def test_the_mail_speaks_the_persons_language_around_the_venue(clocks, language, online):
    page = webinar(venue=HALL)
    make.registered(Event.objects.get(), "Ana", language=language)
    meet_at(page, "")
    clocks.shift(WINDOW)
    announce_changes()
    content = last("moved")
    assert (f"\u2068{HALL}\u2069" in content.text, f"\u2068{online}\u2069" in content.text) == (True, True)
    assert (f"<bdi>{ESCAPED}</bdi>" in content.html, f"<bdi>{online}</bdi>" in content.html) == (True, True)
    assert (HALL in content.html, f'lang="{language}"' in content.html) == (False, True)


def test_a_call_off_names_the_venue_that_people_know(clocks):
    page, staff = webinar(venue=HALL), PersonFactory()
    make.registered(Event.objects.get(), "Ana")
    all_leave()
    meet_at(page, OTHER)
    cancel_event(event_id=Event.objects.get().pk, by=staff, reason="x")
    clocks.shift(WINDOW)
    announce_changes()
    content = last("called-off")
    assert said_of_venue(content) == [f"Venue: {HALL}"]
    method, found = entry(content)
    assert (method, str(found["location"])) == ("CANCEL", HALL)
    all_leave()
    restore_event(event_id=Event.objects.get().pk, by=staff, reason="x")
    clocks.shift(WINDOW)
    announce_changes()
    assert said_of_venue(last("restored")) == [f"Venue before: {HALL}", f"Venue now: {OTHER}", f"Venue: {OTHER}"]


def test_a_new_venue_moves_no_reminder_that_staff_send_now(clocks):
    page = webinar()
    registration = make.registered(Event.objects.get(), "Ana")
    rule = send_now(rule_id=ReminderRule.objects.order_by("pk")[0].pk)
    clocks.shift(10)
    meet_at(page, HALL)
    clocks.shift(WINDOW)
    assert (announce_changes(), registration.reminders.get().due_at) == (1, rule.due_at)
    assert (remind(), said_of_venue(last("reminder"))) == (1, [f"Venue: {HALL}"])


def test_the_invitation_names_the_venue_and_keeps_the_join_address_in_its_text():
    event = webinar_event(venue=HALL)
    registration = make.registered(event, "Ana")
    content = last("confirmation")
    (file,) = content.attachments
    _method, found = entry(content)
    join = f"/join/{registration.join_token}/"
    assert (str(found["location"]), str(found["url"]).endswith(join)) == (HALL, True)
    assert (join in str(found["description"]), file.content.count(b"\r\nLOCATION")) == (True, 1)
    assert said_of_venue(content) == [f"Venue: {HALL}"]
    assert f"<bdi>{ESCAPED}</bdi>" in content.html


def test_an_event_without_a_venue_is_told_as_before():
    registration = make.registered(webinar_event(), "Ana")
    content = last("confirmation")
    _method, found = entry(content)
    assert str(found["location"]).endswith(f"/join/{registration.join_token}/")
    assert (said_of_venue(content), "Venue" in content.html) == ([], False)


def test_a_long_venue_is_folded_and_escaped_as_rfc_5545_wants():
    venue = ("قاعة البلدية; a,b\\c " * 20)[:200].strip()
    make.registered(webinar_event(venue=venue), "Ana")
    (file,) = last("confirmation").attachments
    lines = file.content.split(b"\r\n")
    assert (max(len(line) for line in lines) <= 75, b"\n" in b"".join(lines)) == (True, False)
    unfolded = file.content.replace(b"\r\n ", b"")
    assert b"\\; a\\,b\\\\c" in unfolded
    (found,) = Calendar.from_ical(file.content).walk("VEVENT")
    assert str(found["location"]) == venue


def webinar_event(**fields) -> Event:
    webinar(**fields)
    return Event.objects.get()


def test_the_public_calendar_names_the_venue_or_that_it_is_online(client):
    for title, venue in (("Hybrid", HALL), ("Far", "")):
        make.live_webinar(title=title, venue=venue)
    entries = Calendar.from_ical(client.get("/en/events/calendar.ics").content).walk("VEVENT")
    assert {str(one["summary"]): str(one["location"]) for one in entries} == {"Hybrid": HALL, "Far": "Online"}


def test_the_page_and_the_list_name_the_venue(client):
    page = make.live_webinar(title="Hybrid", venue=HALL)
    html = client.get(page.get_url()).content.decode()
    assert f"<div><dt>Venue</dt><dd><bdi>{ESCAPED}</bdi></dd></div>" in html
    assert ("Online and in person</p>" in html, HALL in html) == (True, False)
    listed = client.get("/en/events/").content.decode()
    assert f"<span>Online and in person</span> <span><bdi>{ESCAPED}</bdi></span>" in listed


def test_a_page_that_is_online_only_says_so_and_names_no_venue(client):
    page = make.live_webinar(title="Far")
    html = client.get(page.get_url()).content.decode()
    assert ("Online</p>" in html, "Venue" in html, "in person" in html) == (True, False, False)
    assert "<span>Online</span>" in client.get("/en/events/").content.decode()


def test_the_pages_around_a_registration_name_the_venue_that_is_published(client):
    page = webinar(venue=OTHER)
    registration = make.registered(Event.objects.get(), "Ana")
    meet_at(page, HALL)
    own, join = (
        client.get(reverse(name, args=[token])).content.decode()
        for name, token in (
            ("event_registration", registration.token),
            ("event_join", registration.join_token),
        )
    )
    assert (f"<p>Venue: <bdi>{ESCAPED}</bdi></p>" in own, f"<p>Venue: <bdi>{ESCAPED}</bdi></p>" in join) == (True, True)
    asked = client.get(reverse("event_register", args=[page.slug])).content.decode()
    assert f"<p>Venue: <bdi>{ESCAPED}</bdi></p>" in asked


def test_a_reminder_names_the_venue():
    make.reminder_due(1)
    Event.objects.update(venue=HALL)
    EventVersion.objects.update(venue=HALL)
    assert remind() == 1
    assert said_of_venue(last("reminder")) == [f"Venue: {HALL}"]
