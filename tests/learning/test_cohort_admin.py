"""The staff's cohorts and learners: lists equal to their spreadsheets, calling off, and who may do what."""

import csv
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts import roles
from accounts.enums import Channel
from accounts.services import erase, subject_of
from core import clock
from learning import cohort_words
from learning.models import Cohort, Enrolment
from learning.services import complete_unit, withdraw_enrolment
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory, sign_in
from tests.learning.listings import rows, spreadsheet

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in(client, PersonFactory(admin=True))


def test_the_list_shows_seats_waiting_and_applications(staff):
    full = make.cohort(name="Full", seats=1, languages=["en", "ar"])
    make.team(full, "Ana", "Bo", "Cy")
    make.team(make.cohort(name="Asked", admission="approval"), "Di")
    found = {row[0].split(" ")[0]: row[4:9] for row in rows(staff, "cohorts")}
    assert found == {
        "Full": ["English, Arabic", "Waiting list", "1 / 1", "2", "0"],
        "Asked": ["English", "Seats free", "0 / ∞", "0", "1"],
    }


@pytest.mark.parametrize(
    ("language", "said"), [("en", "English, Arabic"), ("fr", "anglais, arabe"), ("ar", "الإنجليزية، العربية")]
)
def test_languages_are_named_in_the_pages_as_events_name_them(language, said):
    with translation.override(language):
        assert cohort_words.in_words(["en", "ar"]) == said


def statements(client: Client, listing: str) -> int:
    with CaptureQueriesContext(connection) as found:
        assert client.get(reverse(f"{listing}:index_results")).status_code == 200
    return len(found)


def test_the_lists_cost_the_same_for_one_row_and_for_three(staff):
    def one_more():
        make.learner(make.running_cohort(), f"Person {clock.now().microsecond}")

    one_more()
    statements(staff, "cohorts"), statements(staff, "enrolments")
    few = statements(staff, "cohorts"), statements(staff, "enrolments")
    one_more()
    one_more()
    assert (statements(staff, "cohorts"), statements(staff, "enrolments")) == few == (5, 5)


def test_learners_are_listed_with_their_progress_and_the_spreadsheet_says_the_same(staff):
    cohort = make.running_cohort(name="=1+1")
    learner = make.learner(cohort, "Ana")
    complete_unit(enrolment_id=learner.pk, unit_id=make.units_of(cohort.course)[0].pk)
    [row] = rows(staff, "enrolments")
    assert (row[0], row[1], row[6], row[9], row[10]) == ("Ana", "ana@example.org", "Takes part", "1", "2")
    heading, line = spreadsheet(staff, "enrolments")
    assert heading[:4] == ["Name", "E-mail address", "City", "Department"]
    assert line[5] == "'=1+1"
    assert [cell.removeprefix("'") for cell in line] == row


def test_learners_are_narrowed_and_searched(staff):
    cohort = make.cohort()
    make.learner(cohort, "Ana")
    make.invited(cohort, "Bo")
    for query, left in (
        ({"state": "active"}, {"Ana"}),
        ({"q": "bo@"}, {"Bo"}),
        ({"language": "fr"}, set()),
        ({}, {"Ana", "Bo"}),
    ):
        assert (query, {row[0] for row in rows(staff, "enrolments", **query)}) == (query, left)


def test_a_cohort_is_called_off_and_restored(staff):
    cohort = make.cohort()
    assert "Cancel this cohort" in staff.get(reverse("cohorts:edit", args=[cohort.pk])).content.decode()
    staff.post(reverse("cohorts:call_off", args=[cohort.pk]))
    cohort.refresh_from_db()
    assert cohort.is_called_off
    assert "Restore" in staff.get(reverse("cohorts:edit", args=[cohort.pk])).content.decode()
    staff.post(reverse("cohorts:restore", args=[cohort.pk]))
    cohort.refresh_from_db()
    assert not cohort.is_called_off


def test_what_is_over_is_not_called_off(staff):
    cohort = make.cohort(starts_on=clock.now().date() - timedelta(days=90))
    response = staff.post(reverse("cohorts:call_off", args=[cohort.pk]))
    assert response.status_code == 409
    assert "This cohort is over" in response.content.decode()


def in_group(client: Client, group: str) -> Client:
    return sign_in(client, PersonFactory(groups=[group]))


def test_editors_open_cohorts_and_see_no_learners(client):
    editor = in_group(client, roles.EDITORS)
    assert editor.get(reverse("cohorts:add")).status_code == 200
    desk = reverse("cohort_moderate", args=[make.cohort().slug])
    moderator = in_group(Client(), roles.MODERATORS)
    shown = [desk in browser.get(reverse("cohorts:index")).content.decode() for browser in (editor, moderator)]
    assert shown == [False, True]
    assert editor.get(reverse("enrolments:index")).status_code == 302


def test_moderators_see_both_and_event_managers_neither(client):
    moderator = in_group(client, roles.MODERATORS)
    assert moderator.get(reverse("cohorts:index")).status_code == 200
    assert moderator.get(reverse("enrolments:index")).status_code == 200
    manager = in_group(Client(), roles.EVENT_MANAGERS)
    cohort = make.cohort()
    for address in ("cohorts:index", "enrolments:index"):
        assert manager.get(reverse(address)).status_code == 302
    assert manager.post(reverse("cohorts:call_off", args=[cohort.pk])).status_code in (302, 403)
    cohort.refresh_from_db()
    assert not cohort.is_called_off


def test_nobody_deletes_a_cohort(staff):
    cohort = make.cohort()
    staff.post(reverse("cohorts:delete", args=[cohort.pk]))
    assert Cohort.objects.filter(pk=cohort.pk).exists()


def test_waiting_numbers_are_those_of_who_still_waits_first_in_line_first(staff):
    cohort = make.cohort(seats=1)
    make.team(cohort, "Ana", "Bo", "Cy", "Di")
    withdraw_enrolment(enrolment_id=Enrolment.objects.get(name="Ana").pk, by=None)
    answer = staff.get(reverse("enrolments:index"), {"export": "csv", "ordering": "number"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    rows = [(row["Name"], row["Waiting number"]) for row in csv.DictReader(lines)]
    assert rows[:2] == [("Cy", "2"), ("Di", "3")]
    assert sorted(rows[2:]) == [("Ana", ""), ("Bo", "")]


def test_a_coordinator_without_a_role_reaches_no_list(client):
    coordinator = sign_in(client, cities.coordinator().person)
    assert coordinator.get(reverse("enrolments:index")).status_code == 302


def test_whoever_is_erased_has_neither_name_nor_address_in_the_list_and_its_spreadsheet(staff):
    learner = make.learner(make.running_cohort(), "Ana")
    erase(subject=subject_of(learner.person), channel=Channel.SELF)
    [row] = rows(staff, "enrolments")
    assert row[:2] == ["Personal data erased", ""]
    assert spreadsheet(staff, "enrolments")[1][:2] == row[:2]
