"""The pages on which a learner finds and reads the units of a course, with pages made once for all tests of this file."""

import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.test import Client

from core import clock
from learning.course_cards import course_cards
from learning.course_path import course_path
from learning.models import Cohort, CoursePage, Enrolment, UnitPage, UnitProgress
from learning.services import call_off_cohort, read_unit
from learning.views import reading
from tests.factories import accounts, core
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import statements, words

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def one(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[teamwork.Team]:
    """A cohort that has not begun, of a course with pages."""
    with made_once():
        found = teamwork.a_team(with_pages=True)
        teamwork.joined(found)
        yield found


@pytest.fixture
def learner(one: teamwork.Team) -> Enrolment:
    """Return the one who has joined it."""
    return Enrolment.objects.select_related("person").get(cohort=one.cohort)


def test_a_unit_is_completed_opened_again_and_keeps_the_revision_read(one, learner):
    client = teamwork.client_of(learner.person)
    teamwork.begin(one.cohort)
    client.get(one.reading())
    page = one.unit_page()
    client.post(one.reading())
    read = UnitProgress.objects.get(enrolment=learner)
    assert (read.revision_id, read.completed_at is not None) == (page.live_revision_id, True)
    page.title = "Said in other words"
    page.save_revision().publish()
    again = client.get(one.reading())
    assert "The words of this unit have changed since you read it." in words(again)
    read.refresh_from_db()
    assert read.revision_id == page.live_revision_id
    client.post(one.reading(), {"reopen": "yes"})
    read.refresh_from_db()
    assert read.completed_at is None


def test_a_form_made_by_hand_completes_a_unit_that_was_never_opened(one, learner):
    client = teamwork.client_of(learner.person)
    teamwork.begin(one.cohort)
    page = one.unit_page()
    french = make.translated(page, "fr")
    client.post(one.reading(language="fr"))
    read = UnitProgress.objects.get(enrolment=learner)
    assert (read.revision_id, read.language, read.completed_at is not None) == (french.live_revision_id, "fr", True)
    assert read.revision_id != page.live_revision_id
    # What was read before stays what was read, whatever has been published since.
    other = one.unit(1)
    client.get(one.reading(other))
    seen = UnitPage.objects.get(translation_key=other.translation_key)
    before = seen.live_revision_id
    seen.title = "Said in other words"
    seen.save_revision().publish()
    client.post(one.reading(other))
    kept = UnitProgress.objects.get(unit=other)
    assert (kept.revision_id, kept.completed_at is not None) == (before, True)
    assert before != UnitPage.objects.get(pk=seen.pk).live_revision_id


def test_a_unit_without_a_translation_is_read_in_the_courses_language_and_says_so(one, learner):
    client = teamwork.client_of(learner.person)
    teamwork.begin(one.cohort)
    page = client.get(one.reading(language="ar"))
    assert page.status_code == 200
    assert re.search(r'<div class="stack" lang="en" dir="ltr"><h1>Unit 1.1</h1>', page.content.decode())
    assert "الإنجليزية." in words(page)
    assert UnitProgress.objects.get().language == "en"


def test_a_page_that_only_stands_for_a_translation_is_none(one, learner):
    client = teamwork.client_of(learner.person)
    teamwork.begin(one.cohort)
    for unit in make.units_of(one.cohort.course):
        page = UnitPage.objects.get(translation_key=unit.translation_key, locale__language_code="en")
        alias = page.copy_for_translation(core.locale("fr"), copy_parents=True, alias=True)
        assert (alias.live, alias.alias_of_id) == (True, page.pk)
    page = client.get(one.reading(language="fr"))
    assert '<div class="stack" lang="en" dir="ltr"><h1>Unit 1.1</h1>' in page.content.decode()
    assert (UnitProgress.objects.get().language, page.context["is_in_language"]) == ("en", False)
    path = course_path(one.cohort.course, language="fr")
    assert [(stage.language, [stop.language for stop in stage.stops]) for stage in path.stages] == [("en", ["en"] * 2)]
    assert [card.language for card in course_cards(CoursePage.objects.public(), language="fr")] == ["en"]


@pytest.mark.parametrize("number", [1, 3])
def test_reading_and_the_path_cost_the_same_for_one_module_and_unit_and_for_three(number):
    one = teamwork.a_team(course=make.record_of(make.whole_course(modules=number, units=number)))
    _enrolment, client = teamwork.joined(one)
    teamwork.begin(one.cohort)
    assert [statements(client, address) for address in (one.reading(), one.course())] == [15, 11]
    assert words(client.get(one.course())).count(" Unit ") == number * number


def test_units_are_links_once_they_are_open_and_only_then(one, learner):
    browser = teamwork.client_of(learner.person)
    link = f'href="{one.reading()}"'
    assert link not in browser.get(one.course()).content.decode()
    teamwork.begin(one.cohort)
    assert link in browser.get(one.course()).content.decode()
    browser.get(one.reading())
    browser.post(one.reading())
    # Completed in English, it has not changed by being looked at in French.
    french = one.unit_page().copy_for_translation(core.locale("fr"), copy_parents=True)
    UnitPage.objects.filter(pk=french.pk).update(title="Unité", live=True)
    page = browser.get(one.reading(language="fr"))
    assert (page.status_code, "Unité" in words(page), page.context["has_changed"]) == (200, True, False)
    today = clock.now().date()
    Cohort.objects.update(starts_on=today - timedelta(days=30), ends_on=today - timedelta(days=2))
    late = browser.get(one.reading())
    assert ("Open it again" in words(late), "Completed" in words(late)) == (False, True)
    answer = browser.post(one.reading(), {"reopen": "yes"}, follow=True)
    assert "This cohort is over, so nothing in it can be changed any more." in answer.content.decode()


def test_a_course_without_a_page_says_that_it_is_to_come():
    one = teamwork.a_team()
    _enrolment, browser = teamwork.joined(one)
    assert "Its modules will be here soon." in words(browser.get(one.course()))


def test_the_course_page_tells_its_cohorts_the_fitting_ones_first_and_is_kept_without_anybodys_own(one, learner):
    Cohort.objects.update(name="In French only", languages=["fr"])
    make.cohort(course=one.cohort.course, name="In English too", languages=["en", "fr"])
    page = one.course_page()
    own = words(teamwork.client_of(learner.person).get(page.url))
    assert "Go on learning" in own
    anonymous = words(Client().get(page.url))
    assert "Go on learning" not in anonymous
    assert anonymous.index("In English too") < anonymous.index("In French only")
    assert anonymous.count("In your language") == 1


def rows_of(page) -> list[tuple[str, list[str]]]:
    """Return the name of each cohort that a course page lists, with its pills."""
    articles = re.findall(r'<article class="event".*?</article>', page.content.decode(), re.DOTALL)
    pill = re.compile(r'<span class="pill[^"]*">([^<]*)</span>')
    return [(re.search(r"<bdi>([^<]*)</bdi></a></h3>", one).group(1), pill.findall(one)) for one in articles]


def test_a_cohort_that_nobody_can_join_fits_nobody_whatever_its_language(one, learner):
    today, course = clock.now().date(), one.cohort.course
    Cohort.objects.update(name="Open in English", languages=["en"])
    running = make.cohort(course=course, name="Running", languages=["fr"])
    Cohort.objects.filter(pk=running.pk).update(starts_on=today - timedelta(days=1))
    make.cohort(course=course, name="Closed", languages=["fr"], closes_at=clock.now() - timedelta(days=1))
    make.cohort(course=course, name="To come", languages=["fr"], opens_at=clock.now() + timedelta(days=1))
    full = make.cohort(course=course, name="Full", languages=["fr"])
    Cohort.objects.filter(pk=full.pk).update(seat_state="full")
    waiting = make.cohort(course=course, name="With a list", languages=["fr"])
    Cohort.objects.filter(pk=waiting.pk).update(seat_state="waiting")
    page = make.translated(one.course_page(), "fr")
    found = rows_of(Client().get(page.url))
    fitting = [name for name, pills in found if "Dans votre langue" in pills]
    assert (fitting, [name for name, _pills in found][:2]) == (["With a list"], ["With a list", "Open in English"])
    assert {name: len(pills) for name, pills in found[1:]} == dict.fromkeys(
        ["Open in English", "Running", "Closed", "To come", "Full"], 1
    )


def test_to_whoever_is_signed_in_their_own_language_fits_as_well(one, learner):
    Cohort.objects.update(name="English", languages=["en"])
    make.cohort(course=one.cohort.course, name="Spanish", languages=["es"])
    make.cohort(course=one.cohort.course, name="Arabic", languages=["ar"])
    reader = teamwork.client_of(accounts.PersonFactory(language="ar"))
    found = {name: pills[1:] for name, pills in rows_of(reader.get(one.course_page().url))}
    assert found == {"English": ["In your language"], "Arabic": ["In your language"], "Spanish": []}
    assert list(found) == ["English", "Arabic", "Spanish"]


@pytest.mark.parametrize("number", [1, 3])
def test_a_coordinator_is_told_which_cohorts_have_no_seat_left_for_their_city(number):
    one = teamwork.a_team(with_pages=True, seats_per_local_government=1)
    Cohort.objects.update(name="Spent", languages=["en"])
    teamwork.invited(one)
    for name in "ABC"[:number]:
        make.cohort(course=one.cohort.course, name=f"Left {name}", languages=["fr"], seats_per_local_government=1)
    closed = make.cohort(course=one.cohort.course, name="Closed", languages=["en"], seats_per_local_government=0)
    Cohort.objects.filter(pk=closed.pk).update(closes_at=clock.now())
    coordinator, colleague = teamwork.client_of(one.coordinator), teamwork.client_of(accounts.PersonFactory())
    address = one.course_page().url
    left = [(f"Left {name}", ["Seats free"]) for name in "ABC"[:number]]
    assert rows_of(coordinator.get(address)) == [
        *left,
        ("Spent", ["Seats free", "Your city has all its seats"]),
        ("Closed", ["Enrolment closed"]),
    ]
    # Nobody else is told of what a city has.
    assert rows_of(colleague.get(address)) == rows_of(Client().get(address))
    assert rows_of(colleague.get(address))[0] == ("Spent", ["Seats free", "In your language"])
    assert [statements(browser, address) for browser in (coordinator, colleague)] == [15, 14]


def test_a_cohort_called_off_while_a_unit_is_opened_leads_to_the_course_which_says_so(monkeypatch):
    one = teamwork.a_team(with_pages=True)
    _enrolment, browser = teamwork.joined(one)
    teamwork.begin(one.cohort)

    def called_off_meanwhile(**said):
        call_off_cohort(cohort_id=one.cohort.pk)
        return read_unit(**said)

    monkeypatch.setattr(reading, "read_unit", called_off_meanwhile)
    answer = browser.get(one.reading())
    assert (answer.status_code, answer["Location"]) == (303, one.course())
    assert "This cohort has been cancelled." in words(browser.get(one.course()))
    assert not UnitProgress.objects.exists()
