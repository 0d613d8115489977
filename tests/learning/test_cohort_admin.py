"""The staff's cohorts and learners: lists equal to their spreadsheets, the form, calling off, and who may do what."""

import csv
import io
import re
from datetime import date, timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts import roles
from accounts.enums import Channel
from accounts.models import User
from accounts.services import erase, subject_of
from core import clock
from learning import cohort_words
from learning.admin.cohorts import Cohorts
from learning.cohort_form import CohortForm
from learning.errors import CohortChanged
from learning.models import Cohort, Enrolment
from learning.services import complete_unit, withdraw_enrolment
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory, sign_in

pytestmark = pytest.mark.django_db
FORM = Cohorts().edit_handler.bind_to_model(Cohort).get_form_class()


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in(client, PersonFactory(admin=True))


def rows(client: Client, listing: str, **query: str) -> list[list[str]]:
    """Return the words of each row's cells."""
    html = client.get(reverse(f"{listing}:index_results"), query).content.decode()
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    cells = [re.findall(r"<td.*?</td>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)]
    return [[re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", cell))).strip() for cell in row] for row in cells]


def spreadsheet(client: Client, listing: str, **query: str) -> list[list[str]]:
    response = client.get(reverse(f"{listing}:index"), {"export": "csv", **query})
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def form(**fields) -> dict:
    """Return what the browser posts from the form of a new cohort."""
    return {
        "course": fields.pop("course", None) or make.bare_course().pk,
        "name": "Spring 2030",
        "slug": "spring-2030",
        "starts_on": "2030-03-01",
        "ends_on": "2030-03-28",
        "timezone": "Europe/Brussels",
        "languages": ["en", "fr"],
        "seats": "40",
        "seats_per_local_government": "5",
        "waiting_list": "on",
        "admission": "open",
        "opens_at": "2030-01-01 09:00",
        "closes_at": "",
        "addresses": "",
        **fields,
    }


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


def test_a_cohort_is_made_with_times_as_its_clocks_show_them(staff):
    moderator = PersonFactory(email="mo@example.org")
    response = staff.post(reverse("cohorts:add"), form(addresses=" MO@example.org\n"))
    assert response.status_code == 302
    cohort = Cohort.objects.get()
    assert (cohort.name, cohort.starts_on, cohort.languages) == ("Spring 2030", date(2030, 3, 1), ["en", "fr"])
    assert (cohort.seats, cohort.seats_per_local_government, cohort.closes_at) == (40, 5, None)
    assert cohort.opens_at.isoformat() == "2030-01-01T08:00:00+00:00"
    assert list(cohort.moderators.all()) == [moderator]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"ends_on": "2030-02-28"}, "The last day cannot come before the first."),
        ({"ends_on": "9999-12-31"}, "Choose a year between 2000 and 2100."),
        ({"starts_on": "1999-12-31"}, "Choose a year between 2000 and 2100."),
        ({"timezone": "America/Bogota", "closes_at": "9999-12-31 23:00"}, "Choose a year between 2000 and 2100."),
        ({"closes_at": "2030-01-01 09:00"}, "Enrolment must close after it opens."),
        ({"addresses": "nobody@example.org"}, "Nobody has an account with the address nobody@example.org."),
        ({"languages": []}, "This field is required."),
        ({"timezone": "Mars/Base"}, "Select a valid choice."),
        (
            {"opens_at": "2030-03-31 02:30"},
            "In Brussels the clocks jump over 2030-03-31 02:30. Choose an earlier or a later time.",
        ),
    ],
)
# In winter: the sentence names the zone as its clocks are now.
@time_machine.travel("2029-12-01T09:00:00Z", tick=False)
def test_what_the_record_would_refuse_gets_a_sentence(fields, sentence):
    given = QueryDict(urlencode(form(**fields), doseq=True))
    found = FORM(given, instance=Cohort(), for_user=PersonFactory(admin=True))
    said = [one for errors in found.errors.values() for one in errors]
    assert (found.is_valid(), [one for one in said if sentence in one] != []) == (False, True)


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"opens_at": "2030-02-28 23:59"}, {}),
        ({"opens_at": "2030-03-01 00:00"}, {"closes_at": ["Enrolment must close after it opens."]}),
        ({"opens_at": "2030-03-05 09:00", "closes_at": "2030-03-06 09:00"}, {}),
        (
            {"opens_at": "2030-03-05 09:00", "closes_at": "2030-03-04 09:00"},
            {"closes_at": ["Enrolment must close after it opens."]},
        ),
        (
            {"opens_at": "2040-01-01 09:00", "closes_at": "2040-01-02 09:00"},
            {"opens_at": ["Enrolment must open before the cohort is over."]},
        ),
    ],
)
def test_a_cohort_that_could_never_take_anybody_is_refused(fields, errors):
    given = QueryDict(urlencode(form(**fields), doseq=True))
    assert FORM(given, instance=Cohort(), for_user=PersonFactory(admin=True)).errors == errors


def test_a_refused_form_shows_the_sentence_and_writes_nothing(staff):
    response = staff.post(reverse("cohorts:add"), form(ends_on="2030-02-28"))
    assert response.status_code == 200
    assert "The last day cannot come before the first." in unescape(response.content.decode())
    assert not Cohort.objects.exists()


def test_a_last_day_where_the_calendar_ends_breaks_no_page_and_is_corrected(staff):
    cohort = make.public_cohort(name="Spring")
    wanted, address = cohort.ends_on, reverse("cohorts:edit", args=[cohort.pk])
    Cohort.objects.update(ends_on=date.max)
    assert "Spring" in Client().get("/en/learning/cohorts/").content.decode()
    [row] = rows(staff, "cohorts")
    assert (row[3], row[5]) == ("Dec. 31, 9999", "Seats free")
    assert staff.get(address).status_code == 200
    given = opened(cohort)
    assert staff.post(address, given).context["form"].errors == {"ends_on": ["Choose a year between 2000 and 2100."]}
    assert staff.post(address, {**given, "ends_on": str(wanted)}).status_code == 302
    cohort.refresh_from_db()
    assert cohort.ends_on == wanted


def opened(cohort: Cohort, person: User | None = None) -> dict:
    """Return what the form of a cohort would post if nobody touched it."""
    return posted(FORM(instance=Cohort.objects.get(pk=cohort.pk), for_user=person or PersonFactory(admin=True)))


def posted(form: CohortForm) -> dict:
    """Return what a form would post if nobody touched it from now on."""
    found = {field.html_name: field.value() for field in form}
    return {name: value for name, value in found.items() if value not in (None, False)}


def test_more_seats_reach_those_who_wait_from_the_form(staff):
    cohort = make.cohort(seats=1)
    make.team(cohort, "Ana", "Bo")
    page = staff.get(reverse("cohorts:edit", args=[cohort.pk]))
    assert 'name="opened"' in page.content.decode()
    given = {**posted(page.context["form"]), "seats": "2"}
    assert staff.post(reverse("cohorts:edit", args=[cohort.pk]), given).status_code == 302
    assert set(cohort.enrolments.values_list("state", flat=True)) == {"invited"}


CHANGED = (
    "Somebody else has changed this cohort since you opened it. What you wrote is still here: look it over and save "
    "again."
)


@pytest.fixture
def spring() -> Cohort:
    """Return a cohort with seats and two moderators; a third person could be one."""
    people = [PersonFactory(email=f"{name}@example.org") for name in ("ana", "bo", "cy")]
    return make.cohort(name="Spring", seats=10, seats_per_local_government=5, moderators=people[:2])


FACTS = ("name", "seats", "seats_per_local_government", "waiting_list", "admission", "languages", "timezone")


def written(cohort: Cohort) -> dict:
    """Return what staff have written about a cohort."""
    cohort.refresh_from_db()
    addresses = sorted(cohort.moderators.values_list("email", flat=True))
    return {**{name: getattr(cohort, name) for name in FACTS}, "ends_on": str(cohort.ends_on), "addresses": addresses}


def errors(form: CohortForm) -> dict:
    """Return what a refused form says, without the marks around a person's own words."""
    return {name: [re.sub("[\u2068\u2069]", "", one) for one in said] for name, said in form.errors.items()}


def test_whoever_saves_after_somebody_else_is_refused_and_reads_both(staff, spring):
    address = reverse("cohorts:edit", args=[spring.pk])
    given = opened(spring)
    late, later = (str(spring.ends_on + timedelta(days=days)) for days in (30, 60))
    theirs = {"seats": "20", "ends_on": late, "addresses": "ana@example.org\r\ncy@example.org"}
    assert staff.post(address, {**given, **theirs, "languages": ["fr", "ar"]}).status_code == 302
    kept = written(spring)
    mine = {"seats": "30", "ends_on": later, "addresses": "bo@example.org", "languages": ["es"]}
    refused = staff.post(address, {**given, **mine, "name": "Autumn"})
    assert (refused.status_code, CHANGED in unescape(refused.content.decode())) == (409, True)
    assert errors(refused.context["form"]) == {
        "__all__": [CHANGED],
        "seats": ["Somebody else wrote: 20"],
        "ends_on": [f"Somebody else wrote: {late}"],
        "addresses": ["Somebody else wrote: ana@example.org, cy@example.org"],
        "languages": ["Somebody else wrote: français, العربيّة"],
    }
    assert written(spring) == kept
    again = posted(refused.context["form"])
    assert {name: again[name] for name in mine} == mine
    assert staff.post(address, again).status_code == 302
    wanted = {"name": "Autumn", "seats": 30, "ends_on": later, "addresses": ["bo@example.org"]}
    assert written(spring) == {**kept, **wanted, "languages": ["es"]}


def test_what_nobody_typed_follows_what_somebody_else_wrote_meanwhile(staff, spring):
    address = reverse("cohorts:edit", args=[spring.pk])
    given = opened(spring)
    theirs = {"seats_per_local_government": "", "admission": "approval", "timezone": "Asia/Tokyo"}
    late = str(spring.ends_on + timedelta(days=30))
    first = {**given, **theirs, "seats": "20", "ends_on": late, "addresses": "cy@example.org"}
    del first["waiting_list"]
    assert staff.post(address, first).status_code == 302
    kept = written(spring)
    # Browsers end lines in their own way.
    second = {**given, "name": "Autumn", "addresses": given["addresses"].replace("\n", "\r\n")}
    refused = staff.post(address, second)
    said = errors(refused.context["form"])
    assert set(said) == {"__all__", "seats", "ends_on", "addresses", "waiting_list", *theirs}
    assert (said["waiting_list"], said["seats_per_local_government"], said["admission"]) == (
        ["Somebody else wrote: No"],
        ["Somebody else wrote: –"],
        ["Somebody else wrote: By approval"],
    )
    assert staff.post(address, posted(refused.context["form"])).status_code == 302
    assert written(spring) == {**kept, "name": "Autumn"}


def test_a_form_is_not_refused_for_seats_given_out_meanwhile(spring):
    person = PersonFactory(admin=True)
    given = {**opened(spring, person), "name": "Autumn"}
    make.team(spring, "Ana", "Bo")
    form = FORM(QueryDict(urlencode(given, doseq=True)), instance=Cohort.objects.get(pk=spring.pk), for_user=person)
    assert (form.is_valid(), form.save().name) == (True, "Autumn")


def test_who_may_not_name_moderators_is_not_refused_for_others_who_do(spring):
    editor = PersonFactory(groups=[roles.EDITORS])
    given = {**opened(spring, editor), "name": "Autumn", "addresses": "cy@example.org"}
    spring.moderators.clear()
    form = FORM(QueryDict(urlencode(given, doseq=True)), instance=Cohort.objects.get(pk=spring.pk), for_user=editor)
    assert (form.is_valid(), form.save().name, written(spring)["addresses"]) == (True, "Autumn", [])


@pytest.mark.parametrize("sent", ["", "[1]", "{"])
def test_a_form_that_does_not_say_what_it_was_opened_with_is_refused(spring, sent):
    person = PersonFactory(admin=True)
    given = {**opened(spring, person), "seats": "20", "opened": sent}
    form = FORM(QueryDict(urlencode(given, doseq=True)), instance=spring, for_user=person)
    assert form.is_valid()
    with pytest.raises(CohortChanged) as refused:
        form.save()
    form.take_in(refused.value)
    assert (errors(form)["seats"], form["seats"].value(), written(spring)["seats"]) == (
        ["Somebody else wrote: 10"],
        "20",
        10,
    )


def test_the_course_of_a_cohort_with_people_stays(staff):
    cohort = make.cohort()
    make.invited(cohort)
    given = {**opened(cohort), "course": make.bare_course().pk, "name": "Spring 2030"}
    staff.post(reverse("cohorts:edit", args=[cohort.pk]), given)
    course = cohort.course_id
    cohort.refresh_from_db()
    assert (cohort.name, cohort.course_id) == ("Spring 2030", course)


def test_a_cohort_is_called_off_and_restored(staff):
    cohort = make.cohort()
    assert "Call off" in staff.get(reverse("cohorts:edit", args=[cohort.pk])).content.decode()
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
