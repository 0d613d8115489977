"""Seats that staff add: held back until the undo window has passed, against newcomers too, and taken back meanwhile."""

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError

from core import clock
from learning.models import Cohort
from learning.services import (
    apply_alone,
    call_off_cohort,
    end_unanswered,
    enrol_team,
    fill_free_seats,
    foresee_team,
    give_held_seats,
    holding,
    notices,
    promote_from_waiting_list,
    save_cohort,
    withdraw_enrolment,
)
from learning.services.promoting import next_in_line
from learning.tasks import lapse_drafts
from mail import rendering
from mail.models import Message
from tests.factories import accounts
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning import teamwork
from tests.learning.people import states

pytestmark = pytest.mark.django_db
WINDOW = timedelta(seconds=120)


@pytest.fixture(autouse=True)
def now(settings):
    """A moment that moves by `shift` alone."""
    settings.MAIL_UNDO_SECONDS = 120
    with time_machine.travel(clock.now(), tick=False) as moment:
        yield moment


@pytest.fixture
def cohort() -> Cohort:
    """A cohort whose only seat Ana holds, and for which Bo and Cy wait."""
    found = make.cohort(seats=1)
    for name in ("Ana", "Bo", "Cy"):
        make.invited(found, name)
    return found


def save(cohort: Cohort, **fields) -> Cohort:
    found = Cohort.objects.get(pk=cohort.pk)
    for name, value in fields.items():
        setattr(found, name, value)
    return save_cohort(cohort=found)


def told() -> list[str]:
    return [one.to_address for one in teamwork.mails(notices.PROMOTED)]


WAIT = [("Ana", "invited", True, None), ("Bo", "waitlisted", False, 1), ("Cy", "waitlisted", False, 2)]
BO_SITS = [("Ana", "invited", True, None), ("Bo", "invited", True, 1), ("Cy", "waitlisted", False, 2)]


def test_more_seats_are_given_when_the_window_has_passed_and_not_before(cohort, now):
    assert save(cohort, seats=2).fills_at == clock.now() + WINDOW
    now.shift(WINDOW - timedelta(seconds=1))
    assert (promote_from_waiting_list(cohort_id=cohort.pk), fill_free_seats(), give_held_seats()) == ([], [], [])
    assert (states(cohort), told()) == (WAIT, [])
    now.shift(timedelta(seconds=1))
    assert (give_held_seats(), states(cohort), told()) == ([cohort.pk], BO_SITS, ["bo@example.org"])
    cohort.refresh_from_db()
    assert (cohort.fills_at, cohort.seat_state, give_held_seats()) == (None, "waiting", [])


def test_taken_back_in_time_nobody_gets_a_seat_nor_hears_of_it(cohort, now):
    save(cohort, seats=3)
    now.shift(timedelta(seconds=60))
    assert save(cohort, seats=1).fills_at is None
    now.shift(timedelta(minutes=10))
    lapse_drafts()
    assert (give_held_seats(), states(cohort), told()) == ([], WAIT, [])


def test_each_save_opens_the_window_anew(cohort, now):
    save(cohort, seats=3)
    now.shift(timedelta(seconds=100))
    save(cohort, seats=2)
    now.shift(timedelta(seconds=100))
    assert (give_held_seats(), states(cohort)) == ([], WAIT)
    now.shift(timedelta(seconds=20))
    assert (give_held_seats(), states(cohort)) == ([cohort.pk], BO_SITS)


def test_without_a_window_they_are_given_at_once(cohort, settings):
    settings.MAIL_UNDO_SECONDS = 0
    assert (save(cohort, seats=2).fills_at, states(cohort), told()) == (None, BO_SITS, ["bo@example.org"])


def test_a_save_that_gives_nobody_a_seat_holds_nothing_back(cohort):
    assert save(cohort, name="Autumn").fills_at is None


def test_whoever_comes_meanwhile_takes_no_seat_before_those_who_wait(cohort, now):
    by = cities.coordinator()
    save(cohort, seats=4)
    cohort.refresh_from_db()
    assert cohort.seat_state == "few"
    # Four seats: one is Ana's, two are held for Bo and Cy, one is left for two people.
    prospect = foresee_team(cohort_id=cohort.pk, local_government_id=by.local_government_id, number=2)
    assert (prospect.seated, prospect.waiting) == (1, 1)
    outcome = enrol_team(
        cohort_id=cohort.pk,
        local_government_id=by.local_government_id,
        coordinator=by.person,
        people=[make.invitee("Di"), make.invitee("Ed")],
    )
    assert [[one.name for one in some] for some in (outcome.invited, outcome.waiting)] == [["Di"], ["Ed"]]
    apply_alone(cohort_id=cohort.pk, person=accounts.PersonFactory(display_name="Fi", email="fi@example.org"))
    assert states(cohort)[1:] == [
        ("Bo", "waitlisted", False, 1),
        ("Cy", "waitlisted", False, 2),
        ("Di", "invited", True, None),
        ("Ed", "waitlisted", False, 3),
        ("Fi", "waitlisted", False, 4),
    ]
    cohort.refresh_from_db()
    assert cohort.seat_state == "waiting"
    ed = rendering.render(Message.objects.get(kind=notices.WAITING, to_address="ed@example.org")).text
    # Neither taken nor free for whoever comes now.
    assert ["When a seat becomes free" in ed, "All seats are taken" in ed] == [True, False]
    now.shift(WINDOW)
    give_held_seats()
    seated = [name for name, _state, has_seat, _number in states(cohort) if has_seat]
    assert seated == ["Ana", "Bo", "Cy", "Di"]


def test_a_larger_share_of_each_city_waits_for_the_window_too(now):
    cohort = make.cohort(seats=9, seats_per_local_government=1)
    make.team(cohort, "Ana", "Bo")
    save(cohort, seats_per_local_government=2)
    assert [one[2] for one in states(cohort)] == [True, False]
    now.shift(WINDOW)
    give_held_seats()
    assert [one[2] for one in states(cohort)] == [True, True]


def test_a_seat_left_meanwhile_is_given_with_the_others(cohort, now):
    save(cohort, seats=2)
    withdraw_enrolment(enrolment_id=cohort.enrolments.get(name="Ana").pk, by=None)
    assert told() == []
    now.shift(WINDOW)
    give_held_seats()
    assert told() == ["bo@example.org", "cy@example.org"]


def test_called_off_meanwhile_it_gives_nobody_a_seat(cohort, now):
    save(cohort, seats=3)
    assert call_off_cohort(cohort_id=cohort.pk).fills_at is None
    now.shift(timedelta(minutes=10))
    lapse_drafts()
    assert (give_held_seats(), states(cohort), told()) == ([], WAIT, [])


def test_seats_whose_moment_came_before_the_first_day_are_given_however_late_the_sweep(cohort, now):
    now.move_to(cohort.starts_at - WINDOW - timedelta(seconds=1))
    save(cohort, seats=2)
    now.move_to(cohort.starts_at + timedelta(hours=1))
    assert end_unanswered() == []
    lapse_drafts()
    assert states(cohort) == [("Ana", "invited", True, None), ("Bo", "invited", True, 1), ("Cy", "lapsed", False, 2)]
    assert (told(), len(teamwork.mails(notices.NO_SEAT))) == (["bo@example.org"], 1)


def test_seats_whose_moment_comes_after_the_first_day_has_begun_are_promised_to_nobody_nor_given_before(cohort, now):
    now.move_to(cohort.starts_at - timedelta(seconds=60))
    held = save(cohort, seats=3)
    assert (held.fills_at, next_in_line(held)) == (clock.now() + WINDOW, [])
    withdraw_enrolment(enrolment_id=cohort.enrolments.get(name="Ana").pk, by=None)
    lapse_drafts()
    wait = [("Ana", "withdrawn", False, None), *WAIT[1:]]
    assert (states(cohort), told()) == (wait, [])
    now.move_to(cohort.starts_at)
    lapse_drafts()
    assert states(cohort) == wait
    now.shift(timedelta(seconds=60))
    lapse_drafts()
    assert [(name, state) for name, state, _seat, _number in states(cohort)] == [
        ("Ana", "withdrawn"),
        ("Bo", "lapsed"),
        ("Cy", "lapsed"),
    ]
    cohort.refresh_from_db()
    assert (cohort.fills_at, told(), len(teamwork.mails(notices.NO_SEAT))) == (None, [], 2)


def test_in_the_last_window_nobody_who_comes_passes_the_line_and_the_former_number_lets_all_go_on(cohort, now):
    now.move_to(cohort.starts_at - timedelta(seconds=60))
    save(cohort, seats=2)
    cohort.refresh_from_db()
    assert cohort.seat_state == "waiting"
    make.invited(cohort, "Di")
    assert states(cohort) == [*WAIT, ("Di", "waitlisted", False, 3)]
    assert save(cohort, seats=1).fills_at is None
    withdraw_enrolment(enrolment_id=cohort.enrolments.get(name="Ana").pk, by=None)
    assert told() == ["bo@example.org"]


def test_a_later_save_near_the_first_day_takes_no_promised_seat_back(cohort, now):
    now.move_to(cohort.starts_at - WINDOW - timedelta(seconds=30))
    promised = save(cohort, seats=2).fills_at
    now.shift(timedelta(seconds=60))
    # The window of this save ends after the first day has begun.
    assert save(cohort, name="Autumn").fills_at == promised
    now.move_to(promised)
    assert (give_held_seats(), states(cohort), told()) == ([cohort.pk], BO_SITS, ["bo@example.org"])


def test_what_is_due_is_given_by_a_save_that_comes_before_the_sweep_as_it_was_saved_before(cohort, now):
    save(cohort, seats=2)
    now.shift(WINDOW)
    past = cohort.starts_on - timedelta(days=20)
    assert save(cohort, seats=3, starts_on=past).fills_at is None
    assert (states(cohort), told()) == (BO_SITS, ["bo@example.org"])


def test_what_a_save_adds_to_what_is_due_waits_for_a_window_of_its_own(cohort, now):
    save(cohort, seats=2)
    now.shift(WINDOW)
    assert save(cohort, seats=3).fills_at == clock.now() + WINDOW
    assert (states(cohort), told()) == (BO_SITS, ["bo@example.org"])
    # Too late to take back.
    save(cohort, seats=1)
    now.shift(WINDOW)
    assert (give_held_seats(), states(cohort)) == ([], BO_SITS)


def test_a_cohort_whose_held_seats_cannot_be_given_does_not_hold_up_the_others(cohort, now, monkeypatch):
    other = make.cohort(seats=1)
    make.invited(other, "Di"), make.invited(other, "Ed")
    for one in (cohort, other):
        save(one, seats=2)
    now.shift(WINDOW)
    give = holding.fill

    def give_unless_broken(found):
        if found.pk == cohort.pk:
            raise OperationalError
        return give(found)

    monkeypatch.setattr(holding, "fill", give_unless_broken)
    assert (give_held_seats(), told()) == ([other.pk], ["ed@example.org"])
    monkeypatch.undo()
    assert (give_held_seats(), told()) == ([cohort.pk], ["ed@example.org", "bo@example.org"])


def test_a_sweep_killed_half_way_leaves_all_to_the_next(cohort, now, monkeypatch):
    class Killed(BaseException):
        """Ends a worker's process, so nothing catches it."""

    def die(*_args):
        raise Killed

    save(cohort, seats=2)
    now.shift(WINDOW)
    monkeypatch.setattr(holding, "send_held_back", die)
    with pytest.raises(Killed):
        give_held_seats()
    assert (states(cohort), told()) == (WAIT, [])
    monkeypatch.undo()
    lapse_drafts()
    assert (states(cohort), told()) == (BO_SITS, ["bo@example.org"])


def test_giving_what_was_held_back_costs_the_same_however_many_get_a_seat(now, django_assert_num_queries):
    for number in (1, 3):
        cohort = make.cohort(seats=1)
        make.team(cohort, *("Ana", "Bo", "Cy", "Di")[: number + 1])
        save(cohort, seats=None)
        now.shift(WINDOW)
        with django_assert_num_queries(12):
            assert give_held_seats() == [cohort.pk]
        assert [one[2] for one in states(cohort)] == [True] * (number + 1)
