"""What each page says about a cohort in each of its states, to whoever looks: a visitor, learner, coordinator, moderator.

Of each page's sentences and ways on, those that fit the state are there and no others.
"""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from core import clock
from learning.models import Cohort, Enrolment, Unit
from learning.services import apply_alone, complete_unit
from municipalities.enums import MembershipState
from tests.factories import accounts, municipalities
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db

OFF = "This cohort has been cancelled."
OVER = "This cohort is over, so nothing in it can be changed any more."
CLOSED = "Enrolment in this cohort has closed."
NOT_YET = "Enrolment in this cohort has not opened yet."
GO_ON = "Go on learning"
READ_ON = "You can go on reading its units."
NOT_TAUGHT = "This unit is not open to you at present."
FULL = "All seats are taken and this cohort keeps no waiting list."
LABELS = (
    "Seats free",
    "Waiting list",
    "Full",
    "Enrolment not open yet",
    "Enrolment closed",
    "Running",
    "Past",
    "Cancelled",
)


@dataclass(frozen=True)
class Scene:
    """A course with pages and a cohort in it: a city with a learner and somebody invited, and a moderator."""

    one: teamwork.Team
    learner: Enrolment
    invited: Enrolment
    moderator: User

    @property
    def cohort_url(self) -> str:
        """The page of the cohort."""
        return f"/en/learning/cohorts/{self.one.cohort.slug}/"


@pytest.fixture(scope="module")
def scene(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[Scene]:
    with made_once():
        moderator = accounts.PersonFactory()
        one = teamwork.a_team(with_pages=True, moderators=[moderator], seats=9, name="Spring")
        learner, _browser = teamwork.joined(one)
        # Whoever joined today would have all days before them.
        Enrolment.objects.filter(pk=learner.pk).update(joined_at=clock.now() - timedelta(days=30))
        yield Scene(one, learner, teamwork.invited(one, "Bo Berg"), moderator)


def states() -> dict[str, dict[str, Any]]:
    """Return by name what staff and time may have made of a cohort."""
    now = clock.now()
    today, day = now.date(), timedelta(days=1)
    usual = {"starts_on": today + 10 * day, "ends_on": today + 37 * day, "opens_at": None, "closes_at": None}
    usual |= {"seats": 9, "seat_state": "open", "waiting_list": True, "called_off_at": None}
    different: dict[str, dict[str, Any]] = {
        "open": {},
        "waiting": {"seats": 2, "seat_state": "waiting"},
        "full": {"seats": 2, "seat_state": "full", "waiting_list": False},
        "not yet": {"opens_at": now + day},
        "closed": {"closes_at": now - day},
        "running": {"starts_on": today - 9 * day, "ends_on": today + 2 * day},
        "past": {"starts_on": today - 30 * day, "ends_on": today - 2 * day},
        "called off": {"called_off_at": now},
    }
    return {name: {**usual, **fields} for name, fields in different.items()}


def come_to(state: str) -> None:
    """Bring every cohort into a state."""
    Cohort.objects.update(**states()[state])


def said(browser: Client, address: str, *sentences: str) -> list[str] | int:
    """Return which of some sentences a page says; its status instead, where it shows none."""
    # A name in the query that no page knows goes past what is kept of pages.
    answer = browser.get(f"{address}{'&' if '?' in address else '?'}fresh=1")
    if answer.status_code != 200:
        return answer.status_code
    page = words(answer)
    return [sentence for sentence in sentences if sentence in page]


def in_each_state(visit: Callable[[], Any]) -> dict[str, Any]:
    """Return what a visit shows in each state."""
    found = {}
    for state, fields in states().items():
        Cohort.objects.update(**fields)
        found[state] = visit()
    return found


def by_state(**rows: Any) -> dict[str, Any]:
    """Return what is expected in each state; `others` stands for those that are not named."""
    named = {name.replace("_", " "): expected for name, expected in rows.items() if name != "others"}
    assert set(named) <= set(states())
    return {state: named[state] if state in named else rows["others"] for state in states()}


class TestVisitors:
    def test_the_course_tells_how_its_cohort_stands_until_it_is_over(self, scene):
        address = scene.one.course_page().url
        assert in_each_state(lambda: said(Client(), address, *LABELS, "Spring")) == by_state(
            open=["Seats free", "Spring"],
            waiting=["Waiting list", "Spring"],
            full=["Full", "Spring"],
            not_yet=["Enrolment not open yet", "Spring"],
            closed=["Enrolment closed", "Spring"],
            running=["Running", "Spring"],
            others=[],
        )

    def test_the_list_holds_what_can_be_joined(self, scene):
        nothing = "No cohort is open at the moment"
        assert in_each_state(lambda: said(Client(), "/en/learning/cohorts/", *LABELS, "Spring", nothing)) == by_state(
            open=["Seats free", "Spring"], waiting=["Waiting list", "Spring"], others=[nothing]
        )

    def test_the_cohort_offers_ways_in_while_there_are_any(self, scene):
        ways = ["Enrol a team", "Take part on your own"]
        asked = (*LABELS, "Enrolment opens", "Enrol until", *ways)
        assert in_each_state(lambda: said(Client(), scene.cohort_url, *asked)) == by_state(
            open=["Seats free", "Enrol until", *ways],
            waiting=["Waiting list", "Enrol until", *ways],
            full=["Full", "Enrol until"],
            not_yet=["Enrolment not open yet", "Enrolment opens"],
            closed=["Enrolment closed"],
            running=["Running"],
            others=410,
        )

    def test_who_comes_alone_reads_why_not_before_they_ask(self, scene):
        browser, address = teamwork.client_of(accounts.PersonFactory()), f"{scene.cohort_url}apply/"
        what = "Without a team you learn"
        asked = in_each_state(lambda: said(browser, address, OFF, OVER, CLOSED, NOT_YET, FULL, what))
        assert asked == by_state(
            open=[what],
            waiting=[what],
            full=[FULL],
            not_yet=[NOT_YET],
            closed=[CLOSED],
            running=[CLOSED],
            others=410,
        )
        sent = in_each_state(lambda: teamwork.client_of(accounts.PersonFactory()).post(address).status_code)
        assert sent == by_state(open=303, waiting=303, past=410, called_off=410, others=409)


class TestInvited:
    def test_the_door_opens_until_the_last_day(self, scene):
        ways = ["invites you to learn", "Join the course", "Decline"]
        door = f"/learn/{scene.invited.token}/"
        found = in_each_state(lambda: said(Client(), door, *ways, OFF, OVER))
        assert found == by_state(past=[OVER], called_off=[OFF], others=ways)

    def test_declining_promises_the_seat_to_others_only_while_seats_are_given(self, scene):
        seat, seen = "Your seat goes to somebody else.", "Your coordinator sees that you do not take part."
        found = in_each_state(lambda: said(Client(), f"/learn/{scene.invited.token}/decline/", seat, seen))
        assert found == by_state(not_yet=[seen], running=[seen], called_off=[seen], past=303, others=[seat, seen])

    def test_my_learning_asks_for_an_answer_until_the_last_day(self, scene):
        browser = teamwork.client_of(accounts.PersonFactory(email=scene.invited.email))
        ways, nothing = ["Spring", "Join the course"], ["You take part in no cohort yet"]
        found = in_each_state(lambda: said(browser, "/en/my/learning/", *ways, *nothing))
        assert found == by_state(past=nothing, called_off=nothing, others=ways)

    def test_who_waits_has_a_place_while_there_is_a_line(self, scene):
        person = accounts.PersonFactory()
        come_to("waiting")
        assert apply_alone(cohort_id=scene.one.cohort.pk, person=person).state == "waitlisted"
        browser = teamwork.client_of(person)
        asked = ("Number 1 on the waiting list", "Past", "Cancelled", "On the waiting list")
        found = in_each_state(lambda: said(browser, "/en/my/learning/", *asked))
        assert found == by_state(past=["Past"], called_off=["Cancelled"], others=["Number 1 on the waiting list"])


class TestLearners:
    def test_my_course_says_what_can_be_done(self, scene):
        browser = teamwork.client_of(scene.learner.person)
        behind, later, leave = "The cohort is a little ahead of you.", "The units open on", "Leave this cohort"
        found = in_each_state(lambda: said(browser, scene.one.course(), OFF, OVER, later, behind, GO_ON, leave))
        assert found == by_state(
            running=[behind, GO_ON, leave], past=[OVER], called_off=[OFF, leave], others=[later, leave]
        )

    def test_who_never_said_who_they_are_is_asked_only_while_there_is_a_course_to_go_on_to(self, scene):
        enrolment = make.learner(scene.one.cohort, "Cy Cruz", coordinator=scene.one.membership)
        browser, course = teamwork.client_of(enrolment.person), scene.one.course()
        about_me, asks = f"{course}about-me/", "Is this right?"
        asked = in_each_state(lambda: said(browser, about_me, asks))
        assert asked == by_state(past=303, called_off=303, others=[asks])
        shown = in_each_state(lambda: said(browser, course, asks, OFF, OVER, "Change"))
        assert shown == by_state(past=[OVER], called_off=[OFF], others=302)
        come_to("called off")
        assert browser.get(about_me)["Location"] == course
        come_to("open")
        assert browser.get(course)["Location"] == about_me

    def test_what_was_typed_before_the_cohort_was_over_is_kept_and_the_course_says_so(self, scene):
        enrolment = make.learner(scene.one.cohort, "Cy Cruz", coordinator=scene.one.membership)
        browser = teamwork.client_of(enrolment.person)
        come_to("past")
        typed = {"name": "Cy Cruz", "department": "Parks", "language": "en"}
        assert browser.post(f"{scene.one.course()}about-me/", typed)["Location"] == scene.one.course()
        enrolment.refresh_from_db()
        assert enrolment.department == "Parks"
        assert said(browser, scene.one.course(), OVER, "Change", READ_ON) == [OVER, READ_ON]

    def test_a_unit_is_read_from_the_first_day_on_and_completed_until_the_last(self, scene):
        browser = teamwork.client_of(scene.learner.person)
        found = in_each_state(lambda: said(browser, scene.one.reading(), "Mark as complete", OVER))
        assert found == by_state(running=["Mark as complete"], past=[OVER], others=303)

    def test_marking_a_unit_that_is_not_open_leads_to_the_course_which_says_why(self, scene):
        browser = teamwork.client_of(scene.learner.person)

        def mark() -> tuple[str, list[str] | int]:
            answer = browser.post(scene.one.reading())
            return answer["Location"], said(browser, scene.one.course(), OFF, OVER, "The units open on")

        course = scene.one.course()
        assert in_each_state(mark) == by_state(
            running=(course, []),
            past=(course, [OVER]),
            called_off=(course, [OFF]),
            others=(course, ["The units open on"]),
        )

    def test_a_unit_that_is_taught_no_more_leads_to_the_course_with_a_sentence(self, scene):
        browser = teamwork.client_of(scene.learner.person)
        come_to("running")
        first = scene.one.unit()
        Unit.objects.filter(pk=first.pk).update(is_current=False, order=None)
        answer = browser.get(scene.one.reading(first))
        assert (answer.status_code, answer["Location"]) == (303, scene.one.course())
        assert said(browser, scene.one.course(), NOT_TAUGHT) == [NOT_TAUGHT]
        assert said(browser, scene.one.course(), NOT_TAUGHT) == []

    def test_what_was_completed_says_so_when_all_is_over(self, scene):
        come_to("running")
        for unit in make.units_of(scene.one.cohort.course):
            complete_unit(enrolment_id=scene.learner.pk, unit_id=unit.pk)
        come_to("past")
        browser, done = teamwork.client_of(scene.learner.person), "You have completed this course."
        assert said(browser, scene.one.course(), done, OVER) == [done]
        assert said(browser, scene.one.reading(), "Completed", OVER) == ["Completed"]

    def test_the_cohort_does_not_ask_a_learner_to_take_part_once_more(self, scene):
        browser, here = teamwork.client_of(scene.learner.person), "You take part in this cohort."
        ways = ("Enrol a team", "Take part on your own")
        assert in_each_state(lambda: said(browser, scene.cohort_url, here, *LABELS, *ways)) == by_state(
            open=[here, "Seats free", "Enrol a team"],
            waiting=[here, "Waiting list", "Enrol a team"],
            full=[here, "Full"],
            not_yet=[here, "Enrolment not open yet"],
            closed=[here, "Enrolment closed"],
            running=[here, "Running"],
            others=410,
        )

    @pytest.mark.parametrize("address", ["/en/my/learning/", "/en/my/"])
    def test_my_learning_keeps_what_is_over(self, scene, address):
        browser = teamwork.client_of(scene.learner.person)
        found = in_each_state(lambda: said(browser, address, "Past", "Cancelled", "units done"))
        assert found == by_state(
            past=["Past", "units done"], called_off=["Cancelled", "units done"], others=["units done"]
        )


class TestCoordinators:
    def test_the_team_s_page_offers_what_would_not_be_refused(self, scene):
        browser = teamwork.client_of(scene.one.coordinator)
        more, withdraw, replace = "Enrol more people", "Withdraw the team", "Replace"
        found = in_each_state(lambda: said(browser, scene.one.dashboard(), OFF, OVER, more, withdraw, replace))
        every = [more, withdraw, replace]
        assert found == by_state(
            open=every, waiting=every, past=[OVER], called_off=[OFF, withdraw], others=[withdraw, replace]
        )

    def test_a_draft_promises_nothing_where_nothing_will_come_of_it(self, scene):
        one = municipalities.coordinator(state=MembershipState.ASKED)
        make.invited(scene.one.cohort, "Cy Cruz", coordinator=one)
        browser, promise = teamwork.client_of(one.person), "You are not approved as coordinator yet."
        address = f"/en/my/teams/{scene.one.cohort.slug}/{one.local_government.slug}/"
        found = in_each_state(lambda: said(browser, address, promise))
        assert found == by_state(past=[], called_off=[], others=[promise])

    def test_nobody_is_asked_for_addresses_that_would_be_refused(self, scene):
        browser = teamwork.client_of(scene.one.coordinator)
        step = f"{scene.one.team()}?city={scene.one.city.slug}&cohort={scene.one.cohort.slug}"
        form, nothing = "Look them over", "No cohort is open at the moment"
        found = in_each_state(lambda: said(browser, step, FULL, NOT_YET, CLOSED, nothing, form))
        assert found == by_state(
            open=[form],
            waiting=[form],
            full=[FULL, nothing],
            not_yet=[NOT_YET, nothing],
            closed=[CLOSED, nothing],
            running=[CLOSED, nothing],
            others=410,
        )

    def test_a_list_is_refused_when_it_is_looked_over_and_stays_as_typed(self, scene):
        def look_over() -> tuple[int, list[str]]:
            answer = teamwork.enrol(scene.one, "cy@city.example", confirm=[])
            html = answer.content.decode()
            found = [sentence for sentence in (FULL, NOT_YET, CLOSED, "cy@city.example") if sentence in html]
            return answer.status_code, found

        assert in_each_state(look_over) == by_state(
            open=(200, ["cy@city.example"]),
            waiting=(200, ["cy@city.example"]),
            full=(409, [FULL, "cy@city.example"]),
            not_yet=(409, [NOT_YET, "cy@city.example"]),
            closed=(409, [CLOSED, "cy@city.example"]),
            running=(409, [CLOSED, "cy@city.example"]),
            others=(410, []),
        )


class TestModerators:
    def test_the_table_offers_to_admit_while_that_is_possible(self, scene):
        Cohort.objects.update(admission="approval")
        apply_alone(cohort_id=scene.one.cohort.pk, person=accounts.PersonFactory())
        browser = teamwork.client_of(scene.moderator)
        found = in_each_state(lambda: said(browser, scene.one.desk(), OFF, OVER, CLOSED, NOT_YET, "Admit", "Decline"))
        assert found == by_state(
            not_yet=[NOT_YET, "Decline"],
            running=[CLOSED, "Decline"],
            past=[OVER, "Decline"],
            called_off=[OFF, "Decline"],
            others=["Admit", "Decline"],
        )

    def test_the_way_to_the_table_is_there_in_every_state(self, scene):
        browser = teamwork.client_of(scene.moderator)
        found = in_each_state(lambda: said(browser, scene.cohort_url, "Moderate this cohort"))
        assert found == by_state(past=410, called_off=410, others=["Moderate this cohort"])
        found = in_each_state(lambda: said(browser, "/en/my/learning/", "Cohorts that I moderate", "Spring"))
        assert found == by_state(others=["Cohorts that I moderate", "Spring"])
