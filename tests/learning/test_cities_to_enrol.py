"""The cities that somebody is offered when they enrol a team: those whose people they may enrol, and no others."""

from datetime import timedelta

import pytest

from accounts.models import User
from core import clock
from learning.rules import cities_to_enrol, may_enrol
from municipalities.models import LocalGovernment
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    """Return somebody with a membership of each sort; the city is named after it. Others coordinate one too."""
    person, today = PersonFactory(), clock.now().date()
    for name, fields in {
        "current": {},
        "asked": {"state": "asked"},
        "last day": {"ends_on": today},
        "over": {"ends_on": today - timedelta(days=1)},
        "to begin": {"starts_on": today + timedelta(days=1)},
        "ended": {"state": "ended"},
        "declined": {"state": "declined"},
        "member": {"role": "member"},
    }.items():
        cities.coordinator(person=person, local_government=cities.local_government(name=name), **fields)
    cities.coordinator(local_government=cities.local_government(name="of others"))
    return person


def test_those_are_offered_whose_people_may_be_enrolled(person):
    offered = cities_to_enrol(person)
    assert sorted(city.name for city in offered) == ["asked", "current", "last day"]
    assert set(offered) == {city for city in LocalGovernment.objects.all() if may_enrol(person, city.pk)}


def test_a_city_that_is_retired_is_not_offered(person):
    LocalGovernment.objects.filter(name="current").update(standing="retired")
    assert sorted(city.name for city in cities_to_enrol(person)) == ["asked", "last day"]


@pytest.mark.parametrize("number", [1, 3])
def test_they_cost_one_statement(number, django_assert_num_queries):
    person = PersonFactory()
    for _one in range(number):
        cities.coordinator(person=person)
    with django_assert_num_queries(1):
        assert len(cities_to_enrol(person)) == number
