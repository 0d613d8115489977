"""Days of a cohort that would end people's waits: staff read how many those are, and can change them back in time."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from core import clock, dates
from learning import cohort_words
from learning.models import Cohort, Enrolment
from learning.services import apply_alone, end_unanswered
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork

pytestmark = pytest.mark.django_db

NO_SEATS = (
    "Saved like this, the cohort gives no more seats: the waits and applications of {ended} end for good. In 2 minutes "
    "a mail that they have no seat goes to {told}. Changed back before that, nobody is told."
)
UNTOLD = (
    "Saved like this, the cohort gives no more seats: the waits and applications of {ended} end for good in 2 minutes, "
    "and nobody is told. Changed back before that, all stay."
)
OVER = (
    "Saved like this, the cohort is over: the waits, applications and invitations of {ended} end for good in 2 "
    "minutes, and nobody is told. Changed back before that, all stay."
)


@pytest.fixture
def staff(client: Client, settings) -> Client:
    settings.MAIL_UNDO_SECONDS = 120
    return accounts.sign_in(client, accounts.PersonFactory(admin=True))


def address(cohort: Cohort) -> str:
    return reverse("cohorts:edit", args=[cohort.pk])


def given(staff: Client, cohort: Cohort, **fields) -> dict:
    """Return what the form as it is opened now would post, with these fields changed."""
    form = staff.get(address(cohort)).context["form"]
    found = {field.html_name: field.value() for field in form}
    return {name: value for name, value in {**found, **fields}.items() if value not in (None, False)}


def asked(answer) -> list[str]:
    """Return what the form asks, without the marks around numbers."""
    return [re.sub("[\u2068\u2069]", "", one) for one in answer.context["form"].errors.get("agreed", [])]


def agreeing(answer) -> dict:
    """Return what the form that asks would post, were its box ticked and nothing else touched."""
    found = {field.html_name: field.value() for field in answer.context["form"]}
    return {**{name: value for name, value in found.items() if value not in (None, False)}, "agreed": "on"}


def days_ago(number: int) -> date:
    return clock.now().date() - timedelta(days=number)


def states() -> list[tuple[str, str]]:
    return list(Enrolment.objects.order_by("pk").values_list("name", "state"))


def full_cohort() -> Cohort:
    """Return a cohort in which Ana holds the only seat, Bo and Cy wait for it, and Ana waits for a second city."""
    cohort = make.cohort(seats=1)
    make.learner(cohort, "Ana")
    for name in ("Bo", "Cy", "Ana"):
        make.invited(cohort, name)
    return cohort


WAITING = [("Ana", "active"), ("Bo", "waitlisted"), ("Cy", "waitlisted"), ("Ana", "waitlisted")]
ENDED = [("Ana", "active"), ("Bo", "lapsed"), ("Cy", "lapsed"), ("Ana", "lapsed")]


def test_a_first_day_in_the_past_is_saved_once_staff_agree_to_tell_those_who_wait(staff):
    cohort = full_cohort()
    first = cohort.starts_on
    assert 'name="agreed"' not in staff.get(address(cohort)).content.decode()
    wrong = given(staff, cohort, starts_on=days_ago(3))
    refused = staff.post(address(cohort), wrong)
    assert asked(refused) == [NO_SEATS.format(ended="3 people", told="2 people")]
    html = refused.content.decode()
    assert [len(re.findall(part, html)) for part in ('type="checkbox" name="agreed"', "Yes, tell them")] == [1, 1]
    cohort.refresh_from_db()
    assert cohort.starts_on == first
    # A tick that stood beside no number says nothing.
    assert asked(staff.post(address(cohort), {**wrong, "agreed": "on"})) == asked(refused)
    assert staff.post(address(cohort), agreeing(refused)).status_code == 302
    cohort.refresh_from_db()
    assert cohort.starts_on == days_ago(3)


def is_ticked(answer) -> bool:
    (box,) = re.findall('<input type="checkbox" name="agreed"[^>]*>', answer.content.decode())
    return "checked" in box


def test_who_ticks_and_types_another_day_reads_the_numbers_of_that_day_first(staff):
    cohort = full_cohort()
    before = (cohort.starts_on, cohort.ends_on)
    refused = staff.post(address(cohort), given(staff, cohort, starts_on=days_ago(3)))
    otherwise = {**agreeing(refused), "starts_on": days_ago(9), "ends_on": days_ago(2)}
    again = staff.post(address(cohort), otherwise)
    # As many wait, but nobody is told any more.
    assert (asked(again), is_ticked(again)) == ([OVER.format(ended="3 people")], False)
    cohort.refresh_from_db()
    assert (cohort.starts_on, cohort.ends_on) == before
    assert staff.post(address(cohort), agreeing(again)).status_code == 302
    cohort.refresh_from_db()
    assert (cohort.starts_on, cohort.ends_on) == (days_ago(9), days_ago(2))


def test_who_ticks_after_more_have_come_to_wait_reads_how_many_those_are(staff):
    cohort = full_cohort()
    refused = staff.post(address(cohort), given(staff, cohort, starts_on=days_ago(3)))
    make.invited(cohort, "Di")
    again = staff.post(address(cohort), agreeing(refused))
    assert (asked(again), is_ticked(again)) == ([NO_SEATS.format(ended="4 people", told="3 people")], False)
    assert staff.post(address(cohort), agreeing(again)).status_code == 302


def test_a_tick_does_not_outlive_what_somebody_else_wrote_meanwhile(staff):
    cohort = full_cohort()
    refused = staff.post(address(cohort), given(staff, cohort, starts_on=days_ago(3)))
    late = cohort.ends_on + timedelta(days=1)
    Cohort.objects.filter(pk=cohort.pk).update(ends_on=late)
    taken_in = staff.post(address(cohort), agreeing(refused))
    assert (taken_in.status_code, 'name="agreed"' in taken_in.content.decode()) == (409, False)
    both_read = agreeing(taken_in)
    del both_read["agreed"]
    again = staff.post(address(cohort), both_read)
    assert (asked(again), is_ticked(again)) == ([NO_SEATS.format(ended="3 people", told="2 people")], False)
    assert staff.post(address(cohort), agreeing(again)).status_code == 302
    cohort.refresh_from_db()
    assert (cohort.starts_on, cohort.ends_on) == (days_ago(3), late)


def test_what_was_saved_ends_nobodys_wait_before_the_undo_window_has_passed(staff):
    cohort = full_cohort()
    right = given(staff, cohort)
    wrong = agreeing(staff.post(address(cohort), {**right, "starts_on": days_ago(3)}))
    with time_machine.travel(clock.now(), tick=False) as now:
        assert staff.post(address(cohort), wrong).status_code == 302
        now.shift(timedelta(seconds=119))
        assert (end_unanswered(), states()) == ([], WAITING)
        right["opened"] = given(staff, cohort)["opened"]
        assert staff.post(address(cohort), right).status_code == 302
        now.shift(timedelta(minutes=10))
        assert (end_unanswered(), states(), teamwork.mails("enrolment-no-seat")) == ([], WAITING, [])
        wrong["opened"] = given(staff, cohort)["opened"]
        assert staff.post(address(cohort), wrong).status_code == 302
        now.shift(timedelta(seconds=121))
        assert (len(end_unanswered()), states()) == (3, ENDED)
    assert [one.to_address for one in teamwork.mails("enrolment-no-seat")] == ["bo@example.org", "cy@example.org"]


def test_a_last_day_in_the_past_ends_invitations_too_and_says_that_nobody_is_told(staff):
    cohort = make.cohort(seats=2)
    for name in ("Ana", "Bo", "Cy"):
        make.invited(cohort, name)
    fields = {"starts_on": days_ago(9), "ends_on": days_ago(2)}
    refused = staff.post(address(cohort), given(staff, cohort, **fields))
    assert asked(refused) == [OVER.format(ended="3 people")]
    assert ["Yes, tell them" in refused.content.decode(), "Yes, end them" in refused.content.decode()] == [False, True]
    assert staff.post(address(cohort), agreeing(refused)).status_code == 302


def test_beneath_the_sentence_and_the_box_staff_read_who_is_told_and_how_with_the_days_they_typed(staff):
    cohort = full_cohort()
    Enrolment.objects.filter(name="Bo").update(language="fr")
    refused = staff.post(address(cohort), given(staff, cohort, starts_on=days_ago(3)))
    html = refused.content.decode()
    starts = [html.index(part) for part in ("Saved like this", 'type="checkbox" name="agreed"', "would get this")]
    assert starts == sorted(starts)
    beneath = html[starts[0] : html.index('name="seats"')]
    words = " ".join(unescape(re.sub(r"<[^>]+>", " ", beneath)).split())
    for said in (
        "No seat for those who wait 2 people would get this.",
        "français 1",
        "English 1",
        "On the waiting list 2",
        "Not known 2",
        "No seat became free for you in this cohort, and it gives no more.",
        "Aucune place ne s’est libérée pour vous",
    ):
        assert said in words
    shown = [code for code in ("en", "fr", "es") if f"/news/enrolment-no-seat/{code}/?" in beneath]
    assert (shown, "css/admin/mail" in html, "bo@example.org" in words) == (["en", "fr"], True, False)
    sample = staff.get(unescape(re.findall(r'src="([^"]*/enrolment-no-seat/en/[^"]*)"', beneath)[0]))

    assert dates.day_range(days_ago(3), cohort.ends_on) in sample.content.decode()


def test_where_nobody_is_told_nothing_is_rehearsed(staff):
    cohort = make.cohort(admission="approval")
    make.invited(cohort, "Ana")
    refused = staff.post(address(cohort), given(staff, cohort, starts_on=days_ago(3)))
    assert "would get this" not in refused.content.decode()


def test_applications_are_counted_and_whom_a_city_only_put_forward_is_not_told(staff):
    cohort = make.cohort(admission="approval")
    apply_alone(cohort_id=cohort.pk, person=accounts.PersonFactory(display_name="Dee"))
    make.invited(cohort, "Ana")
    refused = staff.post(address(cohort), given(staff, cohort, starts_on=days_ago(3)))
    assert asked(refused) == [NO_SEATS.format(ended="2 people", told="1 person")]
    html = refused.content.decode()
    assert [part in html for part in ("Declined applications", "no seat became free")] == [
        True,
        False,
    ]


def test_where_only_a_city_put_people_forward_no_mail_is_spoken_of(staff):
    cohort = make.cohort(admission="approval")
    for name in ("Ana", "Bo"):
        make.invited(cohort, name)
    refused = staff.post(address(cohort), given(staff, cohort, starts_on=days_ago(3)))
    assert (asked(refused), refused.content.decode().count("Yes, end them")) == ([UNTOLD.format(ended="2 people")], 1)
    assert staff.post(address(cohort), agreeing(refused)).status_code == 302


def test_a_closing_moment_in_the_past_of_a_cohort_that_has_begun_is_asked_about(staff):
    cohort = full_cohort()
    late = clock.now() + timedelta(days=1)
    Cohort.objects.filter(pk=cohort.pk).update(starts_on=days_ago(3), closes_at=late)
    wanted = given(staff, cohort, closes_at=f"{days_ago(2)} 12:00")
    assert asked(staff.post(address(cohort), wanted)) == [NO_SEATS.format(ended="3 people", told="2 people")]


def test_nothing_is_asked_where_saving_ends_nobodys_wait(staff):
    # Nobody waits.
    lonely = make.cohort(seats=2)
    make.invited(lonely, "Ana")
    assert staff.post(address(lonely), given(staff, lonely, starts_on=days_ago(3))).status_code == 302
    # Still before the first day; then on it already, whose sweep has not come yet.
    cohort = full_cohort()
    later = cohort.starts_on + timedelta(days=1)
    assert staff.post(address(cohort), given(staff, cohort, starts_on=later)).status_code == 302
    Cohort.objects.filter(pk=cohort.pk).update(starts_on=days_ago(3))
    assert staff.post(address(cohort), given(staff, cohort, name="Autumn")).status_code == 302


def test_a_form_with_another_error_does_not_ask_yet(staff):
    cohort = full_cohort()
    refused = staff.post(address(cohort), given(staff, cohort, starts_on=days_ago(3), name="", agreed="on"))
    assert list(refused.context["form"].errors) == ["name"]
    assert 'name="agreed"' not in refused.content.decode()


def test_asking_costs_the_same_however_many_wait(staff):
    counts = []
    for number in (1, 3):
        cohort = make.cohort(seats=1)
        make.learner(cohort, "Ana")
        for name in ("Bo", "Cy", "Di")[:number]:
            make.invited(cohort, name)
        wanted = given(staff, cohort, starts_on=days_ago(3))
        with CaptureQueriesContext(connection) as found:
            assert len(asked(staff.post(address(cohort), wanted))) == 1
        counts.append(len([one for one in found if "learning_enrolment" in one["sql"]]))
    # Whether anybody is in it, how many wait, whose addresses take part, the count itself; addresses and people again,
    # for the rehearsal.
    assert counts == [7, 7]


def test_whoever_saves_them_reads_who_is_told_and_where_to_see_it(staff):
    cohort = full_cohort()
    refused = staff.post(address(cohort), given(staff, cohort, starts_on=days_ago(3)))
    answer = staff.post(address(cohort), agreeing(refused), follow=True)
    said = " ".join(re.sub("[\u2068\u2069]", "", str(one)) for one in answer.context["messages"])
    words = "In 2 minutes a mail that they have no seat goes to 2 people. Changed back before that, nobody is told."
    assert (words in said, f'href="{reverse("cohorts:news", args=[cohort.pk])}"' in said) == (True, True)


def test_in_arabic_two_people_are_declined_within_a_sentence_and_not_alone():
    with translation.override("ar"):
        assert (cohort_words.to_people(2), cohort_words.of_people(2)) == ("شخصين", "شخصان")
