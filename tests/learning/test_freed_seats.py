"""Who would get a seat once some enrolments end: said beforehand, the same as what then happens."""

from collections.abc import Iterable

import pytest

from core import clock
from learning.models import Cohort, Enrolment
from learning.services import promoting, withdraw_enrolment, withdraw_teams
from learning.services.moving import move_teams
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning.people import asked, staff

pytestmark = pytest.mark.django_db


def foreseen(cohort: Cohort, ended: Iterable[Enrolment] = (), **moved: tuple[int, int]) -> list[str]:
    """Return the names of who would get a seat, as they stand in line."""
    cohort.refresh_from_db()
    return [one.name for one in promoting.next_in_line_after(cohort, list(ended), at=clock.now(), **moved)]


def given(cohort: Cohort, before: set[int]) -> list[str]:
    """Return the names of who has a seat and had none, as they stood in line."""
    now = cohort.enrolments.seated().exclude(pk__in=before).order_by("waiting_number")
    return list(now.values_list("name", flat=True))


def seated(cohort: Cohort) -> set[int]:
    """Return the keys of who has a seat."""
    return set(cohort.enrolments.seated().values_list("pk", flat=True))


def ends(cohort: Cohort, *names: str) -> list[str]:
    """Let some end and return who got their seats, after having compared that with what was foreseen."""
    before, leaving = seated(cohort), list(cohort.enrolments.filter(name__in=names).order_by("pk"))
    expected = foreseen(cohort, leaving)
    # All at once, as a team ends: nobody of it is given the seat of another.
    withdraw_teams(team_ids={one.team_id for one in leaving}, by=staff())
    assert given(cohort, before) == expected
    return expected


def test_as_many_as_leave_a_seat_and_nobody_who_leaves_too():
    cohort = make.cohort(seats=3)
    make.team(cohort, "Ana", "Bo", "Cy", "Di")
    make.team(cohort, "Ed", "Fe", "Gus", "Hal")
    assert ends(cohort, "Ana", "Bo", "Cy", "Di") == ["Ed", "Fe", "Gus"]


def test_whose_city_has_its_share_is_passed_over():
    cohort = make.cohort(seats=4, seats_per_local_government=2)
    full = cities.coordinator()
    make.team(cohort, "Ana", "Bo", coordinator=full)
    make.team(cohort, "Cy", "Di")
    make.team(cohort, "Ed", coordinator=full)
    make.team(cohort, "Fe")
    assert ends(cohort, "Cy", "Di") == ["Fe"]


def test_whom_another_city_leaves_out_may_have_the_seat_that_waits_for_them():
    cohort = make.cohort(seats=2)
    make.learner(cohort, "Ana")
    make.invited(cohort, "Bo")
    # The address of somebody who takes part waits for another city.
    make.invited(cohort, "Ana")
    assert cohort.enrolments.filter(name="Ana", person__isnull=False).count() == 1
    assert ends(cohort, "Bo") == []
    first = cohort.enrolments.filter(name="Ana", person__isnull=False)
    assert foreseen(cohort, first) == ["Ana"]
    before = seated(cohort)
    withdraw_enrolment(enrolment_id=first.get().pk, by=staff())
    assert given(cohort, before) == ["Ana"]


def test_nobody_where_no_seats_are_given_any_more_by_then():
    cohort = make.cohort(seats=1)
    leaving = make.invited(cohort, "Ana")
    make.invited(cohort, "Bo")
    assert foreseen(cohort, [leaving]) == ["Bo"]
    late = cohort.seats_given_until
    assert promoting.next_in_line_after(cohort, [leaving], at=late) == []


def test_not_who_gets_a_seat_that_staff_have_added_anyhow(settings):
    settings.MAIL_UNDO_SECONDS = 120
    cohort = make.cohort(seats=1)
    leaving = make.invited(cohort, "Ana")
    make.team(cohort, "Bo", "Cy", "Di")
    cohort.refresh_from_db()
    cohort.seats = 2
    make.save_cohort(cohort=cohort)
    assert (foreseen(cohort), foreseen(cohort, [leaving])) == ([], ["Cy"])


def test_what_moves_to_another_city_counts_among_its_share():
    cohort = make.cohort(seats=3, seats_per_local_government=2)
    listed, new = cities.coordinator(), asked(local_government=cities.proposed())
    make.team(cohort, "Ana", coordinator=listed)
    leaving = make.invited(cohort, "Bo")
    make.team(cohort, "Cy", coordinator=new)
    make.team(cohort, "Di", "Ed", coordinator=listed)
    where = (new.local_government_id, listed.local_government_id)
    assert foreseen(cohort, [leaving]) == ["Di"]
    assert foreseen(cohort, [leaving], moved=where) == []
    before = seated(cohort)
    move_teams(source_id=where[0], target_id=where[1])
    withdraw_enrolment(enrolment_id=leaving.pk, by=staff())
    assert given(cohort, before) == []
