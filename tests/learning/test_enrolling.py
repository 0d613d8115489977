"""Enrolling teams through the service: seats of the cohort and of each city, waiting, drafts, refusals, mails."""

from datetime import timedelta

import pytest
import time_machine

from core import clock
from core.seats import SeatState
from learning import errors
from learning.models import Cohort, Enrolment, EnrolmentChange, TeamRequest
from learning.services import (
    call_off_cohort,
    enrol_team,
    preview_team,
    promote_from_waiting_list,
    replace,
    save_cohort,
    withdraw_enrolment,
)
from mail import purposes
from mail.models import Message
from municipalities.enums import MembershipRole, MembershipState, Standing
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning.people import mails, states, the_window_passes

pytestmark = pytest.mark.django_db


def test_each_of_a_team_gets_a_seat_and_an_invitation():
    cohort = make.cohort(seats=5)
    by = cities.coordinator()
    outcome = make.team(cohort, "Ana", "Bo", coordinator=by)
    assert states(cohort) == [("Ana", "invited", True, None), ("Bo", "invited", True, None)]
    assert mails() == [("team-invitation", "ana@example.org"), ("team-invitation", "bo@example.org")]
    assert (len(outcome.invited), outcome.is_draft, outcome.team.state) == (2, False, "sent")
    history = EnrolmentChange.objects.order_by("pk").values_list("what", "actor", "by")
    assert list(history) == [("invited", "coordinator", by.person_id)] * 2


def test_beyond_the_seats_people_wait_in_order():
    cohort = make.cohort(seats=1)
    outcome = make.team(cohort, "Ana", "Bo", "Cy")
    assert states(cohort) == [
        ("Ana", "invited", True, None),
        ("Bo", "waitlisted", False, 1),
        ("Cy", "waitlisted", False, 2),
    ]
    assert [one.name for one in outcome.waiting] == ["Bo", "Cy"]
    assert mails()[1:] == [("enrolment-waiting", "bo@example.org"), ("enrolment-waiting", "cy@example.org")]
    cohort.refresh_from_db()
    assert (cohort.seat_state, cohort.last_waiting_number) == (SeatState.WAITING, 2)


def test_without_a_waiting_list_the_others_are_refused_and_not_kept():
    cohort = make.cohort(seats=1, waiting_list=False)
    outcome = make.team(cohort, "Ana", "Bo")
    assert states(cohort) == [("Ana", "invited", True, None)]
    assert [one.name for one in outcome.refused] == ["Bo"]
    # A team of which nobody found a seat is not kept.
    assert [one.name for one in make.team(cohort, "Cy").refused] == ["Cy"]
    assert TeamRequest.objects.count() == 1
    cohort.refresh_from_db()
    assert cohort.seat_state == SeatState.FULL


def test_a_city_gets_no_more_than_its_share_and_does_not_hold_up_others():
    cohort = make.cohort(seats=3, seats_per_local_government=2)
    first = cities.coordinator()
    make.team(cohort, "Ana", "Bo", "Cy", coordinator=first)
    make.team(cohort, "Di", "Ed")
    assert states(cohort) == [
        ("Ana", "invited", True, None),
        ("Bo", "invited", True, None),
        ("Cy", "waitlisted", False, 1),
        ("Di", "invited", True, None),
        ("Ed", "waitlisted", False, 2),
    ]


def test_a_free_seat_goes_to_the_first_whose_city_may_have_it():
    cohort = make.cohort(seats=3, seats_per_local_government=2)
    make.team(cohort, "Ana", "Bo", "Cy")
    other = make.team(cohort, "Di", "Ed")
    withdraw_enrolment(enrolment_id=other.invited[0].pk, by=None)
    # Cy was there first, but the city has its two seats.
    assert states(cohort)[2:] == [
        ("Cy", "waitlisted", False, 1),
        ("Di", "withdrawn", False, None),
        ("Ed", "invited", True, 2),
    ]
    assert ("enrolment-promoted", "ed@example.org") in mails()


def test_an_address_is_enrolled_once_by_a_city():
    cohort = make.cohort()
    by = cities.coordinator()
    make.team(cohort, "Ana", coordinator=by)
    colleague = cities.coordinator(local_government=by.local_government)
    outcome = enrol_team(
        cohort_id=cohort.pk,
        local_government_id=by.local_government_id,
        coordinator=colleague.person,
        people=[make.invitee("Ana", email="ANA@Example.org"), make.invitee("Bo"), make.invitee("Bo")],
    )
    assert [one.email for one in outcome.already] == ["ANA@Example.org", "bo@example.org"]
    assert [one[0] for one in states(cohort)] == ["Ana", "Bo"]


def test_another_city_learns_nothing_of_who_is_enrolled_already():
    cohort = make.cohort()
    make.learner(cohort, "Ana")
    other = cities.coordinator()
    preview = preview_team(
        cohort_id=cohort.pk,
        local_government_id=other.local_government_id,
        lines="Ana <ana@example.org>\nBo <bo@example.org>",
        coordinator=other.person,
    )
    assert [row.problem for row in preview.rows] == ["", ""]
    outcome = make.team(cohort, "Ana", "Bo", coordinator=other)
    assert [one.name for one in outcome.invited] == ["Ana", "Bo"]
    assert outcome.already == []


def test_a_city_cannot_write_to_somebody_over_and_over():
    cohort = make.cohort()
    by = cities.coordinator()
    for _ in range(5):
        withdraw_enrolment(enrolment_id=make.invited(cohort, "Ana", coordinator=by).pk, by=by.person)
    with pytest.raises(errors.InvitedTooOften) as refusal:
        make.team(cohort, "Bo", "Ana", coordinator=by)
    # Whose list is refused has to know for whom.
    assert ("ana@example.org" in str(refusal.value), "bo@" in str(refusal.value)) == (True, False)
    bo = make.invited(cohort, "Bo", coordinator=by)
    with pytest.raises(errors.InvitedTooOften):
        replace(enrolment_id=bo.pk, email="ana@example.org", by=by.person)
    assert make.invited(cohort, "Ana").state == "invited"
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1)):
        assert make.invited(cohort, "Ana", coordinator=by).state == "invited"


def test_more_than_fifty_new_people_are_refused_and_nothing_is_written():
    cohort = make.cohort()
    with pytest.raises(errors.TooManyAtOnce, match="At most 50 people can be enrolled at once"):
        make.team(cohort, *(f"Person {number}" for number in range(51)))
    assert not Enrolment.objects.exists()
    assert not TeamRequest.objects.exists()


def test_fifty_are_enrolled_with_as_many_statements_as_one(django_assert_num_queries):
    cohort = make.cohort(seats=60)
    by = cities.coordinator()
    names = [f"Person {number}" for number in range(50)]
    with django_assert_num_queries(14):
        make.team(cohort, *names[:1], coordinator=by)
    with django_assert_num_queries(13):
        make.team(cohort, *names[1:], coordinator=by)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"opens_at": timedelta(hours=1)}, errors.EnrolmentNotOpen),
        ({"closes_at": timedelta(hours=-1)}, errors.EnrolmentClosed),
    ],
)
def test_outside_the_dates_nobody_is_enrolled(fields, refusal):
    cohort = make.cohort(**{name: clock.now() + by for name, by in fields.items()})
    with pytest.raises(refusal):
        make.team(cohort, "Ana")


def test_once_begun_called_off_or_over_nobody_is_enrolled():
    cohort = make.cohort()
    by = cities.coordinator()
    with time_machine.travel(cohort.starts_at, tick=False), pytest.raises(errors.EnrolmentClosed):
        make.team(cohort, "Ana", coordinator=by)
    with time_machine.travel(cohort.ends_at, tick=False), pytest.raises(errors.CohortOver):
        make.team(cohort, "Ana", coordinator=by)
    call_off_cohort(cohort_id=cohort.pk)
    with pytest.raises(errors.CohortCalledOff):
        make.team(cohort, "Ana", coordinator=by)


def test_a_coordinator_of_one_city_cannot_enrol_for_another():
    cohort = make.cohort()
    mine, other = cities.coordinator(), cities.local_government()
    with pytest.raises(errors.NotCoordinator):
        enrol_team(
            cohort_id=cohort.pk,
            local_government_id=other.pk,
            coordinator=mine.person,
            people=[make.invitee()],
        )


@pytest.mark.parametrize(
    "fields",
    [
        {"role": MembershipRole.MEMBER},
        {"state": MembershipState.ENDED},
        {"state": MembershipState.DECLINED},
        {"state": MembershipState.ASKED, "role": MembershipRole.MEMBER},
    ],
)
def test_who_is_not_a_coordinator_cannot_enrol_a_team(fields):
    cohort = make.cohort()
    with pytest.raises(errors.NotCoordinator):
        make.team(cohort, "Ana", coordinator=cities.coordinator(**fields))


def test_a_city_that_is_no_longer_listed_enrols_nobody():
    by = cities.coordinator()
    by.local_government.standing = Standing.RETIRED
    by.local_government.save()
    with pytest.raises(errors.CityNotListed):
        make.team(make.cohort(), "Ana", coordinator=by)
    assert not TeamRequest.objects.exists()


def test_by_approval_a_team_applies_and_holds_no_seats():
    cohort = make.cohort(seats=1, admission="approval")
    outcome = make.team(cohort, "Ana", "Bo")
    assert states(cohort) == [("Ana", "applied", False, None), ("Bo", "applied", False, None)]
    assert ([one.name for one in outcome.applied], mails()) == (["Ana", "Bo"], [])


def test_more_seats_go_to_those_who_wait_once_the_window_has_passed():
    cohort = make.cohort(seats=1, seats_per_local_government=1)
    make.team(cohort, "Ana", "Bo")
    make.team(cohort, "Cy")
    cohort.refresh_from_db()
    cohort.seats = 3
    save_cohort(cohort=cohort)
    the_window_passes()
    assert states(cohort) == [
        ("Ana", "invited", True, None),
        ("Bo", "waitlisted", False, 1),
        ("Cy", "invited", True, 2),
    ]
    assert promote_from_waiting_list(cohort_id=cohort.pk) == []


def test_saving_a_form_that_was_open_for_long_forgets_nothing_given_out_meanwhile():
    cohort = make.cohort(seats=1)
    stale = Cohort.objects.get(pk=cohort.pk)
    make.team(cohort, "Ana", "Bo")
    stale.name = "Renamed"
    save_cohort(cohort=stale)
    cohort.refresh_from_db()
    assert (cohort.name, cohort.last_waiting_number, cohort.seat_state) == ("Renamed", 1, SeatState.WAITING)


def test_the_outbox_tells_staff_what_an_invitation_is_about():
    cohort = make.cohort()
    make.team(cohort, "Ana", "Bo")
    messages = list(Message.objects.filter(kind="team-invitation").order_by("id"))
    found = purposes.of(messages)
    assert [found[one.pk].label for one in messages] == [f"{cohort.course.title} (Ana)", f"{cohort.course.title} (Bo)"]
