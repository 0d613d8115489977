"""The staff's form of a cohort: what it refuses, and what happens where two of them have it open at once."""

import re
from datetime import date, timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
import time_machine
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from accounts import roles
from accounts.models import User
from learning.admin.cohorts import Cohorts
from learning.cohort_form import CohortForm
from learning.errors import CohortChanged
from learning.models import Cohort
from municipalities.enums import MembershipState
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory, sign_in
from tests.learning.listings import rows
from tests.learning.people import the_window_passes

pytestmark = pytest.mark.django_db
FORM = Cohorts().edit_handler.bind_to_model(Cohort).get_form_class()


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in(client, PersonFactory(admin=True))


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
    the_window_passes()
    assert set(cohort.enrolments.values_list("state", flat=True)) == {"invited"}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("Ana",), []),
        (("Ana", "Bo"), ["1 person waits. A larger number, or none, gives them a seat 2 minutes after it is saved"]),
        (
            ("Ana", "Bo", "Cy"),
            ["2 people wait. A larger number, or none, gives them seats 2 minutes after it is saved"],
        ),
    ],
)
def test_the_seats_say_how_many_wait_whom_more_of_them_reach(staff, names, said):
    cohort = make.cohort(seats=1)
    make.team(cohort, *names)
    # Nobody is told of a draft, whatever seat it gets.
    make.invited(cohort, "Di", coordinator=cities.coordinator(state=MembershipState.ASKED))
    address = reverse("cohorts:edit", args=[cohort.pk])
    found = re.findall(
        r"\d+ \w+ waits?\. [^<]+(?=, unless the former number is saved before that\.)",
        staff.get(address).content.decode(),
    )
    assert found == said
    # From the first day on nobody moves up any more.
    with time_machine.travel(cohort.starts_at, tick=False):
        assert "A larger number, or none" not in str(FORM(instance=cohort)["seats"].help_text)


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
