"""Who joins a cohort anew for the same city, or again without one, goes on with what they had done and said."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from core import clock
from learning.models import Cohort, Enrolment, UnitProgress
from learning.services import (
    admit,
    apply_alone,
    complete_unit,
    confirm_details,
    join,
    read_unit,
    withdraw_enrolment,
)
from learning.services.returning import take_up
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db


def done(enrolment: Enrolment) -> list[tuple[str, bool]]:
    """Return the titles of the units that count for an enrolment, with whether each is complete."""
    rows = UnitProgress.objects.filter(enrolment=enrolment).order_by("unit__title")
    return [(one.unit.title, one.completed_at is not None) for one in rows.select_related("unit")]


def took_part(one: teamwork.Team, name: str = "Ana Silva") -> Enrolment:
    """Return the ended enrolment of somebody who completed the first unit, opened the second, and was withdrawn."""
    enrolment, _browser = teamwork.joined(one, name)
    confirm_details(enrolment_id=enrolment.pk, name="Ana M. Silva", department="Parks", language="fr")
    work(enrolment, one)
    withdraw_enrolment(enrolment_id=enrolment.pk, by=one.coordinator)
    enrolment.refresh_from_db()
    return enrolment


def work(enrolment: Enrolment, one: teamwork.Team) -> None:
    """Complete the first unit and open the second."""
    complete_unit(enrolment_id=enrolment.pk, unit_id=one.unit().pk, revision_id=7, language="fr")
    read_unit(enrolment_id=enrolment.pk, unit_id=one.unit(1).pk, revision_id=8, language="fr")


@pytest.fixture
def one() -> teamwork.Team:
    return teamwork.second_city(make.running_cohort(), "Chefchaouen")


def test_a_new_invitation_of_the_same_city_goes_on_with_all_that_was_done(one):
    former = took_part(one)
    before = dict(UnitProgress.objects.values_list("unit", "completed_at"))
    again = join(enrolment_id=teamwork.invited(one, "Ana Silva").pk)
    assert done(again) == [("Unit 1.1", True), ("Unit 1.2", False)]
    # It has moved: a unit read once is counted once, at the revision and the moment at which it was.
    assert (done(former), UnitProgress.objects.count()) == ([], 2)
    assert dict(UnitProgress.objects.values_list("unit", "completed_at")) == before
    assert list(UnitProgress.objects.order_by("revision_id").values_list("revision_id", "language")) == [
        (7, "fr"),
        (8, "fr"),
    ]


def test_who_said_once_who_they_are_is_not_asked_again(one):
    former = took_part(one)
    outcome = teamwork.invited(one)
    Enrolment.objects.filter(pk=outcome.pk).update(name="")
    join(enrolment_id=outcome.pk)
    outcome.refresh_from_db()
    said = (outcome.name, outcome.department, outcome.language, outcome.confirmed_at)
    assert said == ("Ana M. Silva", "Parks", "fr", former.confirmed_at)
    browser = teamwork.client_of(outcome.person)
    answer = browser.get(one.course())
    assert (answer.status_code, "Is this right?" in words(answer)) == (200, False)
    assert "Ana M. Silva" in words(teamwork.client_of(one.coordinator).get(one.dashboard()))


def test_who_never_said_who_they_are_is_asked(one):
    first = make.learner(one.cohort, coordinator=one.membership)
    withdraw_enrolment(enrolment_id=first.pk, by=one.coordinator)
    again = make.learner(one.cohort, coordinator=one.membership)
    again.refresh_from_db()
    assert (again.confirmed_at, again.department) == (None, "")


def test_of_several_times_the_completed_unit_counts_and_none_twice(one):
    first = took_part(one)
    second = make.learner(one.cohort, coordinator=one.membership)
    # As it was kept before it moved along: both have rows of the first unit, and the older one has completed it.
    UnitProgress.objects.filter(enrolment=second, unit=one.unit()).update(enrolment=first)
    read_unit(enrolment_id=second.pk, unit_id=one.unit().pk, revision_id=9, language="en")
    withdraw_enrolment(enrolment_id=second.pk, by=one.coordinator)
    third = make.learner(one.cohort, coordinator=one.membership)
    assert done(third) == [("Unit 1.1", True), ("Unit 1.2", False)]
    assert done(second) == [("Unit 1.1", False)]


def test_what_the_new_enrolment_has_of_its_own_stays(one):
    former = took_part(one)
    again = make.learner(one.cohort, coordinator=one.membership)
    UnitProgress.objects.filter(enrolment=again, unit=one.unit()).update(enrolment=former)
    own = read_unit(enrolment_id=again.pk, unit_id=one.unit().pk, revision_id=9, language="en")
    take_up(one.cohort, [again])
    own.refresh_from_db()
    assert (own.enrolment_id, own.completed_at, done(former)) == (again.pk, None, [("Unit 1.1", True)])


@pytest.mark.parametrize("where", ["another city", "another cohort", "alone", "another person"])
def test_taking_up_what_was_done_elsewhere_or_by_somebody_else(one, where):
    former = took_part(one)
    if where == "another city":
        again = make.learner(one.cohort, coordinator=teamwork.second_city(one.cohort).membership)
    elif where == "another cohort":
        again = make.learner(make.running_cohort(course=one.cohort.course), coordinator=one.membership)
    elif where == "alone":
        again = apply_alone(cohort_id=one.cohort.pk, person=former.person)
    else:
        again = make.learner(one.cohort, "Bo Berg", coordinator=one.membership)
    again.refresh_from_db()
    assert (done(again), len(done(former))) == ([], 2)
    assert (again.confirmed_at, again.department) == (None, "")


@pytest.mark.parametrize("way", ["at once", "admitted", "promoted"])
def test_alone_again_goes_on_too_whichever_way_the_seat_comes(way):
    cohort = make.running_cohort(seats=1, admission="approval" if way == "admitted" else "open")
    one = teamwork.second_city(cohort)
    person = accounts.PersonFactory()
    first = apply_alone(cohort_id=cohort.pk, person=person)
    if way == "admitted":
        first = admit(enrolment_id=first.pk, by=accounts.PersonFactory())
    confirm_details(enrolment_id=first.pk, name="Di Doe", department="Water", language="es")
    work(first, one)
    withdraw_enrolment(enrolment_id=first.pk, by=person)
    holder = make.invited(cohort, "Bo Berg") if way == "promoted" else None
    cohort.refresh_from_db()
    if holder is not None:
        # Nobody waits in a cohort that runs: it begins tomorrow.
        Cohort.objects.filter(pk=cohort.pk).update(starts_on=clock.now().date() + timedelta(days=2))
    again = apply_alone(cohort_id=cohort.pk, person=person)
    if way == "admitted":
        again = admit(enrolment_id=again.pk, by=accounts.PersonFactory())
    if holder is not None:
        assert again.state == "waitlisted"
        withdraw_enrolment(enrolment_id=holder.pk, by=None)
    again.refresh_from_db()
    assert (again.state, again.department, again.name) == ("active", "Water", "Di Doe")
    assert (done(again), done(first)) == ([("Unit 1.1", True), ("Unit 1.2", False)], [])


def test_declining_the_new_invitation_leaves_the_record_where_it_was(one):
    former = took_part(one)
    again = teamwork.invited(one, "Ana Silva")
    Client().post(f"/learn/{again.token}/decline/")
    assert (done(former), done(again)) == ([("Unit 1.1", True), ("Unit 1.2", False)], [])


def test_my_learning_shows_what_goes_on_above_what_has_ended(one):
    former = took_part(one)
    # Begins later than the one that goes on, so that by its dates it would come first.
    Cohort.objects.filter(pk=one.cohort.pk).update(name="Ended", starts_on=clock.now().date())
    other = make.running_cohort(name="Going on")
    learner = make.learner(other, coordinator=one.membership)
    assert learner.person == former.person
    for address in ("/en/my/learning/", "/en/my/"):
        page = words(teamwork.client_of(former.person).get(address))
        assert 0 < page.index("Going on") < page.index("Ended")


def test_who_has_come_back_sees_the_cohort_once_and_the_sheet_counts_what_was_done_once(one):
    former = took_part(one)
    address = "/en/my/learning/"
    assert words(teamwork.client_of(former.person).get(address)).count(one.cohort.name) == 1
    join(enrolment_id=teamwork.invited(one, "Ana Silva").pk)
    page = words(teamwork.client_of(former.person).get(address))
    assert page.count(one.cohort.name) == 1
    assert "Withdrawn" not in page
    sheet = words(teamwork.client_of(one.coordinator).get(one.dashboard()))
    assert re.findall(r"\b\d of \d+\b", sheet) == ["1 of 2"]


def test_who_left_for_one_city_and_takes_part_for_another_sees_both(one):
    former = took_part(one)
    other = teamwork.second_city(one.cohort, "Medellin")
    join(enrolment_id=teamwork.invited(other, "Ana Silva").pk)
    page = words(teamwork.client_of(former.person).get("/en/my/learning/"))
    assert page.count(one.cohort.name) == 2
