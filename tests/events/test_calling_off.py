"""Staff call an event off and bring it back; the public sees it at once, and nobody else can do it."""

import csv
import io

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.urls import reverse
from icalendar import Calendar

from core import clock
from core.personal import Subject
from events.errors import EventOver
from events.models import Event, EventVersion, Registration, WebinarPage
from events.services import announce_changes, cancel_event, give_held_seats, join, restore_event, set_join_link
from mail.models import Message
from mail.services.erasing import erase_messages
from tests.events.changing import WINDOW
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]


@pytest.fixture
def admin(client):
    return accounts.sign_in(client, accounts.PersonFactory(admin=True, display_name="Staff"))


@pytest.fixture
def event() -> Event:
    return make.event(title="Budget", capacity=2)


def url(name: str) -> str:
    return reverse(f"events_{name}", args=[WebinarPage.objects.get().pk])


def test_the_screen_says_who_will_be_told_and_when(admin, event):
    for name in ("Ana", "Bo", "Cy"):
        make.registered(event, name)
    page = admin.get(url("call_off")).content.decode()
    assert f"<h2><bdi>{event.title}</bdi></h2>" in page
    assert "In 2 minutes a mail will go to 2 people with a seat and 1 waiting person" in page
    answer = admin.post(url("call_off"), {"reason": "The speaker is ill"})
    event.refresh_from_db()
    assert (answer.status_code, event.is_cancelled, event.revision) == (302, True, 1)
    version = EventVersion.objects.get(revision=1)
    assert (version.reason, version.by.display_name) == ("The speaker is ill", "Staff")
    assert (
        "everybody has the seat or place they had. Nobody who is registered has been told of the cancellation, so "
        "nobody gets a mail." in admin.get(url("restore")).content.decode()
    )
    admin.post(url("restore"), {"reason": "Well again"})
    event.refresh_from_db()
    assert (event.is_cancelled, event.revision, announce_changes()) == (False, 2, 0)


@pytest.mark.parametrize(
    ("seated", "in_line", "words"),
    [
        (18, 0, "18 people with a seat"),
        (0, 2, "2 waiting people"),
        (0, 1, "1 waiting person"),
        (1, 2, "1 person with a seat and 2 waiting people"),
    ],
)
def test_the_screen_names_nobody_where_there_is_nobody(admin, seated, in_line, words):
    event = make.event(title="Budget", capacity=max(seated, 1))
    for number in range(max(seated, 1) + in_line):
        make.registered(event, f"P{number}")
    if not seated:
        # As when a seat has just been given up.
        Registration.objects.filter(event=event, state="confirmed").delete()
    shown = admin.get(url("call_off")).content.decode()
    assert f"In 2 minutes a mail will go to {words}, and the event will leave their calendars." in shown


def test_the_button_in_the_editor_is_the_one_that_fits(admin, event):
    edit = reverse("wagtailadmin_pages:edit", args=[WebinarPage.objects.get().pk])
    before = admin.get(edit).content.decode()
    Event.objects.update(status="cancelled")
    after = admin.get(edit).content.decode()
    assert [(url("call_off") in page, url("restore") in page) for page in (before, after)] == [
        (True, False),
        (False, True),
    ]


def test_staff_must_say_why(admin, event):
    assert admin.post(url("call_off"), {"reason": ""}).status_code == 200
    event.refresh_from_db()
    assert event.is_cancelled is False


def test_an_event_that_is_over_stays_as_it_was(admin, event):
    with time_machine.travel(event.ends_at, tick=False):
        answer = admin.post(url("call_off"), {"reason": "x"})
        with pytest.raises(EventOver):
            cancel_event(event_id=event.pk, by=accounts.PersonFactory(), reason="x")
    event.refresh_from_db()
    assert (answer.status_code, event.is_cancelled) == (409, False)
    assert "can no longer be cancelled" in answer.content.decode()


@pytest.mark.parametrize("name", ["call_off", "restore"])
def test_the_page_of_an_event_that_is_over_promises_nothing_and_leads_back(admin, event, name):
    with time_machine.travel(event.ends_at, tick=False):
        answer = admin.get(url(name), follow=True)
    assert [status for _address, status in answer.redirect_chain] == [302]
    assert "This event is over, so it can no longer be cancelled or restored." in answer.content.decode()


@pytest.mark.parametrize("name", ["call_off", "restore"])
def test_a_visitor_calls_nothing_off(client, event, name):
    assert client.post(url(name), {"reason": "x"}).status_code == 302
    assert EventVersion.objects.count() == 1


@pytest.mark.parametrize("name", ["call_off", "restore"])
def test_a_member_of_staff_who_may_not_publish_calls_nothing_off(client, event, name):
    person = accounts.PersonFactory(is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="access_admin"))
    accounts.sign_in(client, person)
    for method in (client.get, client.post):
        assert b"Cancel this event" not in method(url(name), {"reason": "x"}).content
    event.refresh_from_db()
    assert (event.is_cancelled, EventVersion.objects.count()) == (False, 1)


def test_the_public_sees_it_at_once(client, event):
    by = accounts.PersonFactory()
    page = WebinarPage.objects.get()
    cancel_event(event_id=event.pk, by=by, reason="Secret reason")
    html = client.get(page.get_url()).content.decode()
    assert ("This event is cancelled" in html, "Secret reason" in html, f"{event.slug}/register/" in html) == (
        True, False, False,
    )  # fmt: skip
    assert "event--cancelled" in client.get("/en/events/").content.decode()
    assert client.get(reverse("event_register", args=[event.slug])).status_code == 410
    (entry,) = Calendar.from_ical(client.get("/en/events/calendar.ics").content).walk("VEVENT")
    assert (str(entry["status"]), entry["sequence"]) == ("CANCELLED", 1)
    restore_event(event_id=event.pk, by=by, reason="x")
    (entry,) = Calendar.from_ical(client.get("/en/events/calendar.ics").content).walk("VEVENT")
    assert (str(entry["status"]), entry["sequence"]) == ("CONFIRMED", 2)


def test_unpublishing_is_no_cancelling(event):
    make.registered(event, "Ana")
    WebinarPage.objects.get().unpublish()
    event.refresh_from_db()
    assert (event.is_cancelled, EventVersion.objects.untold().count()) == (False, 0)


def test_restoring_fills_the_seats_that_became_free_once_the_window_has_passed(event, time):
    by = accounts.PersonFactory()
    people = [make.registered(event, name) for name in ("Ana", "Bo", "Cy")]
    cancel_event(event_id=event.pk, by=by, reason="x")
    Event.objects.update(capacity=3)
    restore_event(event_id=event.pk, by=by, reason="x")
    time.shift(WINDOW)
    give_held_seats()
    people[2].refresh_from_db()
    assert (people[2].state, Message.objects.filter(kind="event-promoted").count()) == ("confirmed", 1)


def test_attendance_stands_in_list_filter_and_spreadsheet(admin, event):
    set_join_link(translation_key=event.translation_key, url="https://meet.example/")
    ana, _bo = make.registered(event, "Ana"), make.registered(event, "Bo")
    with time_machine.travel(event.starts_at, tick=False):
        join(registration_id=ana.pk)
    joined = f"{event.starts_at:%Y-%m-%d %H:%M}"
    listing = reverse("registrations:index")
    assert joined in admin.get(listing).content.decode()
    for query, names in (("attended=yes", ["Ana"]), ("attended=no", ["Bo"]), ("", ["Bo", "Ana"])):
        assert [one.name for one in admin.get(f"{listing}?{query}").context["object_list"]] == names
    answer = admin.get(f"{listing}?export=csv&attended=yes")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row[0], row[-1]) for row in rows] == [("Name", "Joined"), ("Ana", joined)]
    assert f"Join page: {joined}" in admin.get(reverse("registrations:inspect", args=[ana.pk])).content.decode()
    assert clock.now() < event.starts_at


def test_a_mail_of_somebody_erased_does_not_keep_the_news_from_the_others(event, settings):
    settings.MAIL_UNDO_SECONDS = 0
    staff = accounts.PersonFactory(admin=True)
    for name in ("Ana", "Bo"):
        make.registered(event, name)
    cancel_event(event_id=event.pk, by=staff, reason="x")
    announce_changes()
    erase_messages(subject=Subject(None, ("ana@example.org",)))
    restore_event(event_id=event.pk, by=staff, reason="x")
    # Bo's has not left and is taken back: nothing that he knows is wrong.
    assert announce_changes() == 1
    found = Message.objects.filter(kind="event-restored")
    assert list(found.values_list("to_address", flat=True)) == ["ana@example.org"]
