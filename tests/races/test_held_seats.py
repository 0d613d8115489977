"""Newcomers against seats that staff added and can still take back, and the sweep that gives them started twice."""

from datetime import timedelta

import pytest
import time_machine

from core import clock
from learning.models import Cohort, EnrolmentChange
from learning.services import enrolling, give_held_seats, promoting, save_cohort, seats
from mail import undo
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.races.cohorts import enrols, failed, faults, take_locks_away
from tests.races.meeting import meet_after, meet_before

pytestmark = pytest.mark.django_db(transaction=True)


def with_seats_added(number: int, *, waiting: tuple[str, ...]) -> Cohort:
    """Return a cohort with so many seats by now, one of them Ana's; the others are held back for those who wait."""
    cohort = make.cohort(seats=1)
    make.team(cohort, "Ana", *waiting)
    found = Cohort.objects.get(pk=cohort.pk)
    found.seats = number
    assert save_cohort(cohort=found).holds_seats_back
    return cohort


def seated(cohort: Cohort) -> list[str]:
    return sorted(cohort.enrolments.filter(has_seat=True).values_list("name", flat=True))


def newcomers_at_once(at_once, monkeypatch) -> tuple[Cohort, list[str]]:
    """Enrol three while two of three added seats are held back; return who had a seat before those were given."""
    meet_after(monkeypatch, enrolling, "_decide")
    cohort = with_seats_added(4, waiting=("Bo", "Cy"))
    coordinators = [cities.coordinator() for _each in range(3)]
    answers = at_once([enrols(cohort, by, f"New {number}") for number, by in enumerate(coordinators)])
    assert failed(answers) == []
    before = seated(cohort)
    with time_machine.travel(undo.leaves_at(), tick=False):
        give_held_seats()
    return cohort, before


def test_of_newcomers_at_once_one_takes_what_is_left_and_who_waited_gets_what_was_held(at_once, monkeypatch):
    cohort, before = newcomers_at_once(at_once, monkeypatch)
    assert (len(before), faults(cohort)) == (2, [])
    assert {"Ana", "Bo", "Cy"} < set(seated(cohort))


def test_control_where_held_seats_count_as_free_newcomers_take_them(at_once, monkeypatch):
    fill = promoting.fill

    def count_what_is_held_as_free(cohort):
        return seats.count(cohort) if cohort.holds_seats_back else fill(cohort)

    monkeypatch.setattr(enrolling, "fill", count_what_is_held_as_free)
    cohort, before = newcomers_at_once(at_once, monkeypatch)
    assert (len(before), {"Bo", "Cy"} & set(seated(cohort))) == (4, set())


def test_control_without_the_lock_newcomers_take_the_one_seat_together(at_once, monkeypatch):
    take_locks_away(monkeypatch)
    cohort, before = newcomers_at_once(at_once, monkeypatch)
    assert len(before) == 4
    assert "6 seats held of 4" in faults(cohort) or not {"Bo", "Cy"} <= set(seated(cohort))


def two_sweeps_at_once(at_once, monkeypatch) -> int:
    """Give what was held back by two sweeps at once; return how often the one person's history says so."""
    meet_before(monkeypatch, promoting, "_give_seats")
    cohort = with_seats_added(2, waiting=("Bo",))
    Cohort.objects.update(fills_at=clock.now() - timedelta(seconds=1))
    assert failed(at_once([give_held_seats, give_held_seats])) == []
    assert seated(cohort) == ["Ana", "Bo"]
    return EnrolmentChange.objects.filter(what="promoted").count()


def test_two_sweeps_at_once_give_a_seat_once(at_once, monkeypatch):
    assert two_sweeps_at_once(at_once, monkeypatch) == 1


def test_control_without_the_lock_they_give_it_twice(at_once, monkeypatch):
    take_locks_away(monkeypatch)
    assert two_sweeps_at_once(at_once, monkeypatch) == 2
