"""What a signed-in person sees of their own registrations, and how guest registrations come to them."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.signals import address_verified
from core import clock, personal
from core.personal import Subject
from events.enums import AttendanceSource
from events.models import Registration
from events.services import cancel, claim_registrations
from tests.factories import accounts
from tests.factories import core as trees
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]


def test_registrations_of_a_guest_come_to_their_account_when_the_address_is_verified():
    first, second = make.event(), make.event()
    mine = [make.registered(first, "Ana"), make.registered(second, "Ana", email="ANA@Example.org")]
    other = make.registered(first, "Bo")
    person = accounts.PersonFactory(email="ana@example.org")
    address_verified.send(sender=User, person=person, address="ana@example.org")
    assert list(Registration.objects.of_person(person).order_by("pk")) == mine
    other.refresh_from_db()
    assert other.person is None
    assert [step.what for step in mine[0].changes.all()] == ["confirmed", "claimed"]
    assert claim_registrations(person=person, address="ana@example.org") == 0


def test_claiming_locks_no_more_than_it_changes():
    make.registered(make.bare_event(), "Ana")
    person = accounts.PersonFactory(email="ana@example.org")
    with CaptureQueriesContext(connection) as asked:
        assert claim_registrations(person=person, address="ana@example.org") == 1
    assert [one["sql"].partition(" FOR ")[2] for one in asked if " FOR " in one["sql"]] == [
        'NO KEY UPDATE OF "events_registration"'
    ]


def test_nobody_claims_what_belongs_to_another_account():
    owner = accounts.PersonFactory(email="ana@example.org")
    registration = make.registered(make.event(), "Ana", person=owner)
    thief = accounts.PersonFactory(email="thief@example.org")
    assert claim_registrations(person=thief, address="ana@example.org") == 0
    registration.refresh_from_db()
    assert registration.person == owner


@pytest.mark.parametrize("number", [1, 3])
def test_a_copy_of_what_is_kept_costs_the_same_for_one_and_for_three(number, django_assert_num_queries):
    for _ in range(number):
        registration = make.registered(make.bare_event(), "Ana")
        now = clock.now()
        registration.attendances.create(
            event=registration.event, source=AttendanceSource.values[0], first_seen_at=now, last_seen_at=now
        )
    subject = Subject(None, ("ana@example.org",))
    with django_assert_num_queries(3):
        rows = list(personal.get("registrations").rows(subject))
    shown = [{name: value for name, _label, value, _words in row} for row in rows]
    told = [("Registered with a seat" in one["history"], "UTC: " in one["attendance"]) for one in shown]
    assert told == [(True, True)] * number


def test_the_list_shows_the_next_event_first_in_the_readers_language(client):
    later, sooner = (
        make.live_webinar(title="Later", starts_at=make.in_days(9)),
        make.live_webinar(title="Sooner", capacity=0),
    )
    for parent in (make.section().get_parent().specific, make.section()):
        trees.translated(parent, "fr")
    trees.translated(later, "fr", title="Plus tard", starts_at=later.starts_at, ends_at=later.ends_at)
    person = accounts.PersonFactory(email="ana@example.org")
    for page in (later, sooner):
        event = make.Event.objects.get(translation_key=page.translation_key)
        make.registered(event, "Ana", person=person)
    make.registered(make.event(title="Somebody else's"), "Bo")
    gone = make.registered(make.event(title="Cancelled one"), "Ana", person=person)
    cancel(registration_id=gone.pk)
    shown = [
        (one.display_title, one.display_language, one.place)
        for one in Registration.objects.of_person(person).for_display("fr")
    ]
    assert shown == [("Sooner", "en", 1), ("Plus tard", "", None)]
    html = accounts.sign_in(client, person).get("/en/my/").content.decode()
    assert [word in html for word in ("Sooner", "Later", "Somebody else", "Cancelled one")] == [
        True,
        True,
        False,
        False,
    ]
    assert "Number 1 on the waiting list" in html


def links(html: str) -> list[str]:
    """Return the titles in the list, those that lead somewhere marked."""
    headings = re.findall(r'<h3 class="event__title">(.*?)</h3>', html)
    return [re.sub(r"<[^>]*>", "", one) + (" →" if "<a " in one else "") for one in headings]


def pills(html: str) -> list[str]:
    return re.findall(r'<span class="pill[^"]*">([^<]*)</span>', html)


def test_what_has_ended_comes_last_and_promises_nothing(client):
    person = accounts.PersonFactory(email="ana@example.org")
    ends = {
        "Long ago": timedelta(days=-60, seconds=-1),
        "Lately": timedelta(days=-60, seconds=1),
        "Just over": timedelta(0),
        "Running": timedelta(minutes=1),
        "Next": timedelta(days=1),
        "Later": timedelta(days=2),
        "Waiting": timedelta(days=3),
    }
    for title in ("Later", "Lately", "Next", "Long ago", "Waiting", "Running", "Just over"):
        event = make.bare_event(title, capacity=0 if title == "Waiting" else None)
        make.registered(event, "Ana", person=person)
    waited = make.registered(make.bare_event("Waited in vain", capacity=0), "Ana", person=person)
    accounts.sign_in(client, person)
    with time_machine.travel(clock.now(), tick=False):
        now = clock.now()
        for title, away in {**ends, "Waited in vain": timedelta(days=-1)}.items():
            one = make.Event.objects.filter(title=title)
            one.update(starts_at=now + away - timedelta(minutes=30), ends_at=now + away)
        html = client.get("/en/my/").content.decode()
    assert links(html) == [
        "Running →",
        "Next →",
        "Later →",
        "Waiting →",
        "Just over →",
        "Waited in vain →",
        "Lately →",
        "Long ago",
    ]
    assert pills(html) == [*["You have a seat"] * 3, "Number 1 on the waiting list", *["Past"] * 4]
    assert waited.token in html


def test_whoever_changes_their_address_is_told_where_mails_about_registrations_go(client):
    person = accounts.PersonFactory(email="ana@example.org")
    html = accounts.sign_in(client, person).get(reverse("account_email")).content.decode()
    said = "Mails about events that you have registered for already keep going to the address that you gave then."
    assert ("<bdi>ana@example.org</bdi>" in html, said in html) == (True, True)


def test_a_name_in_another_script_stands_by_itself(client):
    person = accounts.PersonFactory(display_name="آنا <b>")
    html = accounts.sign_in(client, person).get("/en/my/").content.decode()
    assert "Signed in as <bdi>آنا &lt;b&gt;</bdi>" in html


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_one_statement_for_one_and_for_three(django_assert_num_queries, number):
    person = accounts.PersonFactory()
    for _ in range(number):
        make.registered(make.event(), "Ana", person=person)
    with django_assert_num_queries(1):
        shown = [
            (one.display_title, one.display_language, one.place, one.token)
            for one in Registration.objects.of_person(person).for_display("en")
        ]
    assert len(shown) == number
