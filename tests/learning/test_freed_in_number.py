"""Seats that come free in number though nobody has read whom that tells: held back, for staff to see, and then given."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from accounts.enums import Channel
from accounts.services import erase
from core.personal import Subject
from learning.models import Cohort
from learning.services import lapse_drafts, take_back_team
from learning.services.foreseeing import foresee_news
from mail import undo
from municipalities import services as of_cities
from municipalities.models import Membership
from tests.factories import learning as make
from tests.learning.people import asked, staff, the_window_passes

pytestmark = pytest.mark.django_db


def takes_back(by: Membership) -> None:
    of_cities.end_membership(membership_id=by.pk, by=by.person)


def becomes_member(by: Membership) -> None:
    of_cities.change_request(membership_id=by.pk, by=by.person, role="member", department="")


def is_erased(by: Membership) -> None:
    staff()
    erase(subject=Subject(by.person.pk, (by.person.email,)), channel=Channel.STAFF, by=None)


def lapses(by: Membership) -> None:
    by.person.learning_teams.update(holds_until=undo.leaves_at() - 2 * undo.undo_window())
    lapse_drafts()


def is_taken_back(by: Membership) -> None:
    team = by.person.learning_teams.get()
    by.person.learning_teams.update(sends_at=undo.leaves_at())
    take_back_team(team_id=team.pk, by=by.person)


ACTS = [takes_back, becomes_member, is_erased, lapses, is_taken_back]


def drafted(cohort: Cohort, *names: str) -> Membership:
    """Return the request of somebody who has written so many down, all of whom hold a seat."""
    by = asked()
    make.team(cohort, *names, coordinator=by)
    return by


def seated(cohort: Cohort) -> list[str]:
    cohort.refresh_from_db()
    return sorted(cohort.enrolments.seated().values_list("name", flat=True))


@pytest.mark.parametrize("act", ACTS)
def test_what_would_tell_several_waits_for_the_window_and_is_shown_to_staff(act: Callable[[Membership], None]):
    cohort = make.cohort(seats=2)
    by = drafted(cohort, "Ana", "Bo")
    make.team(cohort, "Cy", "Di", "Ed")
    act(by)
    assert (seated(cohort), cohort.holds_seats_back) == ([], True)
    news = foresee_news(cohort)
    assert news is not None
    assert ([one.name for one in news.seated], news.seated_at) == (["Cy", "Di"], cohort.fills_at)
    # Whoever comes meanwhile does not pass those who wait.
    make.invited(cohort, "Fe")
    assert seated(cohort) == []
    assert the_window_passes() == [cohort.pk]
    assert seated(cohort) == ["Cy", "Di"]


@pytest.mark.parametrize("act", ACTS)
def test_what_tells_one_person_happens_at_once(act: Callable[[Membership], None]):
    cohort = make.cohort(seats=2)
    by = drafted(cohort, "Ana", "Bo")
    make.invited(cohort, "Cy")
    # Nobody hears of a draft that moves up.
    drafted(cohort, "Di")
    act(by)
    assert (seated(cohort), cohort.holds_seats_back) == (["Cy", "Di"], False)


def test_without_a_window_all_are_told_at_once(settings):
    settings.MAIL_UNDO_SECONDS = 0
    cohort = make.cohort(seats=2)
    by = drafted(cohort, "Ana", "Bo")
    make.team(cohort, "Cy", "Di")
    takes_back(by)
    assert seated(cohort) == ["Cy", "Di"]


def test_two_lists_of_one_person_are_given_with_one_window():
    cohort, other = make.cohort(seats=2), make.cohort(seats=1)
    by = drafted(cohort, "Ana", "Bo")
    make.team(other, "Gus", coordinator=by)
    make.team(cohort, "Cy", "Di")
    make.team(other, "Hal", "Ike")
    takes_back(by)
    assert (seated(cohort), seated(other)) == ([], ["Hal"])
    assert the_window_passes() == [cohort.pk]


def test_nobody_loses_a_seat_that_is_freed_in_the_last_minute_before_the_first_day():
    cohort = make.cohort(seats=2)
    by = drafted(cohort, "Ana", "Bo")
    make.team(cohort, "Cy", "Di")
    with time_machine.travel(cohort.seats_given_until - timedelta(minutes=1), tick=False):
        takes_back(by)
        assert (seated(cohort), cohort.fills_at) == (["Cy", "Di"], None)


def test_seats_that_are_due_are_not_put_off_by_a_draft_that_is_let_go():
    cohort = make.cohort(seats=2)
    by, other = drafted(cohort, "Ana", "Bo"), asked()
    make.team(cohort, "Cy", "Di")
    make.team(cohort, "Ed", coordinator=other)
    takes_back(by)
    with time_machine.travel(undo.leaves_at(), tick=False):
        takes_back(other)
        assert (seated(cohort), cohort.fills_at) == (["Cy", "Di"], None)


def test_several_drafts_of_one_account_count_together():
    cohort = make.cohort(seats=2)
    first = drafted(cohort, "Ana")
    make.team(cohort, "Bo", coordinator=asked(person=first.person))
    make.team(cohort, "Cy", "Di")
    is_erased(first)
    assert (seated(cohort), cohort.holds_seats_back) == ([], True)
