"""Drafts of a cohort that is called off: kept when their coordinator is approved, sent once it is restored."""

from datetime import timedelta

import pytest
import time_machine

from core import clock
from learning.models import Cohort, TeamRequest
from learning.services import call_off_cohort, give_held_seats, lapse_drafts, restore_cohort
from learning.services.foreseeing import foresee_restoring
from mail import rendering
from mail.models import Message
from municipalities.services import approve_membership
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.people import asked, mails, staff, states, the_window_passes
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db


def approved_while_called_off(cohort: Cohort, *names: str):
    """Return the coordinator's membership: who wrote these down, and was approved with the cohort called off."""
    membership = asked()
    make.team(cohort, *names, coordinator=membership)
    call_off_cohort(cohort_id=cohort.pk)
    approve_membership(membership_id=membership.pk, by=staff())
    return membership


def test_approved_while_it_is_called_off_they_stay_drafts_and_are_sent_once_it_is_restored():
    cohort = make.cohort(seats=1)
    membership = approved_while_called_off(cohort, "Ana", "Bo")
    drafted = [("Ana", "drafted", True, None), ("Bo", "drafted", False, 1)]
    assert (states(cohort), mails()) == (drafted, [])
    # However long it lasts.
    with time_machine.travel(clock.now() + timedelta(days=8)):
        assert (lapse_drafts(), states(cohort), mails()) == ([], drafted, [])
        # Two people and their coordinator.
        assert foresee_restoring(Cohort.objects.get()).again == 3
        restore_cohort(cohort_id=cohort.pk)
        # Neither the sweep of drafts nor the one of held seats comes before its time.
        assert (lapse_drafts(), give_held_seats(), states(cohort), mails()) == ([], [], drafted, [])
        the_window_passes()
    assert states(cohort) == [("Ana", "invited", True, None), ("Bo", "waitlisted", False, 1)]
    assert mails() == [
        ("team-invitation", "ana@example.org"),
        ("enrolment-waiting", "bo@example.org"),
        ("team-sent", membership.person.email),
    ]


def test_a_seat_that_became_free_meanwhile_is_told_in_one_mail():
    cohort = make.cohort(seats=1)
    approved_while_called_off(cohort, "Ana", "Bo")
    Cohort.objects.update(seats=2)
    found = foresee_restoring(Cohort.objects.get())
    assert (found.again, found.promoted) == (3, 0)
    restore_cohort(cohort_id=cohort.pk)
    the_window_passes()
    assert [kind for kind, _to in mails()] == ["team-invitation", "team-invitation", "team-sent"]


def test_whose_coordinator_still_waits_stays_a_draft_and_counts_for_nobody():
    cohort = make.cohort()
    make.team(cohort, "Ana", coordinator=asked())
    call_off_cohort(cohort_id=cohort.pk)
    assert foresee_restoring(Cohort.objects.get()).tells_nobody
    restore_cohort(cohort_id=cohort.pk)
    assert (states(cohort), mails()) == ([("Ana", "drafted", True, None)], [])


def test_over_before_it_was_restored_its_drafts_are_let_go():
    cohort = make.cohort()
    approved_while_called_off(cohort, "Ana")
    with time_machine.travel(cohort.ends_at + timedelta(minutes=1)):
        assert foresee_restoring(Cohort.objects.get()).tells_nobody
        lapse_drafts()
    assert (states(cohort), mails()) == ([("Ana", "lapsed", False, None)], [])
    assert TeamRequest.objects.get().state == "lapsed"


def test_who_is_approved_after_their_drafts_were_let_go_is_told_to_enrol_them_anew_at_once():
    membership = asked()
    cohort = make.cohort(starts_on=clock.now().date() + timedelta(days=30))
    make.team(cohort, "Ana", coordinator=membership)
    anew, later = "Enrol them anew.", "Once you are approved as coordinator, enrol them anew."
    one = teamwork.Team(cohort, membership)

    def said() -> list[bool]:
        page = words(teamwork.client_of(one.coordinator).get(one.dashboard()))
        mail = rendering.render(Message.objects.get(kind="team-lapsed")).text.replace("\n", " ")
        return [sentence in text for text in (page, mail) for sentence in (anew, later)]

    TeamRequest.objects.update(holds_until=clock.now() - timedelta(minutes=1))
    assert len(lapse_drafts()) == 1
    assert said() == [False, True, False, True]
    approve_membership(membership_id=membership.pk, by=staff())
    assert said() == [True, False, True, False]
