"""Places in line, invitations and applications end when nobody can answer them any more."""

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError

from core import clock
from learning.models import Cohort, Enrolment
from learning.services import (
    apply_alone,
    call_off_cohort,
    end_unanswered,
    fill_free_seats,
    promoting,
    withdraw_enrolment,
)
from learning.tasks import lapse_drafts
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


def test_who_takes_part_already_reads_nothing_of_a_second_citys_place_that_ends():
    cohort = make.cohort(seats=1)
    make.learner(cohort, "Ana"), make.invited(cohort, "Ana"), make.invited(cohort, "Bo")
    with time_machine.travel(cohort.starts_at, tick=False):
        assert len(end_unanswered()) == 2
    assert states() == [("Ana", "active"), ("Ana", "lapsed"), ("Bo", "lapsed")]
    assert [mail.to_address for mail in teamwork.mails("enrolment-no-seat")] == ["bo@example.org"]


def test_applications_that_nobody_decided_on_end_with_the_seats_and_who_applied_is_told():
    cohort = make.cohort(admission="approval")
    alone = apply_alone(cohort_id=cohort.pk, person=accounts.PersonFactory(display_name="Dee"))
    make.invited(cohort, "Ana")
    with time_machine.travel(cohort.starts_at - timedelta(minutes=1)):
        assert end_unanswered() == []
    with time_machine.travel(cohort.starts_at, tick=False):
        assert (len(end_unanswered()), end_unanswered()) == (2, [])
        # Ana never heard of what her city asked for.
        (mail,) = teamwork.mails("enrolment-no-seat")
        assert mail.to_address == alone.email
        written = rendering.render(mail)
        assert written.subject == f"Your application is declined: \u2068{cohort.course.title}\u2069"
        assert "The moderators could not give you a place in this cohort." in written.text
        assert "No seat became free" not in written.text
    assert states() == [("Dee", "lapsed"), ("Ana", "lapsed")]


def test_a_seat_that_became_free_while_nobody_could_get_it_is_given_out_by_the_sweep():
    cohort, later = make.cohort(seats=1), make.cohort(seats=1)
    for one in (cohort, later):
        first = make.invited(one, "Ana")
        make.invited(one, "Bo")
        Cohort.objects.filter(pk=one.pk).update(opens_at=clock.now() + timedelta(days=1))
        withdraw_enrolment(enrolment_id=first.pk, by=None)
    lapse_drafts()
    assert states() == [("Ana", "withdrawn"), ("Bo", "waitlisted")] * 2
    Cohort.objects.filter(pk=cohort.pk).update(opens_at=None)
    lapse_drafts()
    assert states() == [("Ana", "withdrawn"), ("Bo", "invited"), ("Ana", "withdrawn"), ("Bo", "waitlisted")]
    assert [mail.to_address for mail in teamwork.mails("enrolment-promoted")] == ["bo@example.org"]
    assert fill_free_seats() == []


def test_a_cohort_whose_seats_cannot_be_given_does_not_hold_up_the_others(monkeypatch):
    broken, whole = make.cohort(seats=1), make.cohort(seats=1)
    for one in (broken, whole):
        make.invited(one, "Ana"), make.invited(one, "Bo")
    Cohort.objects.update(seats=2)
    give = promoting.promote_from_waiting_list

    def give_unless_broken(*, cohort_id):
        if cohort_id == broken.pk:
            raise OperationalError
        return give(cohort_id=cohort_id)

    monkeypatch.setattr(promoting, "promote_from_waiting_list", give_unless_broken)
    assert len(fill_free_seats()) == 1
    assert states() == [("Ana", "invited"), ("Bo", "waitlisted"), ("Ana", "invited"), ("Bo", "invited")]


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
