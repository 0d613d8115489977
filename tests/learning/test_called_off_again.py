"""A cohort that is called off once more just after it was restored: who knows already is not told anew."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from core import clock
from learning.audiences import CalledOff
from learning.models import Cohort, Enrolment
from learning.services import (
    admit,
    apply_alone,
    call_off_cohort,
    join,
    notices,
    restore_cohort,
    withdraw_enrolment,
)
from mail import rehearsal
from mail.enums import State
from mail.models import Message
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork

pytestmark = pytest.mark.django_db

WINDOW = timedelta(seconds=120)


@pytest.fixture(autouse=True)
def time(settings):
    settings.MAIL_UNDO_SECONDS = 120
    with time_machine.travel(clock.now().replace(microsecond=0), tick=False) as traveller:
        yield traveller


@pytest.fixture
def cohort() -> Cohort:
    """A cohort that Ana is invited to and that Bo has joined."""
    found = make.cohort()
    make.invited(found, "Ana")
    join(enrolment_id=make.invited(found, "Bo").pk)
    return found


def leave(*, kind: str = notices.CALLED_OFF, **fields) -> None:
    """Let what waits leave."""
    now = clock.now()
    ended = {"state": State.ACCEPTED, "first_tried_at": now, "started_at": now, "finished_at": now, "attempts": 1}
    Message.objects.filter(state=State.QUEUED, kind=kind).update(**{**ended, **fields})


def call_off(cohort: Cohort) -> list[str]:
    """Call it off; return who is told, which is whom the rehearsal names."""
    cohort.refresh_from_db()
    foreseen = sorted(CalledOff(cohort).addresses())
    called_off = call_off_cohort(cohort_id=cohort.pk)
    mails = [one for one in teamwork.mails(notices.CALLED_OFF) if one.state == State.QUEUED]
    now = called_off.called_off_at.isoformat()
    told = sorted(one.to_address for one in mails if one.params["called_off"] == now)
    assert told == foreseen
    return [one.partition("@")[0] for one in told]


def called_off_and_told(cohort: Cohort, time) -> None:
    assert call_off(cohort) == ["ana", "bo"]
    time.shift(WINDOW)
    leave()


def restored(cohort: Cohort, time, after: int = 60) -> None:
    """Restore it an hour later, and let some seconds pass."""
    time.shift(3600)
    restore_cohort(cohort_id=cohort.pk)
    time.shift(after)


@pytest.mark.parametrize(("after", "told"), [(119, []), (120, ["ana", "bo"])])
def test_within_the_window_of_its_restoration_nobody_is_told_twice(cohort, time, after, told):
    called_off_and_told(cohort, time)
    restored(cohort, time, after)
    assert call_off(cohort) == told


def test_whom_the_former_mail_did_not_reach_is_told(cohort, time):
    assert call_off(cohort) == ["ana", "bo"]
    bo = Message.objects.get(kind=notices.CALLED_OFF, to_address="bo@example.org")
    time.shift(WINDOW)
    leave(state=State.FAILED, reason="refused")
    Message.objects.filter(pk=bo.pk).update(state=State.UNKNOWN, reason="no_answer")
    restored(cohort, time)
    assert call_off(cohort) == ["ana"]


def test_who_was_about_to_hear_it_when_it_was_restored_is_told(cohort, time):
    assert call_off(cohort) == ["ana", "bo"]
    restored(cohort, time)
    assert call_off(cohort) == ["ana", "bo"]


def test_who_was_invited_or_has_joined_meanwhile_is_told(cohort, time):
    called_off_and_told(cohort, time)
    restored(cohort, time)
    join(enrolment_id=Enrolment.objects.get(name="Ana").pk)
    make.invited(cohort, "Cy")
    assert call_off(cohort) == ["ana", "cy"]


@pytest.mark.parametrize(("has_left", "told"), [(True, ["cy"]), (False, [])])
def test_who_has_read_in_a_mail_that_it_takes_place_is_told(time, has_left, told):
    cohort = make.cohort(admission="approval")
    cy = apply_alone(cohort_id=cohort.pk, person=accounts.PersonFactory(email="cy@example.org"))
    assert call_off(cohort) == ["cy"]
    time.shift(WINDOW)
    leave()
    restored(cohort, time)
    # Who takes part from an hour before the restoration is not told for that.
    admit(enrolment_id=cy.pk, by=accounts.PersonFactory())
    Enrolment.objects.filter(pk=cy.pk).update(joined_at=clock.now() - timedelta(hours=1))
    if has_left:
        leave(kind=notices.ADMITTED)
    assert call_off(cohort) == told


def test_a_chain_of_restorations_tells_nobody_twice_and_forgets_nobody(cohort, time):
    called_off_and_told(cohort, time)
    restored(cohort, time)
    make.invited(cohort, "Cy")
    assert call_off(cohort) == ["cy"]
    restored(cohort, time)
    assert call_off(cohort) == ["cy"]
    time.shift(WINDOW)
    leave()
    restored(cohort, time)
    assert call_off(cohort) == []


def test_who_takes_a_restoration_that_stood_for_good_is_told_once_more(cohort, time):
    called_off_and_told(cohort, time)
    restored(cohort, time, after=300)
    assert call_off(cohort) == ["ana", "bo"]
    # Taken back before it left: their last word is the restoration that stood.
    restored(cohort, time)
    assert call_off(cohort) == ["ana", "bo"]


def test_an_address_that_two_cities_invited_knows_by_the_one_mail_it_got(cohort, time):
    make.invited(cohort, "Ana")
    called_off_and_told(cohort, time)
    restored(cohort, time)
    assert call_off(cohort) == []


def screen(name: str, cohort: Cohort) -> tuple[list[str], bool]:
    """Return the sentences of a screen, and whether it shows a sample."""
    staff = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
    html = staff.get(reverse(f"cohorts:{name}", args=[cohort.pk])).content.decode()
    [said] = re.findall(r'<p class="help-block help-info">(.*?)</p>', html, re.DOTALL)
    return re.split(r"(?<=\.) ", unescape(said).strip()), "<iframe" in html


def test_the_screen_counts_whom_it_tells_and_says_who_knows(cohort, time):
    called_off_and_told(cohort, time)
    restored(cohort, time)
    closed = "Nobody can join or read its units any more."
    known = (
        "2 people were told when it was cancelled before, have not heard since that it takes place after all, and get "
        "no second mail."
    )
    assert screen("call_off", cohort) == ([closed, known], False)
    make.invited(cohort, "Cy")
    told = ["In 2 minutes a mail will go to 1 person.", "Restored before that, nobody is told."]
    assert screen("call_off", cohort) == ([closed, *told, known], True)
    cohort.refresh_from_db()
    found = rehearsal.rehearse(CalledOff(cohort))
    assert (found.total, found.by_state) == (1, [("Invited", 1)])
    assert call_off(cohort) == ["cy"]


def test_one_who_knows_is_spoken_of_as_one(cohort, time):
    called_off_and_told(cohort, time)
    withdraw_enrolment(enrolment_id=Enrolment.objects.get(name="Bo").pk, by=None)
    restored(cohort, time)
    known = (
        "1 person was told when it was cancelled before, has not heard since that it takes place after all, and gets "
        "no second mail."
    )
    assert screen("call_off", cohort)[0][1:] == [known]


def test_a_cohort_of_nobody_says_that_there_is_nobody_to_tell():
    closed = "Nobody can join or read its units any more."
    assert screen("call_off", make.cohort()) == ([closed, "There is nobody to tell, so nobody gets a mail."], False)


def test_restoring_once_more_says_that_some_have_been_told(cohort, time):
    called_off_and_told(cohort, time)
    restored(cohort, time)
    assert call_off(cohort) == []
    time.shift(1)
    assert screen("restore", cohort)[0] == [
        "Its people can join and read again.",
        "Nobody is written to: tell them yourself.",
    ]


def test_finding_who_knows_costs_the_same_however_many(django_assert_num_queries, time):
    for number in (1, 3):
        cohort = make.cohort()
        make.team(cohort, *("Ana", "Bo", "Cy")[:number])
        call_off_cohort(cohort_id=cohort.pk)
        time.shift(WINDOW)
        leave()
        restored(cohort, time)
        cohort.refresh_from_db()
        # The enrolments, their mails, and who is left to tell.
        with django_assert_num_queries(3):
            assert list(CalledOff(cohort).people()) == []
