"""Somebody who waits or applies alone and then joins on a city's seat is enrolled once, and nobody's seat is stuck."""

import pytest

from learning import errors
from learning.models import Cohort, Enrolment
from learning.services import admit, apply_alone, join, promote_from_waiting_list, replace
from tests.factories import accounts, municipalities
from tests.factories import learning as make

pytestmark = pytest.mark.django_db


def states(person) -> list[tuple[str, bool]]:
    """Return how each of somebody's enrolments stands, and whether it is a city's."""
    mine = Enrolment.objects.filter(person=person).order_by("pk")
    return [(one.state, one.local_government_id is not None) for one in mine]


def test_who_waits_alone_and_joins_with_a_city_is_not_promoted_into_a_second_seat():
    cohort = make.cohort(seats=1)
    city = municipalities.coordinator()
    leaver = make.invited(cohort, "Zoe", coordinator=city)
    person = accounts.PersonFactory(email="ana@example.org")
    assert apply_alone(cohort_id=cohort.pk, person=person).state == "waitlisted"
    successor = replace(enrolment_id=leaver.pk, email=person.email, by=city.person)
    join(enrolment_id=successor.pk, person=person)
    assert states(person) == [("lapsed", False), ("active", True)]
    Cohort.objects.update(seats=2)
    assert promote_from_waiting_list(cohort_id=cohort.pk) == []
    assert states(person) == [("lapsed", False), ("active", True)]


def test_who_has_applied_alone_and_joins_with_a_city_cannot_be_admitted_as_well():
    cohort = make.cohort(admission="approval")
    person = accounts.PersonFactory(email="ana@example.org")
    application = apply_alone(cohort_id=cohort.pk, person=person)
    [wished] = make.team(cohort, "Ana").applied
    moderator = accounts.PersonFactory()
    join(enrolment_id=admit(enrolment_id=wished.pk, by=moderator).pk, person=person)
    with pytest.raises(errors.NotApplied):
        admit(enrolment_id=application.pk, by=moderator)
    assert states(person) == [("lapsed", False), ("active", True)]
