"""Reading units, marking them complete, and what coordinators read of that, kept by the revision read."""

from datetime import date, timedelta

import pytest
import time_machine

from core import clock
from learning import errors, rules
from learning.models import Enrolment, Unit, UnitProgress
from learning.services import complete_finished, complete_unit, read_unit, reopen_unit, withdraw_enrolment
from tests.factories import learning as make

pytestmark = pytest.mark.django_db


def read(enrolment: Enrolment, unit: Unit, revision: int = 7, language: str = "en") -> UnitProgress:
    return read_unit(enrolment_id=enrolment.pk, unit_id=unit.pk, revision_id=revision, language=language)


def test_reading_keeps_revision_and_language_until_the_unit_is_complete():
    cohort = make.running_cohort()
    enrolment, unit = make.learner(cohort), make.units_of(cohort.course)[0]
    read(enrolment, unit, 7, "fr")
    read(enrolment, unit, 8, "pt")
    complete_unit(enrolment_id=enrolment.pk, unit_id=unit.pk)
    with time_machine.travel(clock.now() + timedelta(hours=1)):
        again = read(enrolment, unit, 9, "en")
    progress = UnitProgress.objects.get()
    assert (progress.revision_id, progress.language) == (8, "pt")
    assert progress.last_read_at == again.last_read_at > progress.completed_at > progress.read_at


def test_the_last_unit_completes_the_enrolment_and_reopening_it_goes_back():
    cohort = make.running_cohort()
    enrolment = make.learner(cohort)
    first, second = make.units_of(cohort.course)
    complete_unit(enrolment_id=enrolment.pk, unit_id=first.pk, revision_id=1, language="en")
    enrolment.refresh_from_db()
    assert enrolment.state == "active"
    complete_unit(enrolment_id=enrolment.pk, unit_id=second.pk)
    complete_unit(enrolment_id=enrolment.pk, unit_id=second.pk)
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.has_seat, enrolment.ended_at is not None) == ("completed", True, True)
    reopen_unit(enrolment_id=enrolment.pk, unit_id=second.pk)
    reopen_unit(enrolment_id=enrolment.pk, unit_id=second.pk)
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.ended_at) == ("active", None)
    steps = enrolment.changes.order_by("pk").values_list("what", flat=True)
    assert list(steps) == ["invited", "joined", "completed", "reopened"]


def test_a_unit_that_is_not_open_is_refused():
    cohort = make.cohort()
    enrolment, unit = make.learner(cohort), make.units_of(cohort.course)[0]
    elsewhere = make.units_of(make.bare_course())[0]
    with pytest.raises(errors.UnitNotOpen):
        read(enrolment, unit)
    with time_machine.travel(cohort.starts_at):
        read(enrolment, unit)
        with pytest.raises(errors.UnitNotOpen):
            read(enrolment, elsewhere)
        Unit.objects.filter(pk=unit.pk).update(is_current=False, order=None)
        with pytest.raises(errors.UnitNotOpen):
            complete_unit(enrolment_id=enrolment.pk, unit_id=unit.pk)


def test_who_was_only_invited_or_has_left_reads_nothing():
    cohort = make.running_cohort()
    unit = make.units_of(cohort.course)[0]
    invited, learner = make.invited(cohort, "Ana"), make.learner(cohort, "Bo")
    assert not rules.may_read_unit(invited, unit)
    withdraw_enrolment(enrolment_id=learner.pk, by=None)
    with pytest.raises(errors.UnitNotOpen):
        read(learner, unit)


def test_the_first_day_begins_in_the_cohort_s_own_zone():
    cohort = make.cohort(starts_on=date(2030, 3, 1), timezone="Pacific/Auckland")
    assert cohort.starts_at.isoformat() == "2030-03-01T00:00:00+13:00"
    assert cohort.has_started(cohort.starts_at)
    assert not cohort.has_started(cohort.starts_at - timedelta(seconds=1))
    assert cohort.ends_at.isoformat() == "2030-03-29T00:00:00+13:00"


@pytest.mark.parametrize(("day", "due"), [(1, 0), (2, 1), (11, 10), (21, 20), (60, 20), (-5, 0)])
def test_units_are_due_evenly_over_the_days(day, due):
    cohort = make.cohort(starts_on=date(2030, 1, 1), ends_on=date(2030, 1, 20))
    assert cohort.units_due(20, date(2030, 1, 1) + timedelta(days=day - 1)) == due


@pytest.mark.parametrize(("day", "due"), [(11, 0), (12, 2), (16, 10), (20, 18), (21, 20), (60, 20), (5, 0)])
def test_who_joins_on_the_eleventh_day_has_the_ten_that_are_left(day, due):
    first = date(2030, 1, 1)
    cohort = make.cohort(starts_on=first, ends_on=date(2030, 1, 20))
    assert cohort.units_due(20, first + timedelta(days=day - 1), since=first + timedelta(days=10)) == due


@pytest.mark.parametrize("since", [date(2029, 12, 1), date(2030, 1, 1)])
def test_who_joined_before_the_first_day_keeps_the_cohort_s_pace(since):
    cohort = make.cohort(starts_on=date(2030, 1, 1), ends_on=date(2030, 1, 20))
    assert cohort.units_due(20, date(2030, 1, 11), since=since) == 10


def test_who_has_just_joined_is_not_behind():
    cohort = make.running_cohort(course=make.bare_course(units=6))
    late = make.learner(cohort, "Ana")
    row = Enrolment.objects.with_progress().get(pk=late.pk)
    assert (row.units_due, row.is_behind) == (0, False)
    with time_machine.travel(cohort.ends_at - timedelta(seconds=1), tick=False):
        assert (row.units_due > 0, row.is_behind) == (True, True)
    # Over, nobody is behind: nobody can do anything about it any more.
    with time_machine.travel(cohort.ends_at, tick=False):
        assert (row.units_due, row.is_behind) == (6, False)


def test_who_is_behind_follows_from_the_cohort_s_dates(django_assert_num_queries):
    cohort = make.running_cohort(course=make.bare_course(units=6))
    units = make.units_of(cohort.course)
    quick, slow, _invited = make.learner(cohort, "Ana"), make.learner(cohort, "Bo"), make.invited(cohort, "Cy")
    Enrolment.objects.filter(pk__in=[quick.pk, slow.pk]).update(joined_at=cohort.starts_at - timedelta(days=3))
    for unit in units[:2]:
        complete_unit(enrolment_id=quick.pk, unit_id=unit.pk)
    read(slow, units[0])
    with django_assert_num_queries(1):
        rows = list(Enrolment.objects.filter(cohort=cohort).with_progress().order_by("name"))
        found = [(one.name, one.units, one.units_done, one.units_due, one.is_behind) for one in rows]
    assert found == [("Ana", 6, 2, 2, False), ("Bo", 6, 0, 2, True), ("Cy", 6, 0, 2, False)]
    assert [one.last_read_at is not None for one in rows] == [True, True, False]


def test_a_unit_taken_out_of_the_course_counts_for_nobody():
    cohort = make.running_cohort()
    enrolment = make.learner(cohort)
    first, second = make.units_of(cohort.course)
    complete_unit(enrolment_id=enrolment.pk, unit_id=first.pk)
    Unit.objects.filter(pk=first.pk).update(is_current=False, order=None)
    row = Enrolment.objects.with_progress().get(pk=enrolment.pk)
    assert (row.units, row.units_done) == (1, 0)
    complete_unit(enrolment_id=enrolment.pk, unit_id=second.pk)
    enrolment.refresh_from_db()
    assert enrolment.state == "completed"


def test_once_the_cohort_is_over_what_is_completed_stays_and_reading_goes_on():
    cohort = make.running_cohort()
    enrolment = make.learner(cohort)
    first, second = make.units_of(cohort.course)
    complete_unit(enrolment_id=enrolment.pk, unit_id=first.pk)
    with time_machine.travel(cohort.ends_at, tick=False):
        with pytest.raises(errors.CohortOver):
            reopen_unit(enrolment_id=enrolment.pk, unit_id=first.pk)
        with pytest.raises(errors.CohortOver):
            complete_unit(enrolment_id=enrolment.pk, unit_id=second.pk)
        read(enrolment, second)
    done = UnitProgress.objects.exclude(completed_at=None)
    assert list(done.values_list("unit", flat=True)) == [first.pk]


def test_the_sweep_completes_who_has_done_all_that_is_left():
    cohort = make.running_cohort()
    first, second = make.units_of(cohort.course)
    done, behind = make.learner(cohort, "Ana"), make.learner(cohort, "Bo")
    complete_unit(enrolment_id=done.pk, unit_id=first.pk)
    complete_unit(enrolment_id=behind.pk, unit_id=second.pk)
    assert complete_finished() == []
    Unit.objects.filter(pk=second.pk).update(is_current=False, order=None)
    with time_machine.travel(cohort.ends_at, tick=False):
        assert complete_finished() == []
    assert complete_finished() == [done.pk]
    assert complete_finished() == []
    assert done.changes.order_by("pk").values_list("what", "actor").last() == ("completed", "system")
    Unit.objects.update(is_current=False, order=None)
    assert complete_finished() == []


def test_a_unit_that_moved_to_another_course_counts_no_longer():
    cohort = make.running_cohort()
    enrolment = make.learner(cohort)
    first, _second = make.units_of(cohort.course)
    complete_unit(enrolment_id=enrolment.pk, unit_id=first.pk)
    elsewhere = make.units_of(make.bare_course())[0].module
    Unit.objects.filter(pk=first.pk).update(module=elsewhere, order=9)
    row = Enrolment.objects.with_progress().get(pk=enrolment.pk)
    assert (row.units, row.units_done) == (1, 0)
