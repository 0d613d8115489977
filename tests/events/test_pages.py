"""The section page, the event page and the public calendar: what they show, in which language, at what cost."""

import re
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from icalendar import Calendar

from core import clock
from events import calendars, occasion
from events.enums import EventStatus
from events.models import Event
from events.services import cancel, cancel_event, set_join_link
from tests.factories import accounts
from tests.factories import core as trees
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]


def rows(html: str) -> list[str]:
    """Return the titles of the listed events."""
    return re.findall(r'event__title"><a [^>]*>([^<]*)<', html)


def in_french(page, **fields):
    section = make.section()
    if not section.has_translation(trees.locale("fr")):
        trees.translated(section.get_parent().specific, "fr")
        trees.translated(section, "fr")
    return trees.translated(page, "fr", starts_at=page.starts_at, ends_at=page.ends_at, **fields)


def test_each_occasion_is_listed_once_in_the_best_language(client):
    both = make.live_webinar(title="Budget", starts_at=make.in_days(2))
    in_french(both, title="Budget climat")
    make.live_webinar(title="English only", starts_at=make.in_days(3))
    english = client.get("/en/events/").content.decode()
    french = client.get("/fr/events/").content.decode()
    assert rows(english) == ["Budget", "English only"]
    assert rows(french) == ["Budget climat", "English only"]
    assert re.search(r'<a href="/en/events/[^"]*" lang="en" dir="ltr">English only', french)


def test_coming_and_past_stand_apart(client):
    make.live_webinar(title="Later", starts_at=make.in_days(9))
    make.live_webinar(title="Sooner", starts_at=make.in_days(2))
    make.live_webinar(title="Long ago", starts_at=make.in_days(-90))
    make.live_webinar(title="Yesterday", starts_at=make.in_days(-1))
    html = client.get("/en/events/").content.decode()
    assert rows(html) == ["Sooner", "Later", "Yesterday", "Long ago"]
    assert html.index("Coming events") < html.index("Sooner") < html.index("Past events") < html.index("Yesterday")


def test_an_empty_list_says_what_to_do(client):
    make.section()
    assert "No event is planned at the moment" in client.get("/en/events/").content.decode()


def test_the_list_is_narrowed_by_format_and_by_month_in_the_events_zone(client):
    with time_machine.travel("2026-11-01T00:00:00Z", tick=False):
        # Already December in Kathmandu, still November in Bogotá.
        midnight = clock.now().replace(month=11, day=30, hour=20)
        for title, zone in (("East", "Asia/Kathmandu"), ("West", "America/Bogota")):
            make.live_webinar(title=title, timezone=zone, starts_at=midnight)
        make.live_webinar(title="Visit", format=make.term("event-format", "study-visit"), starts_at=midnight)
        assert rows(client.get("/en/events/?month=2026-12").content.decode()) == ["East"]
        assert rows(client.get("/en/events/?month=2026-11").content.decode()) == ["West", "Visit"]
        assert rows(client.get("/en/events/?format=study-visit").content.decode()) == ["Visit"]
        nothing = client.get("/en/events/?format=study-visit&month=2026-12").content.decode()
        assert (rows(nothing), "No coming event matches" in nothing) == ([], True)


@pytest.mark.parametrize("query", ["month=2026-13", "month='; DROP", "format=%00", "page=-1", "page=x", "page=99"])
def test_a_strange_query_shows_the_list(client, query):
    make.live_webinar(title="Sooner", starts_at=make.in_days(2))
    answer = client.get(f"/en/events/?{query}")
    assert (answer.status_code, rows(answer.content.decode())) == (200, ["Sooner"])


def test_private_and_unpublished_events_are_not_listed(client):
    make.live_webinar(title="Private").view_restrictions.create(restriction_type="login")
    make.live_webinar(title="Gone").unpublish()
    make.live_webinar(title="Public")
    assert rows(client.get("/en/events/").content.decode()) == ["Public"]
    feed = Calendar.from_ical(client.get("/en/events/calendar.ics").content)
    assert [str(entry["summary"]) for entry in feed.walk("VEVENT")] == ["Public"]


def statements(client, url, django_assert_num_queries, number):
    client.get(url)
    cache.clear()
    with django_assert_num_queries(number):
        assert client.get(f"{url}?page=1&month=&format=").status_code == 200


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_for_one_event_and_for_three(client, django_assert_num_queries, number):
    for step in range(number):
        in_french(make.live_webinar(starts_at=make.in_days(2 + step)))
        make.live_webinar(starts_at=make.in_days(-2 - step))
    statements(client, "/en/events/", django_assert_num_queries, 16)


@pytest.mark.parametrize("number", [1, 3])
def test_an_event_page_costs_the_same_whatever_its_programme(client, django_assert_num_queries, number):
    agenda = [
        ("item", {"minutes": 10 * step, "title": f"Part {step}", "speakers": "", "note": ""}) for step in range(number)
    ]
    page = make.live_webinar(agenda=agenda)
    statements(client, f"/en/events/{page.slug}/", django_assert_num_queries, 10)


def test_the_event_page_reads_its_dates_from_the_record(client):
    page = make.live_webinar(starts_at=make.in_days(5), agenda=[
        ("item", {"minutes": 20, "title": "The ceiling", "speakers": "Oslo", "note": ""}),
        ("item", {"minutes": 0, "title": "Welcome", "speakers": "", "note": ""}),
    ])  # fmt: skip
    later = page.starts_at + timedelta(days=1, hours=1)
    Event.objects.update(starts_at=later, ends_at=later + timedelta(hours=1))
    html = client.get(f"/en/events/{page.slug}/").content.decode()
    local = Event.objects.get().local_start
    assert f'datetime="{local:%Y-%m-%d}"' in html
    times = re.findall(r'agenda__time"><time datetime="[^"]*">([^<]*)<', html)
    assert times == [
        f"{local:%H:%M} to {local + timedelta(minutes=20):%H:%M}",
        f"{local + timedelta(minutes=20):%H:%M} to {local + timedelta(hours=1):%H:%M}",
    ]
    assert html.index("Welcome") < html.index("The ceiling")


def test_a_page_without_a_record_says_that_registration_opens_later(client):
    page = make.live_webinar()
    Event.objects.all().delete()
    html = client.get(f"/en/events/{page.slug}/").content.decode()
    assert ("Registration opens later" in html, "/register/" in html) == (True, False)


@pytest.mark.parametrize(
    ("change", "action", "words"),
    [
        ({}, "Register", "Seats available"),
        ({"seat_state": "few"}, "Register", "Few seats left"),
        ({"seat_state": "waiting"}, "Join the waiting list", "Waiting list open"),
        ({"seat_state": "full"}, "", "All seats are taken and this event keeps no waiting list."),
        ({"status": EventStatus.CANCELLED}, "", "This event is cancelled"),
        ({"registration_closes_at": -1}, "", "Registration has closed."),
        ({"registration_opens_at": 60}, "", "Registration opens on"),
        ({"starts_at": -30}, "", "Live now: registration is closed"),
    ],
    ids=str,
)
def test_one_action_at_most_and_the_seats_in_words(client, change, action, words):
    page = make.live_webinar(capacity=50, starts_at=make.in_days(3))
    moved = {
        name: clock.now() + timedelta(minutes=value) if isinstance(value, int) else value
        for name, value in change.items()
    }
    Event.objects.update(**moved)
    html = client.get(f"/en/events/{page.slug}/").content.decode()
    panel = html.split('panel--registration"', 1)[1].split("</section>", 1)[0]
    assert re.findall(r'class="button[^"]*" href="[^"]*/register/">([^<]*)<', panel) == ([action] if action else [])
    assert words in panel


def test_a_running_event_is_live_and_not_over(client):
    with time_machine.travel("2026-11-02T12:10:00Z", tick=False) as traveller:
        page = make.live_webinar(starts_at=make.in_days(0), ends_at=make.in_days(0) + timedelta(hours=1))
        running = client.get(f"/en/events/{page.slug}/?unknown=1").content.decode()
        assert "Live now: registration is closed" in running
        assert "Whoever is registered joins by the link in the mail." in running
        assert "This event has ended" not in running
        traveller.shift(3601)
        over = client.get(f"/en/events/{page.slug}/?unknown=2").content.decode()
        assert ("This event has ended" in over, "Live now" in over) == (True, False)


def test_a_past_event_points_to_its_recording(client):
    page = make.live_webinar(starts_at=make.in_days(-5), recording_note="On our channel.")
    html = client.get(f"/en/events/{page.slug}/").content.decode()
    assert ('<h2 id="recording">' in html, "On our channel." in html, "kind-hours" in html) == (True, True, False)


def test_the_seats_on_a_kept_page_change_with_the_last_seat(client, django_capture_on_commit_callbacks):
    page = make.live_webinar(capacity=1, starts_at=make.in_days(3))
    url = f"/en/events/{page.slug}/"
    assert "Few seats left" in client.get(url).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        registration = make.registered(Event.objects.get())
    assert "Waiting list open" in client.get(url).content.decode()
    assert "Waiting list open" in client.get("/en/events/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        cancel(registration_id=registration.pk)
    assert "Few seats left" in client.get(url).content.decode()


@pytest.fixture
def made(monkeypatch):
    """Count how often each part of an event page is made."""
    counts = Counter()

    def counted(name):
        make_it = getattr(occasion, name)

        def count(*args):
            counts[name] += 1
            return make_it(*args)

        monkeypatch.setattr(occasion, name, count)

    for name in ("panel", "facts", "agenda"):
        counted(name)
    return counts


def test_past_the_page_cache_the_parts_are_made_once_and_the_panel_in_each_step_of_the_clock(client, made):
    with time_machine.travel("2026-11-02T09:00:00Z", tick=False) as traveller:
        page = make.live_webinar(starts_at=make.in_days(3), host="City of Oslo")
        closes = clock.now() + timedelta(seconds=clock.STEP_SECONDS)
        Event.objects.update(registration_closes_at=closes)
        url = f"/en/events/{page.slug}/?unknown=1"
        first, second = (client.get(url).content.decode() for _ in range(2))
        assert (first == second, "/register/" in first, "City of Oslo" in first) == (True, True, True)
        assert made == {"panel": 1, "facts": 1, "agenda": 1}
        traveller.shift(clock.STEP_SECONDS)
        assert "Registration has closed." in client.get(url).content.decode()
        assert (made["panel"], made["agenda"]) == (2, 1)


def test_past_the_page_cache_seats_a_new_date_and_calling_off_show_at_once(client, django_capture_on_commit_callbacks):
    with time_machine.travel("2026-11-02T09:00:00Z", tick=False):
        page = make.live_webinar(capacity=1, starts_at=make.in_days(3))
        url = f"/en/events/{page.slug}/?unknown=1"
        assert "Few seats left" in client.get(url).content.decode()
        with django_capture_on_commit_callbacks(execute=True):
            make.registered(Event.objects.get())
        assert "Waiting list open" in client.get(url).content.decode()
        page.starts_at = make.in_days(2)
        with django_capture_on_commit_callbacks(execute=True):
            make.publish_now(page)
        assert 'datetime="2026-11-04"' in client.get(url).content.decode()
        with django_capture_on_commit_callbacks(execute=True):
            cancel_event(event_id=Event.objects.get().pk, by=accounts.PersonFactory(), reason="The speaker is ill.")
        assert "This event is cancelled" in client.get(url).content.decode()


def test_past_the_page_cache_a_warm_event_page_asks_for_nothing_but_itself(client, django_assert_num_queries):
    with time_machine.travel("2026-11-02T09:00:00Z", tick=False):
        url = f"/en/events/{make.live_webinar(starts_at=make.in_days(3)).slug}/?unknown=1"
        client.get(url)
        with django_assert_num_queries(1):
            assert client.get(url).status_code == 200


def test_a_preview_of_a_planned_event_is_made_anew(client, made):
    page = make.live_webinar(starts_at=make.in_days(3), host="City of Oslo")
    client.get(f"/en/events/{page.slug}/")
    page.host = "City of Bergen"
    for _ in range(2):
        assert b"City of Bergen" in page.make_preview_request().content
    assert made == {"panel": 3, "facts": 3, "agenda": 3}


def test_the_calendar_holds_every_public_event_once_and_no_meeting_link(client):
    both = make.live_webinar(title="Budget", starts_at=make.in_days(2))
    in_french(both, title="Budget climat")
    old = make.live_webinar(title="English only", starts_at=make.in_days(-30))
    make.live_webinar(title="Too old", starts_at=make.in_days(-400))
    set_join_link(translation_key=both.translation_key, url="https://meet.example/secret")
    answer = client.get("/fr/events/calendar.ics")
    assert answer["Content-Type"] == "text/calendar; method=PUBLISH; charset=utf-8"
    assert b"meet.example" not in answer.content
    entries = Calendar.from_ical(answer.content).walk("VEVENT")
    assert [(str(entry["summary"]), entry["summary"].params["LANGUAGE"]) for entry in entries] == [
        ("English only", "en"),
        ("Budget climat", "fr"),
    ]
    assert [str(entry["uid"]) for entry in entries] == [
        f"event-{page.translation_key}@{settings.MAIL_MESSAGE_ID_DOMAIN}" for page in (old, both)
    ]


def test_of_too_much_the_calendar_leaves_out_the_oldest(client, monkeypatch):
    monkeypatch.setattr(calendars, "MOST_IN_FEED", 2)
    for title, days in (("Later", 9), ("Past", -3), ("Next", 2)):
        make.live_webinar(title=title, starts_at=make.in_days(days))
    entries = Calendar.from_ical(client.get("/en/events/calendar.ics").content).walk("VEVENT")
    assert [str(entry["summary"]) for entry in entries] == ["Next", "Later"]


@pytest.mark.parametrize("number", [1, 3])
def test_the_calendar_costs_the_same_for_one_event_and_for_three(client, django_assert_num_queries, number):
    for step in range(number):
        make.live_webinar(starts_at=make.in_days(2 + step))
    client.get("/en/events/calendar.ics")
    with django_assert_num_queries(2):
        client.get("/en/events/calendar.ics")
