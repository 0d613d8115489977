"""The words for how an enrolment stands: each is what the column, the spreadsheet and the filter say, in both lists."""

import csv
import io
import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.test import Client

from core import clock
from learning.enums import SHOWN_STATES
from learning.models import Cohort, Enrolment
from learning.services import apply_alone, complete_unit, decline, join, replace, withdraw_enrolment
from municipalities.services import end_membership
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory, sign_in
from tests.learning.listings import rows, spreadsheet
from tests.learning.people import asked, staff

pytestmark = pytest.mark.django_db

# The word of each by the filter's choice for it; the people are named after the choice.
OPEN = {
    "drafted": "Not invited yet",
    "drafted-waits": "Not invited yet, waits for a seat",
    "invited": "Invited",
    "waitlisted": "On the waiting list",
    "active": "Takes part",
    "completed": "Completed",
    "has-declined": "Has declined",
    "left-list": "Has left the waiting list",
    "left": "Has left",
    "replaced": "Replaced by somebody else",
    "withdrawn": "Withdrawn",
    "lapsed": "Lapsed",
}
BY_APPROVAL = {"applied": "Applied", "taken-back": "Has taken the request back", "declined": "Declined"}


def withdraw(enrolment: Enrolment, by=None) -> None:
    withdraw_enrolment(enrolment_id=enrolment.pk, by=by)


def open_cohort() -> Cohort:
    """Make a cohort in which people are invited at once, with somebody of each sort; its last seat goes to a draft."""
    today, late = clock.now().date(), clock.now() + timedelta(days=5)
    cohort = make.cohort(course=make.bare_course(units=1), starts_on=today, closes_at=late, seats=9)
    by, drafting, going = cities.coordinator(), asked(), asked()
    names = ("invited", "active", "completed", "has-declined", "left", "replaced", "withdrawn")
    people = {one.name: one for one in make.team(cohort, *names, coordinator=by).enrolled}
    for name in ("active", "completed", "left"):
        people[name] = join(enrolment_id=people[name].pk)
    [unit] = make.units_of(cohort.course)
    complete_unit(enrolment_id=people["completed"].pk, unit_id=unit.pk)
    withdraw(people["has-declined"])
    withdraw(people["left"], by=people["left"].person)
    withdraw(people["withdrawn"], by=by.person)
    replace(enrolment_id=people["replaced"].pk, email="successor@example.org", name="invited", by=by.person)
    make.team(cohort, "lapsed", coordinator=going)
    end_membership(membership_id=going.pk, by=going.person)
    make.team(cohort, "drafted", coordinator=drafting)
    Cohort.objects.filter(pk=cohort.pk).update(seats=Enrolment.objects.seated().filter(cohort=cohort).count())
    make.team(cohort, "drafted-waits", coordinator=drafting)
    *_waiting, leaves = make.team(cohort, "waitlisted", "left-list", coordinator=by).enrolled
    withdraw(leaves)
    return cohort


def cohort_by_approval() -> Cohort:
    """Make a cohort in which moderators decide, with somebody of each sort that the other has not."""
    cohort = make.cohort(admission="approval")
    make.invited(cohort, "applied")
    decline(enrolment_id=make.invited(cohort, "declined").pk, by=staff())
    alone = PersonFactory(display_name="taken-back")
    withdraw(apply_alone(cohort_id=cohort.pk, person=alone), by=alone)
    return cohort


@pytest.fixture(scope="module")
def cohorts(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[tuple[Cohort, Cohort]]:
    """Both cohorts, made once for all tests of this file."""
    with made_once():
        yield open_cohort(), cohort_by_approval()


@pytest.fixture
def browser(client: Client) -> Client:
    return sign_in(client, PersonFactory(admin=True))


def listed(browser: Client, **query) -> set[tuple[str, str]]:
    """Return the name and the state of each row of the staff's list, which is the same as its spreadsheet."""
    found = {(row[0], row[6]) for row in rows(browser, "enrolments", **query)}
    _headings, *lines = spreadsheet(browser, "enrolments", **query)
    assert {(line[0], line[6]) for line in lines} == found
    return found


def exported(browser: Client, address: str, **query) -> set[tuple[str, str]]:
    """Return the name and the state of each line of the moderators' spreadsheet."""
    answer = browser.get(address, {**query, "export": "csv"})
    lines = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    return {(line["Name"], line["State"]) for line in lines}


def test_each_choice_of_the_filter_is_a_word_of_the_column(cohorts):
    assert {choice: str(words) for choice, words in SHOWN_STATES.items()} == {**OPEN, **BY_APPROVAL}


@pytest.mark.parametrize(("choice", "word"), [*OPEN.items(), *BY_APPROVAL.items()])
def test_staff_find_each_by_the_word_that_the_list_and_its_spreadsheet_say(cohorts, browser, choice, word):
    assert listed(browser, state=choice) == {(choice, word)}


def test_staff_choose_several_words_and_none_is_all(cohorts, browser):
    assert listed(browser, state=["left", "declined"]) == {("left", "Has left"), ("declined", "Declined")}
    assert listed(browser) == {*OPEN.items(), *BY_APPROVAL.items()}


@pytest.mark.parametrize(("number", "wanted"), [(0, OPEN), (1, BY_APPROVAL)])
def test_moderators_find_each_by_the_same_words(cohorts, browser, number, wanted):
    address = f"/en/learning/cohorts/{cohorts[number].slug}/moderate/"
    page = browser.get(address).content.decode()
    options = re.findall(r'<option value="([^"]+)"[^>]*>([^<]+)</option>', page.partition('name="state"')[2])
    assert dict(options) == {**OPEN, **BY_APPROVAL}
    for choice, word in wanted.items():
        assert exported(browser, address, state=choice) == {(choice, word)}, choice
    assert exported(browser, address) == set(wanted.items())
