"""Enrolling teams through the service: seats of the cohort and of each city, waiting, drafts, refusals, mails."""

from datetime import timedelta

import pytest
import time_machine

from core import clock
from learning import errors
from learning.enums import SeatState
from learning.models import Cohort, Enrolment, EnrolmentChange, TeamRequest
from learning.services import (
    call_off_cohort,
    enrol_team,
    lapse_drafts,
    preview_team,
    promote_from_waiting_list,
    replace,
    save_cohort,
    withdraw_enrolment,
    withdraw_team,
)
from mail import purposes
from mail.models import Message
from municipalities.enums import MembershipRole, MembershipState, Standing
from municipalities.models import Membership
from municipalities.services import (
    approve_membership,
    decline_membership,
    end_membership,
    refuse_local_government,
)
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory

pytestmark = pytest.mark.django_db


def states(cohort: Cohort) -> list[tuple[str, str, bool, int | None]]:
    found = cohort.enrolments.order_by("pk")
    return list(found.values_list("name", "state", "has_seat", "waiting_number"))


def mails() -> list[tuple[str, str]]:
    ours = Message.objects.filter(kind__regex=r"^(team|enrolment|application)-").order_by("id")
    return list(ours.values_list("kind", "to_address"))


def asked(**fields) -> Membership:
    """Make the request of somebody who would coordinate a city and is not approved."""
    return cities.coordinator(state=MembershipState.ASKED, **fields)


def staff():
    return PersonFactory(is_staff=True, is_superuser=True)


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


class TestDrafts:
    def test_until_the_coordinator_is_approved_people_are_drafts_with_seats_and_hear_nothing(self):
        cohort = make.cohort(seats=2)
        outcome = make.team(cohort, "Ana", "Bo", "Cy", coordinator=asked())
        assert states(cohort) == [
            ("Ana", "drafted", True, None),
            ("Bo", "drafted", True, None),
            ("Cy", "drafted", False, 1),
        ]
        assert (outcome.is_draft, mails()) == (True, [])
        assert outcome.team.holds_until - clock.now() > timedelta(days=6, hours=23)
        make.team(cohort, "Di")
        assert states(cohort)[3] == ("Di", "waitlisted", False, 2)

    def test_approving_the_coordinator_invites_them(self):
        cohort = make.cohort(seats=1)
        membership = asked()
        make.team(cohort, "Ana", "Bo", coordinator=membership)
        approve_membership(membership_id=membership.pk, by=staff())
        assert states(cohort) == [("Ana", "invited", True, None), ("Bo", "waitlisted", False, 1)]
        assert mails() == [("team-invitation", "ana@example.org"), ("enrolment-waiting", "bo@example.org")]
        assert TeamRequest.objects.get().state == "sent"

    def test_declining_the_coordinator_frees_the_seats_for_the_next_in_line(self):
        cohort = make.cohort(seats=1)
        membership = asked()
        make.team(cohort, "Ana", coordinator=membership)
        make.team(cohort, "Bo")
        decline_membership(membership_id=membership.pk, by=staff(), reason="")
        assert states(cohort) == [("Ana", "lapsed", False, None), ("Bo", "invited", True, 1)]
        assert mails() == [("enrolment-waiting", "bo@example.org"), ("enrolment-promoted", "bo@example.org")]

    def test_taking_the_request_back_frees_the_seats(self):
        cohort = make.cohort(seats=1)
        membership = asked()
        make.team(cohort, "Ana", coordinator=membership)
        end_membership(membership_id=membership.pk, by=membership.person)
        assert states(cohort) == [("Ana", "lapsed", False, None)]

    def test_after_seven_days_they_lapse(self):
        cohort = make.cohort(seats=1)
        team = make.team(cohort, "Ana", coordinator=asked()).team
        make.team(cohort, "Bo")
        with time_machine.travel(clock.now() + timedelta(days=6, hours=23)):
            assert lapse_drafts() == []
        with time_machine.travel(clock.now() + timedelta(days=7, minutes=1)):
            assert lapse_drafts() == [team.pk]
            assert lapse_drafts() == []
        assert states(cohort) == [("Ana", "lapsed", False, None), ("Bo", "invited", True, 1)]
        team.refresh_from_db()
        assert (team.state, team.holds_until) == ("lapsed", None)
        # The wait was not theirs: whoever wrote them down is told.
        assert ("team-lapsed", team.coordinator.email) in mails()

    def test_drawn_up_again_a_draft_holds_its_seats_no_longer_than_the_first_one(self):
        cohort = make.cohort(seats=1, starts_on=clock.now().date() + timedelta(days=30))
        membership = asked()
        first = make.team(cohort, "Ana", coordinator=membership).team
        with time_machine.travel(clock.now() + timedelta(days=6)):
            withdraw_team(team_id=first.pk, by=membership.person)
            second = make.team(cohort, "Bo", coordinator=membership).team
            assert second.holds_until - first.holds_until < timedelta(seconds=1)
        with time_machine.travel(clock.now() + timedelta(days=7, minutes=1)):
            assert lapse_drafts() == [second.pk]
            with pytest.raises(errors.TooManyDrafts):
                make.team(cohort, "Cy", coordinator=membership)
            # A request of its own begins anew.
            other = asked(person=membership.person)
            assert make.team(cohort, "Di", coordinator=other).team.holds_until > clock.now() + timedelta(days=6)

    def test_the_sweep_sends_what_an_approval_missed(self):
        cohort = make.cohort()
        membership = asked()
        make.team(cohort, "Ana", coordinator=membership)
        Membership.objects.filter(pk=membership.pk).update(
            state=MembershipState.APPROVED, starts_on=clock.now().date(), decided_at=clock.now()
        )
        assert lapse_drafts() == []
        assert states(cohort) == [("Ana", "invited", True, None)]

    def test_who_waits_to_be_approved_learns_nothing_of_the_city_s_team(self):
        cohort = make.cohort()
        real = cities.coordinator()
        make.team(cohort, "Ana", coordinator=real)
        stranger = asked(local_government=real.local_government)
        lines = "ana@example.org\nbo@example.org"
        about = {"cohort_id": cohort.pk, "local_government_id": real.local_government_id, "lines": lines}
        preview = preview_team(**about, coordinator=stranger.person)
        assert [row.problem for row in preview.rows] == ["", ""]
        outcome = make.team(cohort, "Ana", "Bo", coordinator=stranger)
        assert (len(outcome.invited), outcome.already) == (2, [])
        again = preview_team(**about, coordinator=stranger.person)
        assert [row.problem for row in again.rows] == ["This address is already in your team."] * 2

    def test_whom_the_city_has_already_is_not_invited_twice_when_drafts_are_sent(self):
        cohort = make.cohort(seats=3)
        real = cities.coordinator()
        make.team(cohort, "Ana", coordinator=real)
        late = asked(local_government=real.local_government)
        make.team(cohort, "Ana", "Bo", coordinator=late)
        make.team(cohort, "Cy")
        approve_membership(membership_id=late.pk, by=real.person)
        assert states(cohort) == [
            ("Ana", "invited", True, None),
            ("Ana", "lapsed", False, None),
            ("Bo", "invited", True, None),
            ("Cy", "invited", True, 1),
        ]
        assert mails().count(("team-invitation", "ana@example.org")) == 1

    def test_nobody_holds_more_than_fifty_seats_by_drafts(self):
        cohort = make.cohort()
        membership = asked()
        make.team(cohort, *(f"Person {number}" for number in range(49)), coordinator=membership)
        elsewhere = asked(person=membership.person)
        with pytest.raises(errors.TooManyDrafts):
            make.team(make.cohort(), "Ana", "Bo", coordinator=elsewhere)

    def test_a_coordinator_of_former_days_who_asks_again_drafts_like_anybody(self):
        cohort = make.cohort()
        former = cities.coordinator()
        make.team(cohort, "Ana", coordinator=former)
        Membership.objects.filter(pk=former.pk).update(state=MembershipState.ENDED, ends_on=clock.now().date())
        again = asked(person=former.person, local_government=former.local_government)
        make.team(cohort, "Bo", coordinator=again)
        assert states(cohort) == [("Ana", "invited", True, None), ("Bo", "drafted", True, None)]

    def test_a_proposed_city_that_was_known_takes_its_drafts_along(self):
        cohort = make.cohort(seats=3)
        place, known = cities.proposed(), cities.coordinator()
        make.team(cohort, "Ana", coordinator=known)
        membership = asked(local_government=place)
        make.team(cohort, "Ana", "Bo", coordinator=membership)
        refuse_local_government(local_government_id=place.pk, by=staff(), same_as=known.local_government_id)
        assert set(Enrolment.objects.values_list("local_government", flat=True)) == {known.local_government_id}
        assert [one[1] for one in states(cohort)] == ["invited", "drafted", "drafted"]
        approve_membership(membership_id=membership.pk, by=known.person)
        assert states(cohort) == [
            ("Ana", "invited", True, None),
            ("Ana", "lapsed", False, None),
            ("Bo", "invited", True, None),
        ]

    def test_a_members_wish_that_a_merge_does_not_grant_holds_no_seats(self):
        cohort = make.cohort(seats=1)
        place, member = cities.proposed(), cities.membership()
        membership = asked(local_government=place, person=member.person)
        make.team(cohort, "Ana", coordinator=membership)
        make.team(cohort, "Bo")
        refuse_local_government(local_government_id=place.pk, by=staff(), same_as=member.local_government_id)
        assert states(cohort) == [("Ana", "lapsed", False, None), ("Bo", "invited", True, 1)]


def test_by_approval_a_team_applies_and_holds_no_seats():
    cohort = make.cohort(seats=1, admission="approval")
    outcome = make.team(cohort, "Ana", "Bo")
    assert states(cohort) == [("Ana", "applied", False, None), ("Bo", "applied", False, None)]
    assert ([one.name for one in outcome.applied], mails()) == (["Ana", "Bo"], [])


def test_by_approval_drafts_come_to_the_moderator_only_once_sent():
    cohort = make.cohort(seats=1, admission="approval")
    membership = asked()
    make.team(cohort, "Ana", coordinator=membership)
    assert states(cohort) == [("Ana", "drafted", False, None)]
    assert list(Enrolment.objects.applications()) == []
    approve_membership(membership_id=membership.pk, by=staff())
    assert [one.name for one in Enrolment.objects.applications()] == ["Ana"]


def test_more_seats_go_to_those_who_wait_at_once():
    cohort = make.cohort(seats=1, seats_per_local_government=1)
    make.team(cohort, "Ana", "Bo")
    make.team(cohort, "Cy")
    cohort.refresh_from_db()
    cohort.seats = 3
    save_cohort(cohort=cohort)
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
