"""The staff's queue says how many people approving a coordinator invites: as many as then get a mail."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from learning import drafted
from learning.models import Cohort, TeamRequest
from learning.services import call_off_cohort
from municipalities.models import Membership
from municipalities.services import approve_membership
from municipalities.services.foreseeing import foresee_approving
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.accounts import editor, sign_in
from tests.learning.people import asked, mails, staff

pytestmark = pytest.mark.django_db


def said() -> list[str]:
    """Return what the queue says about inviting, row by row."""
    html = sign_in(Client(), editor()).get(reverse("membership_queue")).content.decode()
    return re.findall(r"Approving writes to [^<]*", html)


def told_by_approving(membership: Membership) -> int:
    """Approve, and return how many people of the team are written to."""
    before = len(mails())
    approve_membership(membership_id=membership.pk, by=staff())
    return len({address for kind, address in mails()[before:] if kind in ("team-invitation", "enrolment-waiting")})


def test_the_queue_counts_everybody_once_whom_approving_invites():
    membership = asked()
    first, second, off = make.cohort(seats=2), make.cohort(), make.cohort()
    make.team(first, "Ana", "Bo", "Cy", coordinator=membership)
    make.team(second, "Ana", "Di", coordinator=membership)
    make.team(off, "Ed", coordinator=membership)
    call_off_cohort(cohort_id=off.pk)
    # Another's draft for the same city, and somebody who has written nobody down.
    other = asked(local_government=membership.local_government)
    make.team(second, "Fe", coordinator=other)
    asked()
    assert said() == ["Approving writes to 4 people of the team.", "Approving writes to 1 person of the team."]
    assert told_by_approving(membership) == 4


def test_who_would_not_be_told_is_not_counted():
    membership = asked()
    by_approval, late = make.cohort(admission="approval"), make.cohort(seats=1)
    make.team(by_approval, "Ana", coordinator=membership)
    make.team(late, "Bo", "Cy", coordinator=membership)
    # Whom the city has enrolled meanwhile gets nothing a second time.
    former = cities.coordinator(local_government=membership.local_government)
    common = make.cohort()
    for one in (membership, former):
        make.team(common, "Di", coordinator=one)
    Cohort.objects.filter(pk=late.pk).update(starts_on=date(2020, 1, 1))
    Membership.objects.filter(pk=former.pk).update(state="ended", ends_on=former.starts_on)
    assert said() == ["Approving writes to 1 person of the team."]
    assert told_by_approving(membership) == 1


@pytest.mark.parametrize("moment", ["sends_at", "withdraws_at"])
def test_a_team_that_leaves_or_ends_at_a_moment_of_its_own_is_not_sent_by_approving(moment):
    membership = asked()
    make.team(make.cohort(), "Ana", "Bo", coordinator=membership)
    make.team(make.cohort(), "Cy", coordinator=membership)
    own = TeamRequest.objects.get(enrolments__name="Cy")
    TeamRequest.objects.filter(pk=own.pk).update(**{moment: clock.now() + timedelta(minutes=2)})
    assert said() == ["Approving writes to 2 people of the team."]
    assert "cy@example.org" not in foresee_approving(membership).people
    assert len(foresee_approving(membership).people) == 3


@pytest.mark.parametrize("number", [1, 3])
def test_counting_costs_one_statement_however_many_were_written_down(number, django_assert_num_queries):
    memberships = [asked() for _ in range(number)]
    for one in memberships:
        make.team(make.cohort(), *("Ana", "Bo", "Cy")[:number], coordinator=one)
    with django_assert_num_queries(1):
        found = drafted.invited_by({(one.person_id, one.local_government_id) for one in memberships})
    assert list(found.values()) == [number] * number
