"""One person in several windows at once: joins, applies, completes once; each with a control without the lock."""

import pytest
from django.db import IntegrityError

from accounts.models import User
from learning.models import Cohort, Enrolment, EnrolmentChange
from learning.services import (
    apply_alone,
    applying,
    complete_unit,
    join,
    joining,
    learning_units,
)
from tests.factories import learning as make
from tests.factories.accounts import PersonFactory
from tests.races.cohorts import failed, faults, take_locks_away, went_wrong
from tests.races.meeting import meet_after, meet_before

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def without_lock(monkeypatch):
    """Do without the locks of cohort, enrolment and local government."""
    take_locks_away(monkeypatch)


@pytest.fixture
def meet_before_joining(monkeypatch):
    """Have all meet between looking at who is in and coming in."""
    meet_before(monkeypatch, joining, "_let_other_wishes_go")


@pytest.mark.rounds(40)
def test_one_link_opened_many_times_at_once_makes_one_account(at_once):
    enrolment = make.invited(make.cohort())
    answers = at_once([lambda: join(enrolment_id=enrolment.pk)] * 8)
    assert failed(answers) == []
    assert User.objects.filter(email=enrolment.email).count() == 1
    assert EnrolmentChange.objects.filter(what="joined").count() == 1


def test_control_without_the_lock_all_but_the_first_click_are_refused(at_once, meet_before_joining, without_lock):
    enrolment = make.invited(make.cohort())
    answers = at_once([lambda: join(enrolment_id=enrolment.pk)] * 8)
    assert [type(one).__name__ for one in failed(answers)] == ["JoinedAlready"] * 7


def invited_by_two_cities(at_once) -> tuple[Cohort, list]:
    """Let somebody who has an account open the links of two invitations to one cohort."""
    cohort = make.cohort()
    pair = [make.invited(cohort), make.invited(cohort)]
    PersonFactory(email=pair[0].email)
    return cohort, at_once([lambda one=one: join(enrolment_id=one.pk) for one in pair])


@pytest.mark.rounds(40)
def test_an_address_invited_by_two_cities_joins_once(at_once):
    cohort, answers = invited_by_two_cities(at_once)
    assert [type(one).__name__ for one in failed(answers)] == ["JoinedAlready"]
    assert sorted(cohort.enrolments.values_list("state", flat=True)) == ["active", "invited"]


def test_control_without_the_lock_only_the_database_refuses_to_let_in_twice(at_once, meet_before_joining, without_lock):
    _cohort, answers = invited_by_two_cities(at_once)
    assert [type(one) for one in failed(answers)] == [IntegrityError]


def applying_many_times(at_once) -> tuple[Cohort, list]:
    cohort = make.cohort(seats=3)
    person = PersonFactory()
    return cohort, at_once([lambda: apply_alone(cohort_id=cohort.pk, person=person)] * 8)


@pytest.mark.rounds(40)
def test_one_person_applies_many_times_at_once(at_once):
    cohort, answers = applying_many_times(at_once)
    assert failed(answers) == []
    assert faults(cohort) == []
    assert cohort.enrolments.get().state == "active"


def test_control_without_the_lock_the_database_refuses_a_second_application(at_once, monkeypatch, without_lock):
    meet_before(monkeypatch, applying, "_seat_or_wait")
    cohort, answers = applying_many_times(at_once)
    assert went_wrong(cohort, answers)


def completing_the_last_two_units(at_once) -> tuple[Enrolment, list]:
    cohort = make.running_cohort()
    enrolment = make.learner(cohort)
    units = make.units_of(cohort.course)
    answers = at_once([lambda unit=unit: complete_unit(enrolment_id=enrolment.pk, unit_id=unit.pk) for unit in units])
    enrolment.refresh_from_db()
    return enrolment, answers


def test_the_last_two_units_completed_in_two_windows_complete_the_course(at_once, monkeypatch):
    meet_after(monkeypatch, learning_units, "_complete_if_done")
    enrolment, answers = completing_the_last_two_units(at_once)
    assert failed(answers) == []
    assert enrolment.state == "completed"


def test_control_without_the_lock_nobody_notices_that_the_course_is_complete(at_once, monkeypatch, without_lock):
    meet_after(monkeypatch, learning_units, "_complete_if_done")
    enrolment, _answers = completing_the_last_two_units(at_once)
    assert enrolment.state == "active"
