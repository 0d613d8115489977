"""Places in line, invitations and applications end when nobody can answer them any more."""

from datetime import timedelta

import pytest
import time_machine

from core import clock
from learning.models import Cohort, Enrolment
from learning.services import apply_alone, call_off_cohort, end_unanswered
from mail import rendering
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork

pytestmark = pytest.mark.django_db


def states() -> list[tuple[str, str]]:
    return list(Enrolment.objects.order_by("pk").values_list("name", "state"))


def test_who_waits_is_told_once_seats_that_become_free_go_to_nobody():
    cohort = make.cohort(seats=2)
    make.learner(cohort, "Ana"), make.invited(cohort, "Bo")
    waiting = make.invited(cohort, "Cy")
    # Closed before the first day, those who wait still move up; not opened, they will.
    Cohort.objects.update(closes_at=clock.now())
    assert end_unanswered() == []
    Cohort.objects.update(closes_at=None, opens_at=clock.now() + timedelta(days=1))
    assert end_unanswered() == []
    with time_machine.travel(cohort.starts_at, tick=False):
        assert (end_unanswered(), end_unanswered()) == ([waiting.pk], [])
        (mail,) = teamwork.mails("enrolment-no-seat")
        assert mail.to_address == waiting.email
        assert "No seat became free for you in this cohort" in rendering.render(mail).text
    assert states() == [("Ana", "active"), ("Bo", "invited"), ("Cy", "lapsed")]


def test_what_nobody_answered_ends_in_silence_with_the_cohort():
    by_approval = make.cohort(admission="approval")
    apply_alone(cohort_id=by_approval.pk, person=accounts.PersonFactory(display_name="Dee"))
    cohort = make.cohort(seats=2)
    make.learner(cohort, "Ana"), make.invited(cohort, "Bo"), make.invited(cohort, "Cy")
    told = len(teamwork.mails("enrolment-no-seat"))
    with time_machine.travel(cohort.ends_at + timedelta(days=1), tick=False):
        assert len(end_unanswered()) == 3
    assert states() == [("Dee", "lapsed"), ("Ana", "active"), ("Bo", "lapsed"), ("Cy", "lapsed")]
    assert (told, teamwork.mails("enrolment-no-seat")) == (0, [])


def test_a_cohort_that_was_called_off_keeps_its_line_for_as_long_as_it_can_be_restored():
    cohort = make.cohort(seats=1)
    make.invited(cohort, "Ana"), make.invited(cohort, "Bo")
    call_off_cohort(cohort_id=cohort.pk)
    with time_machine.travel(cohort.starts_at, tick=False):
        assert end_unanswered() == []
