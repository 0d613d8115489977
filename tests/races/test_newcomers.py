"""Two links of one address opened at once make one account, and both open it."""

import pytest

from accounts.errors import AddressTaken
from accounts.models import User
from accounts.services import newcomers, people
from tests.races.meeting import Later, meet

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "ana@city.example"


def opened_at_once(at_once, monkeypatch: pytest.MonkeyPatch, *, meeting: int) -> list:
    """Open two links of an address without an account; so many of the two look before the other has made it."""
    looks_for, looks = people.is_taken, []

    def look(**given) -> bool:
        found = looks_for(**given)
        looks.append(found)
        if len(looks) <= meeting:
            meet()
        return found

    def opened() -> tuple[User, bool]:
        return newcomers.person_for(email=ADDRESS, display_name="Ana", language="en")

    monkeypatch.setattr(people, "is_taken", look)
    answers = at_once([opened, Later(opened)])
    assert looks == [False, False]
    return answers


@pytest.mark.parametrize("meeting", [1, 2], ids=["made after the look", "made in the same moment"])
def test_both_get_the_one_account(at_once, monkeypatch, meeting: int):
    answers = opened_at_once(at_once, monkeypatch, meeting=meeting)
    person = User.objects.get()
    assert (person.email, person.emailaddress_set.count()) == (ADDRESS, 1)
    assert sorted(answers, key=lambda answer: answer[1]) == [(person, False), (person, True)]


@pytest.mark.parametrize("meeting", [1, 2], ids=["made after the look", "made in the same moment"])
def test_control_who_does_not_expect_it_is_refused(at_once, monkeypatch, meeting: int):
    class Never(Exception):
        pass

    monkeypatch.setattr(newcomers, "AddressTaken", Never)
    answers = opened_at_once(at_once, monkeypatch, meeting=meeting)
    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [AddressTaken]
