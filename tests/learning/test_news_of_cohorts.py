"""What staff see of whom a cohort tells: before they restore it, and once they have saved what can still be taken back."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts import roles
from core import clock
from learning.models import Cohort, Enrolment
from learning.samples import SAMPLES
from learning.services import (
    apply_alone,
    call_off_cohort,
    give_held_seats,
    notices,
    restore_cohort,
    save_cohort,
    withdraw_enrolment,
)
from learning.tasks import lapse_drafts
from mail.admin.message import frame_policy
from municipalities.services import approve_membership
from tests.factories import accounts
from tests.factories import learning as make
from tests.factories.mail import deliver_all
from tests.learning.cohort_screens import full_cohort, got, is_read_in, parts, posted, shown, statements, told
from tests.learning.people import asked, staff, states

pytestmark = pytest.mark.django_db
WINDOW = timedelta(seconds=120)
GIVEN = "This leaves at the moments given below. Changed back before that, or the cohort cancelled, nobody gets it."


@pytest.fixture(autouse=True)
def now(settings):
    """A moment that moves by `shift` alone."""
    settings.MAIL_UNDO_SECONDS = 120
    with time_machine.travel(clock.now(), tick=False) as moment:
        yield moment


@pytest.fixture
def browser() -> Client:
    return accounts.sign_in(Client(), accounts.PersonFactory(admin=True))


class TestMoreSeats:
    @pytest.mark.parametrize(
        ("seats", "said"),
        [
            (
                "2",
                "1 person who waits will get a seat in 2 minutes and be told. Taken back before that, nobody does.",
            ),
            (
                "9",
                "2 people who wait will get a seat in 2 minutes and be told. Taken back before that, nobody does.",
            ),
        ],
    )
    def test_saving_says_how_many_get_one_and_leads_to_who_they_are(self, browser, seats, said):
        cohort = full_cohort("Bo", "Cy")
        page = posted(browser, cohort, seats=seats)
        link = f'href="{reverse("cohorts:news", args=[cohort.pk])}"'
        assert (said in page, link in page, "Who will be told" in page) == (True, True, True)
        # From the form too, for as long as it can be taken back.
        assert link in browser.get(reverse("cohorts:edit", args=[cohort.pk])).content.decode()

    def test_a_save_that_gives_nobody_one_says_nothing_of_it(self, browser):
        cohort = full_cohort("Bo")
        page = posted(browser, cohort, name="Autumn")
        link = f'href="{reverse("cohorts:news", args=[cohort.pk])}"'
        # The list leads there, since Bo waits; the message does not.
        assert ["get a seat" in page, page.count(link)] == [False, 1]

    def test_the_screen_rehearses_those_who_get_one_until_it_has_happened(self, browser, now):
        cohort = full_cohort("Bo", "Cy", "Di")
        posted(browser, cohort, seats="3")
        words = shown(browser, "news", cohort)
        assert (GIVEN in words, parts(words)) == (True, [("Seats for those who wait", "2 people would get this.")])
        for said in ("français 1", "English 1", "On the waiting list 2", "Not known 2", "You have a seat now: "):
            assert said in words
        moment = (clock.now() + WINDOW).strftime("%Y-%m-%d %H:%M")
        assert f"The first message would leave at {moment}" in words
        assert "di@example.org" not in words
        now.shift(WINDOW)
        assert (parts(shown(browser, "news", cohort)), told(notices.PROMOTED)) == ([], [])
        give_held_seats()
        words = shown(browser, "news", cohort)
        assert (GIVEN in words, parts(words), len(told(notices.PROMOTED))) == (False, [], 2)

    def test_taken_back_nobody_is_said_to_get_one(self, browser):
        cohort = full_cohort("Bo")
        posted(browser, cohort, seats="2")
        posted(browser, cohort, seats="1")
        words = shown(browser, "news", cohort)
        assert ("You have a seat now" in words, GIVEN in words, parts(words)) == (False, False, [])


def called_off() -> Cohort:
    """Return a cohort that is called off with much to tell once it is restored.

    Ana's invitation and the places of Cy and Di could not leave; Bo has left a seat, which is Cy's then; Ed and Flo are
    drafts whose coordinator was approved meanwhile.
    """
    cohort = make.cohort(seats=3)
    for name in ("Ana", "Bo"):
        make.invited(cohort, name)
    membership = asked()
    make.team(cohort, "Ed", coordinator=membership)
    make.invited(cohort, "Cy"), make.invited(cohort, "Di")
    make.team(cohort, "Flo", coordinator=membership)
    call_off_cohort(cohort_id=cohort.pk)
    approve_membership(membership_id=membership.pk, by=staff())
    withdraw_enrolment(enrolment_id=cohort.enrolments.get(name="Bo").pk, by=None)
    is_read_in(cohort, "fr", "Ana")
    deliver_all()
    cohort.refresh_from_db()
    return cohort


class TestRestoring:
    def test_the_screen_rehearses_each_mail_by_itself(self, browser, mail_server):
        cohort = called_off()
        words = shown(browser, "restore", cohort)
        assert parts(words) == [
            ("Seats for those who wait", "1 person would get this."),
            ("Invitations", "2 people would get this."),
            ("Places on the waiting list", "2 people would get this."),
            ("To the coordinators of these teams", "1 person would get this."),
        ]
        assert "Cancelled again before that, nobody gets any of this." in words
        for said in (
            "You have a seat now: ",
            "You are invited to learn together: ",
            "You are on the waiting list: ",
            "Your team is enrolled: ",
        ):
            assert said in words
        assert [name in words for name in ("ana@example.org", "Flo")] == [False, False]

    def test_once_restored_a_button_leads_to_whom_it_tells_where_it_tells_anybody(self, browser, mail_server, now):
        found = []
        for cohort in (called_off(), full_cohort()):
            call_off_cohort(cohort_id=cohort.pk)
            answer = browser.post(reverse("cohorts:restore", args=[cohort.pk]), follow=True)
            (said,) = (" ".join(str(one).split()) for one in answer.context["messages"])
            link = f'href="{reverse("cohorts:news", args=[cohort.pk])}"'
            found.append(("The cohort takes place after all." in said, link in said, "Who will be told" in said))
        assert found == [(True, True, True), (True, False, False)]

    def test_it_tells_whom_it_said_once_the_window_has_passed(self, browser, mail_server, now):
        cohort = called_off()
        browser.post(reverse("cohorts:restore", args=[cohort.pk]))
        after = shown(browser, "news", cohort)
        assert [(heading, said.split()[0]) for heading, said in parts(after)] == [
            ("Seats for those who wait", "1"),
            ("Invitations", "2"),
            ("Places on the waiting list", "2"),
            ("To the coordinators of these teams", "1"),
        ]
        now.shift(WINDOW - timedelta(seconds=1))
        give_held_seats(), deliver_all()
        assert got(mail_server) == []
        # The worker is there before the sweep, as it may be.
        now.shift(timedelta(seconds=1))
        deliver_all(), give_held_seats(), deliver_all()
        now.shift(timedelta(minutes=5))
        deliver_all()
        assert got(mail_server) == [
            ("enrolment-promoted", "cy@example.org"),
            ("enrolment-waiting", "di@example.org"),
            ("enrolment-waiting", "flo@example.org"),
            ("team-invitation", "ana@example.org"),
            ("team-invitation", "ed@example.org"),
        ]

    def test_called_off_again_in_time_nobody_gets_any_of_it(self, mail_server, now):
        cohort = called_off()
        before = states(cohort)
        restore_cohort(cohort_id=cohort.pk)
        now.shift(timedelta(seconds=60))
        call_off_cohort(cohort_id=cohort.pk)
        now.shift(timedelta(seconds=90))
        give_held_seats(), deliver_all()
        assert (got(mail_server), states(cohort)) == ([], before)

    def test_restored_once_more_it_leaves_once_and_by_the_last_window(self, mail_server, now):
        cohort = called_off()
        for verb in (restore_cohort, call_off_cohort, restore_cohort):
            verb(cohort_id=cohort.pk)
            now.shift(timedelta(seconds=60))
        # Two minutes after the first restoring, one after the last.
        give_held_seats(), deliver_all()
        assert got(mail_server) == []
        for _each in range(2):
            now.shift(timedelta(seconds=60))
            give_held_seats(), deliver_all()
        assert [to for _kind, to in got(mail_server)] == [
            "cy@example.org",
            "di@example.org",
            "flo@example.org",
            "ana@example.org",
            "ed@example.org",
        ]

    def test_whose_seat_is_taken_back_after_all_is_told_of_the_place(self, mail_server, now):
        cohort = called_off()
        restore_cohort(cohort_id=cohort.pk)
        found = Cohort.objects.get(pk=cohort.pk)
        found.seats = 2
        save_cohort(cohort=found)
        now.shift(WINDOW + notices.TIME_TO_MOVE_UP)
        give_held_seats(), deliver_all()
        assert ("enrolment-waiting", "cy@example.org") in got(mail_server)

    def test_those_who_are_told_that_there_is_none_have_a_part_of_their_own(self, browser, now):
        cohort = make.cohort(seats=1, admission="approval")
        apply_alone(cohort_id=cohort.pk, person=accounts.PersonFactory(display_name="Dee", language="pt"))
        other = full_cohort("Bo", "Cy")
        for one in (cohort, other):
            call_off_cohort(cohort_id=one.pk)
        now.move_to(max(cohort.starts_at, other.starts_at))
        browser = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
        assert parts(shown(browser, "restore", cohort)) == [("Declined applications", "1 person would get this.")]
        words = shown(browser, "restore", other)
        assert parts(words) == [("No seat for those who wait", "2 people would get this.")]
        assert ["français 1" in words, "No seat became free: " in words] == [True, True]
        browser.post(reverse("cohorts:restore", args=[other.pk]))
        assert parts(shown(browser, "news", other)) == [("No seat for those who wait", "2 people would get this.")]

    def test_restored_so_late_that_the_first_day_begins_meanwhile_it_names_those_who_get_none(self, now):
        cohort = full_cohort("Bo", "Cy")
        withdraw_enrolment(enrolment_id=cohort.enrolments.get(name="Cy").pk, by=None)
        call_off_cohort(cohort_id=cohort.pk)
        withdraw_enrolment(enrolment_id=cohort.enrolments.get(name="Ana").pk, by=None)
        now.move_to(cohort.starts_at - timedelta(seconds=60))
        browser = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
        said = [("No seat for those who wait", "1 person would get this.")]
        assert parts(shown(browser, "restore", cohort)) == said
        browser.post(reverse("cohorts:restore", args=[cohort.pk]))
        assert parts(shown(browser, "news", cohort)) == said
        for _each in range(2):
            now.shift(timedelta(seconds=60))
            lapse_drafts()
        assert told(notices.NO_SEAT) == ["bo@example.org"]
        assert told(notices.PROMOTED) == []

    def test_drafts_that_wait_for_the_window_hide_nobody_who_is_told_that_there_is_no_seat(self, mail_server, now):
        cohort = called_off()
        now.move_to(cohort.starts_at)
        browser = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
        browser.post(reverse("cohorts:restore", args=[cohort.pk]))
        cohort.refresh_from_db()
        assert cohort.fills_at == clock.now() + WINDOW
        assert ("No seat for those who wait", "2 people would get this.") in parts(shown(browser, "news", cohort))


def test_who_is_promised_a_seat_before_the_first_day_is_not_named_among_those_who_get_none(now):
    cohort = full_cohort("Bo", "Cy")
    now.move_to(cohort.starts_at - WINDOW - timedelta(seconds=30))
    browser = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
    posted(browser, cohort, seats="2")
    now.shift(timedelta(seconds=60))
    posted(browser, cohort, name="Autumn")
    words = shown(browser, "news", cohort)
    assert parts(words) == [
        ("Seats for those who wait", "1 person would get this."),
        ("No seat for those who wait", "1 person would get this."),
    ]
    now.shift(WINDOW)
    lapse_drafts()
    assert (told(notices.PROMOTED), told(notices.NO_SEAT)) == (["bo@example.org"], ["cy@example.org"])


def test_days_that_end_waits_stand_on_the_screen_until_the_window_has_passed(browser, now):
    cohort = full_cohort("Bo", "Cy")
    posted(browser, cohort, starts_on=clock.now().date() - timedelta(days=3), agreed="on")
    assert parts(shown(browser, "news", cohort)) == [("No seat for those who wait", "2 people would get this.")]
    now.shift(WINDOW)
    assert parts(shown(browser, "news", cohort)) == []


def test_each_sample_is_shown_in_its_language_under_a_policy_of_its_own(browser):
    cohort = make.cohort()
    for mail in SAMPLES:
        answer = browser.get(reverse("cohorts:news_sample", args=[cohort.pk, mail, "fr"]))
        assert (answer.status_code, answer["Content-Security-Policy"]) == (200, frame_policy())
        assert '<html lang="fr"' in answer.content.decode()
    unknown = [("nothing", "en"), (notices.WAITING, "de")]
    assert [browser.get(reverse("cohorts:news_sample", args=[cohort.pk, *which])).status_code for which in unknown] == [
        404,
        404,
    ]


def test_an_event_manager_who_guesses_the_addresses_reads_neither_numbers_nor_samples():
    cohort = full_cohort("Bo")
    Cohort.objects.update(seats=2, fills_at=clock.now() + WINDOW)
    manager = accounts.sign_in(Client(), accounts.PersonFactory(groups=[roles.EVENT_MANAGERS]))
    for browser in (manager, Client()):
        for name, more in (("news", []), ("restore", []), ("news_sample", [notices.PROMOTED, "en"])):
            answer = browser.get(reverse(f"cohorts:{name}", args=[cohort.pk, *more]), follow=name != "news_sample")
            assert "would get this" not in answer.content.decode()
        answer = browser.get(reverse("cohorts:news_sample", args=[cohort.pk, notices.PROMOTED, "en"]))
        assert answer.status_code == 302


def test_the_screens_cost_the_same_however_many_are_told(browser, mail_server):
    counts = []
    for names in (["Bo"], ["Bo", "Cy", "Di"]):
        cohort = full_cohort(*names)
        Enrolment.objects.filter(cohort=cohort).update(language="en")
        call_off_cohort(cohort_id=cohort.pk)
        deliver_all()
        Cohort.objects.filter(pk=cohort.pk).update(seats=None)
        before = statements(browser, "restore", cohort)
        restore_cohort(cohort_id=cohort.pk)
        counts.append((before, statements(browser, "news", cohort)))
        call_off_cohort(cohort_id=cohort.pk)
    assert counts == [(26, 27), (26, 27)]
