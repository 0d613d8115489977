"""What a coordinator reads before enrolling whose city holds all its seats: on the cohort's page and in the choice."""

import re

import pytest
from django.test import Client

from core import clock
from learning.models import Cohort
from municipalities.models import Membership
from tests.factories import accounts
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning import teamwork
from tests.learning.teamwork import statements, words

pytestmark = pytest.mark.django_db

SPENT = "Your city has all its seats"
ALL_SPENT = "Your cities have all their seats"


def page_of(cohort: Cohort) -> str:
    return f"/en/learning/cohorts/{cohort.slug}/"


def choice(one: teamwork.Team) -> dict[str, bool]:
    """Return the cohorts between which a coordinator chooses, and whether their city has all its seats in each."""
    html = teamwork.client_of(one.coordinator).get(one.team(), {"city": one.city.slug}).content.decode()
    labels = re.findall(r'<label for="cohort-[^"]*"><bdi>(.*?)</bdi>(.*?)</label>', html, re.DOTALL)
    return {name: SPENT in rest for name, rest in labels}


def test_the_cohort_s_own_page_tells_its_coordinator_and_nobody_else():
    one = teamwork.a_team(seats_per_local_government=1)
    teamwork.invited(one)
    other = teamwork.second_city(one.cohort)
    clients = {
        "theirs": teamwork.client_of(one.coordinator),
        "another city's": teamwork.client_of(other.coordinator),
        "a colleague": teamwork.client_of(accounts.PersonFactory()),
        "nobody": Client(),
    }
    found = {who: words(client.get(page_of(one.cohort))).count(SPENT) for who, client in clients.items()}
    assert found == {"theirs": 1, "another city's": 0, "a colleague": 0, "nobody": 0}


def test_neither_page_says_so_where_a_seat_is_left_or_nobody_can_enrol():
    one = teamwork.a_team(name="Spring", seats_per_local_government=2)
    teamwork.invited(one)
    client = teamwork.client_of(one.coordinator)
    assert (SPENT in words(client.get(page_of(one.cohort))), choice(one)) == (False, {"Spring": False})
    teamwork.invited(one, "Bo Berg")
    assert (SPENT in words(client.get(page_of(one.cohort))), choice(one)) == (True, {"Spring": True})
    Cohort.objects.update(closes_at=clock.now())
    assert (SPENT in words(client.get(page_of(one.cohort))), choice(one)) == (False, {})


def test_the_choice_of_a_cohort_speaks_of_the_city_that_was_chosen_alone():
    one = teamwork.a_team(name="Spring", seats_per_local_government=1)
    make.cohort(name="Autumn", seats_per_local_government=1)
    make.cohort(name="Without a share")
    teamwork.invited(one)
    second = cities.coordinator(person=one.coordinator, local_government=cities.local_government(name="Oslo"))
    none_spent = {"Spring": False, "Autumn": False, "Without a share": False}
    assert choice(one) == {**none_spent, "Spring": True}
    assert choice(teamwork.Team(one.cohort, second)) == none_spent


def test_whoever_coordinates_several_cities_is_told_of_all_of_them_or_of_the_one_that_was_chosen():
    one = teamwork.a_team(with_pages=True, name="Spring", seats_per_local_government=1)
    second = cities.coordinator(person=one.coordinator, local_government=cities.local_government(name="Oslo"))
    client, course = teamwork.client_of(one.coordinator), one.course_page().url

    def said() -> list[tuple[int, int]]:
        pages = [words(client.get(address)) for address in (course, page_of(one.cohort))]
        return [(page.count(SPENT), page.count(ALL_SPENT)) for page in pages]

    teamwork.invited(one)
    # For the other city there is a seat left.
    assert (said(), choice(one)) == ([(0, 0), (0, 0)], {"Spring": True})
    teamwork.invited(teamwork.Team(one.cohort, second), "Bo Berg")
    assert (said(), choice(one)) == ([(0, 1), (0, 1)], {"Spring": True})


def test_asking_for_a_city_does_not_tell_what_it_holds():
    one = teamwork.a_team(name="Spring", seats_per_local_government=1)
    teamwork.invited(one)
    asked = cities.coordinator(state="asked", local_government=one.city)
    assert Membership.objects.asked().get() == asked
    client = teamwork.client_of(asked.person)
    assert choice(teamwork.Team(one.cohort, asked)) == {"Spring": False}
    assert SPENT not in words(client.get(page_of(one.cohort)))


LISTED = "/en/learning/cohorts/"


def test_the_list_of_open_cohorts_tells_the_coordinator_and_nobody_else():
    one = teamwork.second_city(make.public_cohort(seats_per_local_government=1))
    teamwork.invited(one)
    other = teamwork.second_city(make.public_cohort(name="Without a share"), "Lima")
    clients = {
        "theirs": teamwork.client_of(one.coordinator),
        "another city's": teamwork.client_of(other.coordinator),
        "a colleague": teamwork.client_of(accounts.PersonFactory()),
        "nobody": Client(),
    }
    found = {who: words(client.get(LISTED)).count(SPENT) for who, client in clients.items()}
    assert found == {"theirs": 1, "another city's": 0, "a colleague": 0, "nobody": 0}


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_a_coordinator_the_same_for_one_cohort_and_for_three(number):
    one = teamwork.second_city(make.public_cohort(seats_per_local_government=1))
    teamwork.invited(one)
    for name in "AB"[: number - 1]:
        more = make.public_cohort(name=name, seats_per_local_government=1)
        teamwork.invited(teamwork.Team(more, one.membership), f"{name} Berg")
    client = teamwork.client_of(one.coordinator)
    assert words(client.get(LISTED)).count(SPENT) == number
    assert statements(client, LISTED) == 8


@pytest.mark.parametrize("number", [1, 3])
def test_both_pages_cost_the_same_for_one_cohort_and_city_and_for_three(number):
    one = teamwork.a_team(seats_per_local_government=1)
    teamwork.invited(one)
    for name in "AB"[: number - 1]:
        teamwork.invited(
            teamwork.Team(make.cohort(name=name, seats_per_local_government=1), one.membership), f"{name} Berg"
        )
        cities.coordinator(person=one.coordinator, local_government=cities.local_government(name=name))
    client = teamwork.client_of(one.coordinator)
    assert list(choice(one).values()) == [True] * number
    found = [statements(client, address) for address in (page_of(one.cohort), f"{one.team()}?city={one.city.slug}")]
    assert found == [12, 11]
