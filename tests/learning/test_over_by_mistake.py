"""A last day in the past, saved by mistake: what the outbox refused meanwhile leaves once it is put right."""

from datetime import timedelta

import pytest
import time_machine

from core import clock
from learning.models import Cohort
from learning.services import call_off_cohort, notices, restore_cohort, save_cohort
from mail.models import Message
from mail.services import withdraw
from tests.factories import learning as make
from tests.factories.mail import deliver_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_server")]

WINDOW = timedelta(seconds=120)


@pytest.fixture(autouse=True)
def time(settings):
    settings.MAIL_UNDO_SECONDS = 120
    with time_machine.travel(clock.now().replace(hour=12), tick=False) as traveller:
        yield traveller


@pytest.fixture
def cohort(mail_server) -> Cohort:
    """A cohort with a seat for Ana, whose mail has arrived, and for Bo, whose has not, and for which Cy waits."""
    found = make.cohort(seats=2)
    for name in ("Ana", "Bo", "Cy"):
        make.invited(found, name)
    mail_server.refuse("bo@example.org", "450 4.2.0 greylisted")
    mail_server.refuse("cy@example.org", "450 4.2.0 greylisted")
    deliver_all()
    mail_server.answers.clear()
    return found


def moved(cohort: Cohort, days: int) -> None:
    """Save the cohort with its days moved."""
    found = Cohort.objects.get(pk=cohort.pk)
    found.starts_on += timedelta(days=days)
    found.ends_on += timedelta(days=days)
    save_cohort(cohort=found)


def is_over_for_a_moment(cohort: Cohort) -> None:
    """Save days of ten years ago, let what was put off be tried, and save the right ones."""
    moved(cohort, -3650)
    Message.objects.filter(state="deferred").update(due_at=clock.now())
    deliver_all()
    moved(cohort, 3650)


def arrived(server) -> list[str]:
    kinds = dict(Message.objects.values_list("message_id", "kind"))
    return sorted(f"{kinds[one.message_id]} {one.recipients[0].partition('@')[0]}" for one in server.accepted)


def test_who_got_nothing_is_written_to_once_the_window_has_passed(cohort, time, mail_server):
    is_over_for_a_moment(cohort)
    found = Message.objects.filter(kind__in=notices.AGAIN).order_by("pk").values_list("to_address", "state", "reason")
    assert list(found) == [
        ("ana@example.org", "accepted", ""),
        ("bo@example.org", "cancelled", "senseless"),
        ("cy@example.org", "cancelled", "senseless"),
        ("bo@example.org", "queued", ""),
        ("cy@example.org", "queued", ""),
    ]
    time.shift(WINDOW - timedelta(seconds=1))
    deliver_all()
    assert arrived(mail_server) == ["team-invitation ana"]
    time.shift(1)
    deliver_all()
    assert arrived(mail_server) == ["enrolment-waiting cy", "team-invitation ana", "team-invitation bo"]


def test_twice_over_by_mistake_each_is_written_to_once(cohort, time, mail_server):
    for _time in range(2):
        is_over_for_a_moment(cohort)
        time.shift(WINDOW)
        deliver_all()
    assert arrived(mail_server) == ["enrolment-waiting cy", "team-invitation ana", "team-invitation bo"]


def test_over_again_before_it_leaves_it_leaves_after_that(cohort, time, mail_server):
    is_over_for_a_moment(cohort)
    moved(cohort, -3650)
    time.shift(WINDOW)
    deliver_all()
    assert arrived(mail_server) == ["team-invitation ana"]
    moved(cohort, 3650)
    time.shift(WINDOW)
    deliver_all()
    assert arrived(mail_server) == ["enrolment-waiting cy", "team-invitation ana", "team-invitation bo"]


def test_what_was_asked_anew_for_a_call_off_is_not_asked_once_more(cohort, time, mail_server):
    call_off_cohort(cohort_id=cohort.pk)
    Message.objects.filter(state="deferred").update(due_at=clock.now())
    deliver_all()
    restore_cohort(cohort_id=cohort.pk)
    time.shift(WINDOW)
    deliver_all()
    is_over_for_a_moment(cohort)
    time.shift(WINDOW)
    deliver_all()
    assert arrived(mail_server) == ["enrolment-waiting cy", "team-invitation ana", "team-invitation bo"]


def test_what_was_withdrawn_before_for_a_reason_of_its_own_stays_so(cohort, time, mail_server):
    bo = Message.objects.get(to_address="bo@example.org")
    withdraw(keys=[bo.key], because="It may have left before the backup.")
    is_over_for_a_moment(cohort)
    time.shift(WINDOW)
    deliver_all()
    assert arrived(mail_server) == ["enrolment-waiting cy", "team-invitation ana"]


def test_while_it_is_called_off_nothing_is_asked_and_by_its_restoration_each_once(cohort, time, mail_server):
    call_off_cohort(cohort_id=cohort.pk)
    is_over_for_a_moment(cohort)
    assert Message.objects.filter(state="queued", kind__in=notices.AGAIN).count() == 0
    restore_cohort(cohort_id=cohort.pk)
    time.shift(WINDOW)
    deliver_all()
    assert arrived(mail_server) == ["enrolment-waiting cy", "team-invitation ana", "team-invitation bo"]
