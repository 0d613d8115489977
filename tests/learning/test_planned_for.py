"""Why did X (not) get this? What cohorts say of somebody that is not in the outbox: seats they can still take back."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from core import addresses, clock
from learning import purposes
from learning.models import Cohort, Enrolment
from learning.services import call_off_cohort, give_held_seats, save_cohort
from mail.purposes import Purpose
from tests.factories import learning as make
from tests.factories.accounts import PersonFactory, sign_in
from tests.learning.people import asked

pytestmark = pytest.mark.django_db

SEAT = "Seat in a course from the waiting list"
BO = "bo@example.org"


@pytest.fixture(autouse=True)
def now(settings):
    settings.MAIL_UNDO_SECONDS = 120
    with time_machine.travel(clock.now().replace(microsecond=0), tick=False) as moment:
        yield moment


def full(*waiting: str) -> Cohort:
    """Return a cohort whose only seat Ana has."""
    cohort = make.cohort(seats=1)
    for name in ("Ana", *waiting):
        make.invited(cohort, name)
    return cohort


def with_seats(cohort: Cohort, seats: int | None) -> None:
    cohort.refresh_from_db()
    cohort.seats = seats
    save_cohort(cohort=cohort)


def said(address: str = BO, person=None) -> list[tuple[str, timedelta]]:
    """Return of each what it is, and in which time it comes."""
    return [(one.what, one.due_at - clock.now()) for one in purposes.planned_for([address], person)]


def test_a_promised_seat_is_told_with_its_moment_to_those_who_get_one(now):
    cohort = full("Bo", "Cy")
    assert said() == []
    with_seats(cohort, 2)
    (one,) = purposes.planned_for([BO], None)
    about = Purpose(cohort.course.title, addresses.public("cohort_moderate", cohort.slug))
    assert (one.what, one.due_at, one.why_not, one.about) == (SEAT, clock.now() + timedelta(seconds=120), "", about)
    assert [said(f"{name}@example.org") for name in ("ana", "cy")] == [[], []]
    with_seats(cohort, 1)
    assert said() == []
    with_seats(cohort, 3)
    now.shift(120)
    assert [said(), said("cy@example.org")] == [[(SEAT, timedelta())]] * 2
    give_held_seats()
    assert [said(), said("cy@example.org")] == [[], []]


def test_called_off_it_promises_nothing():
    cohort = full("Bo")
    with_seats(cohort, 2)
    call_off_cohort(cohort_id=cohort.pk)
    assert said() == []


def test_who_waits_by_their_account_is_found_whatever_the_address():
    cohort, person = full("Bo"), PersonFactory(email="new@city.example")
    with_seats(cohort, 2)
    Enrolment.objects.filter(name="Bo").update(person=person)
    assert (said("new@city.example"), len(said("new@city.example", person)), len(said(BO, person))) == ([], 1, 1)


def test_a_draft_of_which_nobody_knows_is_not_told():
    cohort = full()
    make.invited(cohort, "Bo", coordinator=asked())
    with_seats(cohort, 2)
    assert said() == []


@pytest.mark.parametrize("number", [1, 3])
def test_a_cohort_costs_the_same_for_one_who_waits_and_for_three(django_assert_num_queries, number):
    cohort = full(*("Bo", "Cy", "Di")[:number])
    with_seats(cohort, None)
    everybody = [f"{name}@example.org" for name in ("bo", "cy", "di")]
    # Who waits where seats are held, the seats, whose addresses take part, and the line.
    with django_assert_num_queries(4):
        assert len(purposes.planned_for(everybody, None)) == number


def test_staff_read_it_among_what_is_planned():
    cohort = full("Bo")
    with_seats(cohort, 2)
    client = sign_in(Client(), PersonFactory(admin=True))
    html = " ".join(client.get("/admin/outbox/whose/", {"q": BO}).content.decode().split())
    planned = html[html.index("<h2>Planned</h2>") : html.index("<h2>Messages</h2>")]
    at = f"{clock.now() + timedelta(seconds=120):%Y-%m-%d %H:%M}"
    assert (planned.count("<li>"), f"{at}: {SEAT}, " in planned, f"<bdi>{cohort.course.title}</bdi>" in planned) == (
        1,
        True,
        True,
    )
