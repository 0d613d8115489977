"""What the demo shows: webinars of every kind round today, courses of three modules, the same on every machine."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from core import clock
from core.services import load_vocabularies
from demo import content
from demo.services.registrations import load_registrations
from demo.services.webinars import load_webinars
from events.models import Event
from home.services import found_site
from tests.devstack import contents

# A Monday in summer, and the last day of a leap year's February.
DAYS = [pytest.param("2026-07-06T09:30:00Z", marks=pytest.mark.long), "2028-02-29T23:30:00Z"]


@pytest.fixture(scope="module", params=DAYS)
def loaded(request: pytest.FixtureRequest, made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    """The demo's webinars and whoever has registered, on some day."""
    with time_machine.travel(request.param, tick=False), made_once():
        load_vocabularies()
        found_site(hostname="testserver")
        events = load_webinars()
        load_registrations({webinar["slug"]: event for webinar, event in zip(WEBINARS, events, strict=True)})
        yield


WEBINARS = content.read("webinars")


@pytest.mark.django_db
@pytest.mark.usefixtures("loaded")
def test_four_webinars_stand_round_today_one_is_full_and_one_is_past():
    found = contents.shown()
    for day, wanted in zip(found["in days"], (-31, 19, 26, 33), strict=True):
        assert wanted - 2 <= day <= wanted + 3
    assert found["webinars"] == 4
    assert found["seats"] == [("open", 0), ("open", 0), ("waiting", 5), ("open", 0)]
    full = Event.objects.get(seat_state="waiting")
    assert (full.capacity, full.registrations.filter(state="confirmed").count()) == (12, 12)
    assert Event.objects.filter(ends_at__lt=clock.now()).count() == 1


def test_each_of_the_two_courses_has_three_modules_in_english_and_french():
    courses = content.read("courses")
    assert [len(course["modules"]) for course in courses] == [3, 3]
    pages = [*courses, *(module for course in courses for module in course["modules"])]
    units = [unit for course in courses for module in course["modules"] for unit in module["units"]]
    assert {code for page in [*pages, *units] for code in ("en", "fr") if code not in page["languages"]} == set()


@pytest.mark.parametrize("webinar", WEBINARS, ids=lambda one: one["slug"])
def test_a_webinar_meets_on_a_working_day_at_its_own_hour_whatever_today_is(webinar):
    when, start = webinar["starts"], datetime(2026, 3, 20, 22, 15, tzinfo=UTC)
    for today in (start + timedelta(days=number) for number in range(14)):
        with time_machine.travel(today, tick=False):
            moment = content.moment(when)
            apart = (moment.date() - today.astimezone(moment.tzinfo).date()).days
        assert (moment.isoweekday() <= 5, f"{moment:%H:%M}") == (True, when["time"])
        # A weekend gives way by two days at most, away from today.
        later = apart - when["days_from_today"]
        assert 0 <= (later if when["days_from_today"] > 0 else -later) <= 2
