"""What a coordinator writes down who waits to be approved: seats held in silence, sent, declined, lapsed."""

from datetime import timedelta

import pytest
import time_machine

from core import clock
from learning import errors
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import (
    end_unanswered,
    lapse_drafts,
    preview_team,
    withdraw_teams,
)
from mail import rendering
from mail.models import Message
from municipalities.enums import MembershipState
from municipalities.models import Membership
from municipalities.services import (
    approve_membership,
    decline_membership,
    end_membership,
    refuse_local_government,
)
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning.people import asked, mails, staff, states

pytestmark = pytest.mark.django_db


def test_until_the_coordinator_is_approved_people_are_drafts_with_seats_and_hear_nothing():
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


def test_approving_the_coordinator_invites_them():
    cohort = make.cohort(seats=1)
    membership = asked()
    make.team(cohort, "Ana", "Bo", coordinator=membership)
    approve_membership(membership_id=membership.pk, by=staff())
    assert states(cohort) == [("Ana", "invited", True, None), ("Bo", "waitlisted", False, 1)]
    assert mails() == [
        ("team-invitation", "ana@example.org"),
        ("enrolment-waiting", "bo@example.org"),
        ("team-sent", membership.person.email),
    ]
    assert TeamRequest.objects.get().state == "sent"


@pytest.mark.parametrize("admission", ["open", "approval"])
def test_approved_once_no_seats_are_given_only_who_has_one_is_invited_and_the_coordinator_reads_it(admission):
    starts = clock.now().date() + timedelta(days=3)
    cohort = make.cohort(seats=1, admission=admission, starts_on=starts)
    membership = asked()
    make.team(cohort, "Ana", "Bo", coordinator=membership)
    with time_machine.travel(cohort.starts_at + timedelta(minutes=1)):
        approve_membership(membership_id=membership.pk, by=staff())
        assert end_unanswered() == []
        text = rendering.render(Message.objects.get(kind="team-sent")).text
    told = [("team-sent", membership.person.email)]
    if admission == "open":
        assert states(cohort) == [("Ana", "invited", True, None), ("Bo", "lapsed", False, 1)]
        assert mails() == [("team-invitation", "ana@example.org"), *told]
        assert ("1 person has a seat." in text, "1 person found no seat." in text) == (True, True)
    else:
        assert (states(cohort), mails()) == ([("Ana", "lapsed", False, None), ("Bo", "lapsed", False, None)], told)
        assert ("2 people found no seat." in text, "have a seat" in text) == (True, False)


def test_approved_before_enrolment_opens_anew_who_waits_goes_on_waiting():
    cohort = make.cohort(seats=1)
    membership = asked()
    make.team(cohort, "Ana", "Bo", coordinator=membership)
    Cohort.objects.filter(pk=cohort.pk).update(opens_at=clock.now() + timedelta(days=1))
    approve_membership(membership_id=membership.pk, by=staff())
    assert states(cohort) == [("Ana", "invited", True, None), ("Bo", "waitlisted", False, 1)]


def test_declining_the_coordinator_frees_the_seats_for_the_next_in_line():
    cohort = make.cohort(seats=1)
    membership = asked()
    make.team(cohort, "Ana", coordinator=membership)
    make.team(cohort, "Bo")
    decline_membership(membership_id=membership.pk, by=staff(), reason="")
    assert states(cohort) == [("Ana", "lapsed", False, None), ("Bo", "invited", True, 1)]
    assert mails() == [("enrolment-waiting", "bo@example.org"), ("enrolment-promoted", "bo@example.org")]


def test_taking_the_request_back_frees_the_seats():
    cohort = make.cohort(seats=1)
    membership = asked()
    make.team(cohort, "Ana", coordinator=membership)
    end_membership(membership_id=membership.pk, by=membership.person)
    assert states(cohort) == [("Ana", "lapsed", False, None)]


def test_after_seven_days_they_lapse():
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


def test_drawn_up_again_a_draft_holds_its_seats_no_longer_than_the_first_one():
    cohort = make.cohort(seats=1, starts_on=clock.now().date() + timedelta(days=30))
    membership = asked()
    first = make.team(cohort, "Ana", coordinator=membership).team
    with time_machine.travel(clock.now() + timedelta(days=6)):
        withdraw_teams(team_ids=[first.pk], by=membership.person)
        second = make.team(cohort, "Bo", coordinator=membership).team
        assert second.holds_until - first.holds_until < timedelta(seconds=1)
    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1)):
        assert lapse_drafts() == [second.pk]
        with pytest.raises(errors.TooManyDrafts):
            make.team(cohort, "Cy", coordinator=membership)
        # Somebody else's draft is none of theirs, and another cohort's seats were not held yet.
        assert make.team(cohort, "Di", coordinator=asked()).is_draft
        assert make.team(make.cohort(), "Ed", coordinator=membership).is_draft
        approve_membership(membership_id=membership.pk, by=staff())
        assert make.team(cohort, "Cy", coordinator=membership).team.state == "sent"


@pytest.mark.parametrize("how", ["asked anew", "another city", "withdrawn first"])
def test_holding_seats_for_ever_by_asking_again(how):
    cohort = make.cohort(starts_on=clock.now().date() + timedelta(days=30))
    membership = asked()
    team = make.team(cohort, "Ana", coordinator=membership).team
    if how == "withdrawn first":
        withdraw_teams(team_ids=[team.pk], by=membership.person)
    if how == "another city":
        city = cities.local_government()
    else:
        end_membership(membership_id=membership.pk, by=membership.person)
        city = membership.local_government
    with time_machine.travel(clock.now() + timedelta(days=6)):
        again = asked(person=membership.person, local_government=city)
        second = make.team(cohort, "Bo", coordinator=again).team
        assert second.holds_until - team.holds_until < timedelta(seconds=1)
    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1)):
        assert second.pk in lapse_drafts()
        third = asked(person=membership.person)
        with pytest.raises(errors.TooManyDrafts):
            make.team(cohort, "Cy", coordinator=third)


def test_whose_team_was_sent_once_and_withdrawn_holds_seats_for_seven_days_like_anybody():
    cohort = make.cohort(starts_on=clock.now().date() + timedelta(days=30))
    former = cities.coordinator()
    team = make.team(cohort, "Ana", coordinator=former).team
    withdraw_teams(team_ids=[team.pk], by=former.person)
    with time_machine.travel(clock.now() + timedelta(days=8)):
        draft = make.team(cohort, "Bo", coordinator=asked(person=former.person)).team
        assert draft.holds_until - clock.now() > timedelta(days=6, hours=23)


def test_the_sweep_sends_what_an_approval_missed():
    cohort = make.cohort()
    membership = asked()
    make.team(cohort, "Ana", coordinator=membership)
    Membership.objects.filter(pk=membership.pk).update(
        state=MembershipState.APPROVED, starts_on=clock.now().date(), decided_at=clock.now()
    )
    assert lapse_drafts() == []
    assert states(cohort) == [("Ana", "invited", True, None)]


def test_who_waits_to_be_approved_learns_nothing_of_the_city_s_team():
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


def test_whom_the_city_has_already_is_not_invited_twice_when_drafts_are_sent():
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


def test_nobody_holds_more_than_fifty_seats_by_drafts():
    cohort = make.cohort()
    membership = asked()
    make.team(cohort, *(f"Person {number}" for number in range(49)), coordinator=membership)
    elsewhere = asked(person=membership.person)
    with pytest.raises(errors.TooManyDrafts):
        make.team(make.cohort(), "Ana", "Bo", coordinator=elsewhere)


def test_a_coordinator_of_former_days_who_asks_again_drafts_like_anybody():
    cohort = make.cohort()
    former = cities.coordinator()
    make.team(cohort, "Ana", coordinator=former)
    Membership.objects.filter(pk=former.pk).update(state=MembershipState.ENDED, ends_on=clock.now().date())
    again = asked(person=former.person, local_government=former.local_government)
    make.team(cohort, "Bo", coordinator=again)
    assert states(cohort) == [("Ana", "invited", True, None), ("Bo", "drafted", True, None)]


def test_a_proposed_city_that_was_known_takes_its_drafts_along():
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


def test_a_members_wish_that_a_merge_does_not_grant_holds_no_seats():
    cohort = make.cohort(seats=1)
    place, member = cities.proposed(), cities.membership()
    membership = asked(local_government=place, person=member.person)
    make.team(cohort, "Ana", coordinator=membership)
    make.team(cohort, "Bo")
    refuse_local_government(local_government_id=place.pk, by=staff(), same_as=member.local_government_id)
    assert states(cohort) == [("Ana", "lapsed", False, None), ("Bo", "invited", True, 1)]


def test_by_approval_drafts_come_to_the_moderator_only_once_sent():
    cohort = make.cohort(seats=1, admission="approval")
    membership = asked()
    make.team(cohort, "Ana", coordinator=membership)
    assert states(cohort) == [("Ana", "drafted", False, None)]
    assert list(Enrolment.objects.applications()) == []
    approve_membership(membership_id=membership.pk, by=staff())
    assert [one.name for one in Enrolment.objects.applications()] == ["Ana"]
