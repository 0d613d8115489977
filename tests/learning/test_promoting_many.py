"""More seats for many who wait: their mails leave by and by, and let mail to one go first."""

import pytest

from learning.models import Cohort
from learning.services import notices, save_cohort
from mail import pacing
from mail.models import Message
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.people import the_window_passes

pytestmark = pytest.mark.django_db
NAMES = ("Bo", "Cy", "Di", "Ed")


@pytest.fixture
def cohort(monkeypatch) -> Cohort:
    """A cohort whose only seat Ana holds, and for which four wait."""
    monkeypatch.setattr(pacing, "DUE_PER_SECOND", 2)
    monkeypatch.setattr(pacing, "A_FEW", 2)
    monkeypatch.setattr(notices, "PORTION", 3)
    found = make.cohort(seats=1)
    make.learner(found, "Ana")
    for name in NAMES:
        make.invited(found, name)
    return found


def give(cohort: Cohort, seats: int | None) -> list[Message]:
    """Save the cohort with so many seats, let the window pass, and return the mails to who got one."""
    cohort.seats = seats
    save_cohort(cohort=cohort)
    assert teamwork.mails(notices.PROMOTED) == []
    the_window_passes()
    return teamwork.mails(notices.PROMOTED)


def test_many_who_get_a_seat_at_once_are_told_a_few_each_second_after_mail_to_one(cohort):
    told = give(cohort, None)
    assert [one.to_address for one in told] == [f"{name.lower()}@example.org" for name in NAMES]
    seconds = [(one.due_at - told[0].due_at).total_seconds() for one in told]
    assert (seconds, [one.gives_way for one in told]) == ([0, 0, 1, 1], [True] * 4)


@pytest.mark.parametrize("seats", [2, 3])
def test_one_or_two_who_get_a_seat_are_told_at_once(cohort, seats):
    told = give(cohort, seats)
    assert [(one.due_at == one.created_at, one.gives_way) for one in told] == [(True, False)] * (seats - 1)
