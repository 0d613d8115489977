"""Two links of one address opened at once make one account, and both open it."""

import pytest

from accounts.errors import AddressTaken
from accounts.models import User
from accounts.services import newcomers, people
from tests.races.meeting import meet_after

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
ADDRESS = "ana@city.example"


def opened_at_once(at_once, monkeypatch: pytest.MonkeyPatch) -> list:
    """Open two links of an address without an account, each of which finds that there is none before it makes one."""
    meet_after(monkeypatch, people, "is_taken")
    return at_once([lambda: newcomers.person_for(email=ADDRESS, display_name="Ana", language="en")] * 2)


def test_both_get_the_one_account(at_once, monkeypatch):
    answers = opened_at_once(at_once, monkeypatch)
    person = User.objects.get()
    assert (person.email, person.emailaddress_set.count()) == (ADDRESS, 1)
    assert sorted(answers, key=lambda answer: answer[1]) == [(person, False), (person, True)]


def test_control_who_does_not_expect_it_is_refused(at_once, monkeypatch):
    class Never(Exception):
        pass

    monkeypatch.setattr(newcomers, "AddressTaken", Never)
    answers = opened_at_once(at_once, monkeypatch)
    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [AddressTaken]
