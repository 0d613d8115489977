"""Two staff save one cohort's form at once: the later is refused; without the lock it takes back what the first wrote."""

import pytest

from learning.errors import CohortChanged
from learning.models import Cohort
from learning.services import opening, save_cohort, seats
from tests.factories import learning as make
from tests.races.meeting import meet_before

pytestmark = pytest.mark.django_db(transaction=True)


def two_forms_at_once(at_once, monkeypatch) -> tuple[list, tuple]:
    """Save two forms that were opened before either; they meet where each compares. Return answers and the facts."""
    meet_before(monkeypatch, opening, "_need_unchanged")
    cohort = make.cohort(name="Spring", seats=10)
    forms = [Cohort.objects.get(pk=cohort.pk) for _each in range(2)]
    seen = opening.as_read(cohort)
    forms[0].seats, forms[1].name = 20, "Autumn"
    answers = at_once([lambda form=form: save_cohort(cohort=form, seen=seen) for form in forms])
    cohort.refresh_from_db()
    return [answer for answer in answers if isinstance(answer, Exception)], (cohort.name, cohort.seats)


def test_of_two_forms_saved_at_once_one_is_refused(at_once, monkeypatch):
    refused, facts = two_forms_at_once(at_once, monkeypatch)
    assert [type(one) for one in refused] == [CohortChanged]
    assert (refused[0].changed, facts) in [(("seats",), ("Spring", 20)), (("name",), ("Autumn", 10))]


def test_control_without_the_lock_the_later_form_takes_the_earlier_back(at_once, monkeypatch):
    monkeypatch.setattr(seats, "lock", lambda key: Cohort.objects.select_related("course").get(pk=key))
    refused, facts = two_forms_at_once(at_once, monkeypatch)
    assert (refused, facts in [("Spring", 20), ("Autumn", 10)]) == ([], True)
