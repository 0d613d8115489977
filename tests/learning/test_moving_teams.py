"""What becomes of people whom both cities have enrolled when two cities turn out to be one."""

import pytest

from accounts.models import User
from core import clock
from learning.models import Enrolment
from learning.services import join, move_teams
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning.people import states

pytestmark = pytest.mark.django_db


@pytest.fixture
def both():
    """Return coordinators of the city that goes and of the one that stays."""
    return cities.coordinator(), cities.coordinator()


def merge(both):
    source, target = both
    return move_teams(source_id=source.local_government_id, target_id=target.local_government_id)


def cities_of(cohort):
    return list(Enrolment.objects.filter(cohort=cohort).order_by("pk").values_list("local_government", flat=True))


@pytest.mark.parametrize("state", ["active", "completed"])
def test_who_takes_part_goes_on_and_the_unopened_invitation_of_the_other_city_ends(both, state):
    cohort = make.cohort(seats=2)
    ana = make.learner(cohort, "Ana", coordinator=both[0])
    if state == "completed":
        Enrolment.objects.filter(pk=ana.pk).update(state=state, ended_at=clock.now())
    make.team(cohort, "Ana", "Bo", coordinator=both[1])
    assert merge(both) == 1
    assert states(cohort) == [("Ana", state, True, None), ("Ana", "lapsed", False, None), ("Bo", "invited", True, 1)]
    assert cities_of(cohort) == [both[1].local_government_id] * 3


def test_an_invitation_that_nobody_opened_gives_way_to_the_other_citys(both):
    cohort = make.cohort()
    make.invited(cohort, "Ana", coordinator=both[0])
    make.learner(cohort, "Ana", coordinator=both[1])
    merge(both)
    assert states(cohort) == [("Ana", "lapsed", False, None), ("Ana", "active", True, None)]


def test_nobody_loses_an_invitation_with_a_seat_to_a_place_in_line(both):
    cohort = make.cohort(seats=1)
    for city in both:
        make.invited(cohort, "Ana", coordinator=city)
    merge(both)
    assert states(cohort) == [("Ana", "invited", True, None), ("Ana", "lapsed", False, 1)]


def test_two_accounts_that_joined_under_one_address_both_keep_what_they_have(both):
    cohort = make.cohort()
    first = make.learner(cohort, "Ana", coordinator=both[0])
    User.objects.filter(pk=first.person_id).update(email="moved@example.org")
    first.person.emailaddress_set.update(email="moved@example.org")
    second = join(enrolment_id=make.invited(cohort, "Ana", coordinator=both[1]).pk)
    assert first.person_id != second.person_id
    assert merge(both) == 0
    assert states(cohort) == [("Ana", "active", True, None)] * 2
    # One city has an address once: whoever joined through the one that goes stays where they joined.
    assert cities_of(cohort) == [one.local_government_id for one in both]
    assert not first.changes.filter(what="moved").exists()
