"""Erasing, merging cities, replacing, enrolling and learning at once in two cohorts: nobody waits for whoever waits for them."""

import pytest

from accounts.enums import Channel
from accounts.services import erase, subject_of
from learning.models import Cohort, TeamRequest
from learning.services import (
    complete_unit,
    enrol_team,
    give_held_seats,
    keep_teams,
    lapse_drafts,
    replace,
    restore_cohort,
    save_cohort,
    send_due_teams,
    take_back_team,
    withdraw_due_teams,
    withdraw_teams,
)
from mail import undo
from municipalities.enums import MembershipState
from municipalities.models import Membership
from municipalities.services import refuse_local_government
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory
from tests.races.cohorts import enrols, failed, faults

pytestmark = pytest.mark.django_db(transaction=True)


def leaves_now(cohort: Cohort, by: Membership, name: str) -> TeamRequest:
    """Return a team whose invitations leave with the next sweep."""
    return enrol_team(
        cohort_id=cohort.pk,
        local_government_id=by.local_government_id,
        coordinator=by.person,
        people=[make.invitee(name)],
        sends_at=cohort.created_at,
    ).team


@pytest.mark.rounds(40)
def test_whatever_is_done_at_once_nothing_waits_for_each_other(at_once):
    first, second = make.running_cohort(seats=30), make.running_cohort(seats=30)
    staff = PersonFactory(is_staff=True, is_superuser=True)
    here, there = cities.coordinator(), cities.coordinator()
    leaving = make.learner(first, "Ana", coordinator=here).person
    make.learner(second, "Ana", coordinator=there)
    asked = [cities.coordinator(state=MembershipState.ASKED, local_government=cities.proposed()) for _ in range(2)]
    for membership in asked:
        for cohort in (second, first):
            make.team(cohort, "Draft", "Second", coordinator=membership)
    reader = make.learner(first, "Reader", coordinator=here)
    swapped = make.learner(second, "Swapped", coordinator=there)
    erased = make.learner(first, "Gone", coordinator=there)
    make.learner(second, "Gone", coordinator=here)
    third = cities.coordinator()
    going = [make.team(cohort, "Going", coordinator=third).team for cohort in (second, first)]
    leaving_soon = [leaves_now(cohort, third, "Soon") for cohort in (first, second)]
    withdraw_teams(team_ids=[one.pk for one in going], by=third.person, at=first.created_at)
    Cohort.objects.update(fills_at=first.created_at)
    calls = [
        lambda: erase(subject=subject_of(leaving), channel=Channel.SELF),
        lambda: erase(subject=subject_of(erased.person), channel=Channel.SELF),
        lambda: erase(subject=subject_of(asked[0].person), channel=Channel.SELF),
        lambda: erase(subject=subject_of(third.person), channel=Channel.SELF),
        lambda: refuse_local_government(
            local_government_id=asked[1].local_government_id, by=staff, same_as=here.local_government_id
        ),
        lambda: replace(enrolment_id=swapped.pk, email="new@example.org", by=there.person),
        enrols(first, here, "Late"),
        enrols(second, there, "Late"),
        lapse_drafts,
        give_held_seats,
        send_due_teams,
        withdraw_due_teams,
        lambda: keep_teams(team_ids=[one.pk for one in going]),
        lambda: take_back_team(team_id=leaving_soon[1].pk, by=third.person),
        lambda: withdraw_teams(team_ids=[one.pk for one in leaving_soon], by=third.person),
        lambda: withdraw_teams(team_ids=[one.pk for one in going], by=third.person, at=undo.leaves_at()),
        lambda: save_cohort(cohort=Cohort.objects.get(pk=second.pk)),
        # Nothing to restore: it takes its locks all the same.
        lambda: restore_cohort(cohort_id=first.pk),
        *(
            lambda unit=unit: complete_unit(enrolment_id=reader.pk, unit_id=unit.pk)
            for unit in make.units_of(first.course)
        ),
    ]
    answers = at_once(calls)
    assert failed(answers) == []
    assert faults(first) + faults(second) == []
    reader.refresh_from_db()
    assert reader.state == "completed"
