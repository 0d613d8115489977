"""Cohorts and enrolments as records: what visitors meet when, named reads, and what the database itself refuses."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction

from core import clock
from learning.enums import ENDED_STATES, JOINED_STATES, SEATED_STATES, EnrolmentState
from learning.models import Cohort, Course, Enrolment, EnrolmentChange, TeamRequest, UnitProgress
from learning.querysets_enrolments import UNTOLD
from learning.services import call_off_cohort, promote_from_waiting_list, withdraw_enrolment
from tests.factories import learning as make
from tests.factories import municipalities as cities

pytestmark = pytest.mark.django_db

AUCKLAND = ZoneInfo("Pacific/Auckland")


def states_over_time(cohort: Cohort, *moments: datetime) -> list[str]:
    return [cohort.state_at(at).value for at in moments]


# What is over is not called off.
@time_machine.travel("2029-12-01T09:00:00Z", tick=False)
def test_what_a_visitor_meets_follows_the_dates():
    opens = datetime(2030, 1, 1, 9, tzinfo=AUCKLAND)
    cohort = make.cohort(
        starts_on=date(2030, 3, 1),
        ends_on=date(2030, 3, 28),
        timezone="Pacific/Auckland",
        opens_at=opens,
        closes_at=datetime(2030, 2, 20, tzinfo=AUCKLAND),
    )
    second = timedelta(seconds=1)
    found = states_over_time(
        cohort,
        opens - second,
        opens,
        cohort.closes_at,
        cohort.starts_at - second,
        cohort.starts_at,
        cohort.ends_at - second,
        cohort.ends_at,
    )
    assert found == ["not-yet", "open", "closed", "closed", "running", "running", "past"]
    assert call_off_cohort(cohort_id=cohort.pk).state_at(opens) == "called-off"


def test_a_last_day_beyond_the_years_that_a_form_takes_is_over_when_those_are():
    cohort = make.cohort(ends_on=date.max, timezone="Pacific/Auckland")
    assert cohort.ends_at == datetime(2101, 1, 1, tzinfo=AUCKLAND)
    assert states_over_time(cohort, cohort.starts_at, cohort.ends_at) == ["running", "past"]


def test_a_cohort_that_runs_may_still_take_people():
    cohort = make.running_cohort(seats=1)
    assert cohort.state == "few"
    make.team(cohort, "Ana", "Bo")
    cohort.refresh_from_db()
    assert cohort.state == "waiting"


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Pacific/Honolulu", "UTC"])
@pytest.mark.parametrize("closes", [None, timedelta(days=-3), timedelta(days=3)])
def test_the_reads_agree_with_the_record_at_every_hour(zone, closes):
    starts = date(2030, 3, 10)
    begins = datetime(2030, 3, 10, tzinfo=ZoneInfo(zone))
    cohort = make.cohort(
        starts_on=starts,
        ends_on=date(2030, 3, 11),
        timezone=zone,
        opens_at=begins - timedelta(days=5),
        closes_at=None if closes is None else begins + closes,
    )
    for hours in range(-6 * 24, 4 * 24, 3):
        at = begins + timedelta(hours=hours)
        assert Cohort.objects.open_for_enrolment(at).exists() == cohort.takes_enrolments(at), at
        assert Cohort.objects.listed(at).exists() == (not cohort.is_over(at)), at


def test_the_public_list_leaves_out_what_is_full_called_off_or_not_taught():
    full, off, untaught, french = (
        make.cohort(languages=["en", "fr"] if number == 3 else ["en"]) for number in range(4)
    )
    Cohort.objects.filter(pk=full.pk).update(seat_state="full")
    call_off_cohort(cohort_id=off.pk)
    Course.objects.filter(pk=untaught.course_id).update(is_current=False)
    assert set(Cohort.objects.listed()) == {full, french}
    assert set(Cohort.objects.open_for_enrolment()) == {french}
    assert list(Cohort.objects.in_language("fr")) == [french]
    assert list(Cohort.objects.of_course(french.course)) == [french]


def test_places_on_the_waiting_list_are_counted_from_the_front():
    cohort = make.cohort(seats=1)
    first, second, third = make.team(cohort, "Ana", "Bo", "Cy").enrolled
    places = dict(Enrolment.objects.with_place().values_list("name", "place"))
    assert places == {"Ana": None, "Bo": 1, "Cy": 2}
    [seen] = Cohort.objects.with_seats()
    assert (seen.seats_held, seen.seats_waiting, seen.applications) == (1, 2, 0)
    assert (first.has_seat, second.has_seat, third.waiting_number) == (True, False, 2)


def test_who_does_not_wait_has_no_place_though_somebody_before_them_does():
    cohort = make.cohort(seats=1)
    _first, before, passed_by, left = make.team(cohort, "Ana", "Bo", "Cy", "Di").enrolled
    # As where the city of who stands before them has no seat left.
    Enrolment.objects.filter(pk=passed_by.pk).update(state="invited", has_seat=True)
    withdraw_enrolment(enrolment_id=left.pk, by=None)
    places = dict(Enrolment.objects.with_place().values_list("name", "place"))
    assert (places, before.waiting_number) == ({"Ana": None, "Bo": 1, "Cy": None, "Di": None}, 1)


def refused(name: str, change) -> None:
    """Check that the database refuses a change by the constraint of that name."""
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        change()


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("ends_after_start", {"ends_on": date(2000, 1, 1)}),
        ("has_language", {"languages": []}),
        ("admission_known", {"admission": "lottery"}),
        ("seat_state_known", {"seat_state": "maybe"}),
        ("has_name_and_zone", {"timezone": ""}),
        ("closes_after_opening", {"opens_at": clock.now() + timedelta(days=1), "closes_at": clock.now()}),
    ],
)
def test_the_database_refuses_a_cohort_that_makes_no_sense(name, fields):
    cohort = make.cohort()
    refused(f"learning_cohort_{name}", lambda: Cohort.objects.filter(pk=cohort.pk).update(**fields))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("state_known", {"state": "lost", "has_seat": False}),
        ("seat_by_state", {"has_seat": False}),
        ("seat_by_state", {"state": "withdrawn", "ended_at": clock.now()}),
        ("seat_by_state", {"state": "applied"}),
        ("waits_with_number", {"state": "waitlisted", "has_seat": False}),
        ("joined_has_moment", {"state": "active"}),
        ("ended_has_moment", {"state": "lapsed", "has_seat": False}),
        ("ended_has_moment", {"ended_at": clock.now()}),
        ("has_address", {"email_key": ""}),
        ("team_has_city", {"local_government": None}),
        ("draft_of_team", {"state": "drafted", "team": None}),
        ("erased_is_nobodys", {"erased_at": clock.now()}),
    ],
)
def test_the_database_refuses_an_enrolment_that_makes_no_sense(name, fields):
    enrolment = make.invited(make.cohort())
    rows = Enrolment.objects.filter(pk=enrolment.pk)
    refused(f"learning_enrolment_{name}", lambda: rows.update(**fields))


def test_the_database_keeps_one_row_for_each_address_place_and_person():
    cohort = make.cohort(seats=2)
    by = cities.coordinator()
    ana, bo, cy, di = make.team(cohort, "Ana", "Bo", "Cy", "Di", coordinator=by).enrolled

    def change(one: Enrolment, **fields):
        return lambda: Enrolment.objects.filter(pk=one.pk).update(**fields)

    refused("learning_enrolment_once_per", change(bo, email_key=ana.email_key))
    refused("learning_enrolment_waiting_order", change(cy, waiting_number=di.waiting_number))
    joined = {"state": "active", "joined_at": clock.now(), "person": by.person}
    change(ana, **joined)()
    refused("learning_enrolment_joined_once", change(bo, **joined))
    # People without a city are one group, not many.
    alone = {"team": None, "local_government": None, "email_key": "one@example.org"}
    change(cy, **alone)()
    refused("learning_enrolment_once_per_city", change(di, **alone))


def test_the_database_refuses_teams_and_progress_that_make_no_sense():
    cohort = make.running_cohort()
    learner = make.learner(cohort)
    teams = TeamRequest.objects.filter(pk=learner.team_id)
    refused("learning_team_state_known", lambda: teams.update(state="lost"))
    refused("learning_team_draft_holds_until", lambda: teams.update(state="draft"))
    refused("learning_team_draft_holds_until", lambda: teams.update(holds_until=clock.now()))
    unit = make.units_of(cohort.course)[0]
    progress = UnitProgress.objects.create(enrolment=learner, unit=unit, language="en")
    earlier = progress.read_at - timedelta(seconds=1)
    rows = UnitProgress.objects.filter(pk=progress.pk)
    refused("learning_progress_last_after_first", lambda: rows.update(last_read_at=earlier))
    refused("learning_progress_completed_after_read", lambda: rows.update(completed_at=earlier))
    again = {"enrolment": learner, "unit": unit, "language": "fr"}
    refused("learning_progress_once_per_unit", lambda: UnitProgress.objects.create(**again))


def in_each_state(cohort: Cohort, team: TeamRequest | None) -> list[Enrolment]:
    """Make an enrolment in each state that there may be, in a team or without one."""
    city = None if team is None else team.local_government
    states = [state for state in EnrolmentState if team or state != "drafted"]
    return Enrolment.objects.bulk_create(
        Enrolment(
            cohort=cohort,
            team=team,
            local_government=city,
            email=f"{state}@example.org",
            email_key=f"{state}@example.org",
            state=state,
            has_seat=state in SEATED_STATES,
            waiting_number=1 + bool(team) if state == "waitlisted" else None,
            joined_at=clock.now() if state in JOINED_STATES else None,
            ended_at=clock.now() if state in ENDED_STATES else None,
        )
        for state in states
    )


def test_the_database_and_a_row_agree_on_who_was_told():
    cohort, by = make.cohort(), cities.coordinator()
    team = TeamRequest.objects.create(
        cohort=cohort, local_government=by.local_government, coordinator=by.person, state="sent"
    )
    alone, together = in_each_state(cohort, None), in_each_state(cohort, team)
    untold = Enrolment.objects.filter(UNTOLD).order_by("state").values_list("state", "team")
    assert list(untold) == [("applied", team.pk), ("drafted", team.pk)]
    assert set(untold) == {(one.state, one.team_id) for one in [*alone, *together] if not one.was_told}


def test_who_waits_is_counted_as_it_is_read():
    cohort = make.cohort(seats=1)
    make.team(cohort, "Ana")
    # A draft that was given a seat keeps its number, and waits no longer.
    make.team(cohort, "Bo", coordinator=cities.coordinator(state="asked"))
    make.team(cohort, "Cy", "Di")
    Cohort.objects.update(seats=2)
    promote_from_waiting_list(cohort_id=cohort.pk)
    make.invited(make.cohort(), "Ed")
    assert [one.name for one in Enrolment.objects.waiting()] == ["Cy", "Di"]
    counted = Cohort.objects.with_seats().order_by("pk").values_list("seats_held", "seats_waiting")
    assert list(counted) == [(2, 2), (1, 0)]


def test_history_is_only_added_to():
    make.invited(make.cohort())
    step = EnrolmentChange.objects.get()
    step.reason = "Rewritten"
    with pytest.raises(TypeError):
        step.save()


@pytest.mark.parametrize(
    ("seats", "taken", "state"),
    [(40, 0, "open"), (40, 35, "open"), (40, 36, "few"), (40, 40, "waiting"), (5, 1, "open"), (5, 2, "few")],
)
def test_few_seats_are_a_tenth_and_at_least_three(seats, taken, state):
    cohort = make.cohort(seats=seats)
    make.team(cohort, *(f"Person {number}" for number in range(taken)))
    cohort.refresh_from_db()
    assert cohort.seat_state == state
