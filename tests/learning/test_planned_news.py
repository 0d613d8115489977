"""What a cohort tells many at moments that it names, when enrolment opens and when the last seat is given: staff see it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock
from learning.models import Cohort
from learning.services import apply_alone, call_off_cohort, give_held_seats, notices, save_cohort, withdraw_enrolment
from learning.tasks import lapse_drafts
from mail import rendering
from mail.models import Message
from municipalities.services import approve_membership
from tests.factories import accounts
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.mail import deliver_all
from tests.learning.cohort_screens import full_cohort, is_read_in, parts, posted, shown, statements, told
from tests.learning.people import asked, staff

pytestmark = pytest.mark.django_db
WINDOW = timedelta(seconds=120)
NOBODY = "Nobody is about to be told anything: it has been taken back, or has happened."
PLANNED = (
    "By what is saved now, this leaves at the moments given below, to those who still wait then. To take it back, save "
    "other seats, days or times before that, or cancel the cohort."
)
TAKEN_BACK = "Changed back before that, nobody gets any of this."
SEATS = "Seats for those who wait, by what is planned"
NO_SEAT = "No seat for those who wait, by what is planned"
DECLINED = "Declined applications, by what is planned"


@pytest.fixture(autouse=True)
def now(settings):
    """Noon, which moves by `shift` alone: late in the day a cohort of tomorrow has begun in cities to the east."""
    settings.MAIL_UNDO_SECONDS = 120
    with time_machine.travel(clock.now().replace(hour=12), tick=False) as moment:
        yield moment


def signed_in() -> Client:
    """Return the browser of staff, whose session began now."""
    return accounts.sign_in(Client(), accounts.PersonFactory(admin=True))


def planned(words: str) -> list[tuple[str, str, str]]:
    """Return the heading of each part that is planned, with how many would get it and when the first would leave."""
    headings = f"{SEATS}|{NO_SEAT}|{DECLINED}"
    said = r"(\d+) \w+ would get this\. The first message would leave at ([-\d]+ [:\d]+) UTC"
    return re.findall(rf"({headings}) {said}", words)


def as_shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def plain(page: str) -> str:
    return re.sub("[\u2066-\u2069]", "", page)


def saved(cohort: Cohort, **fields) -> str:
    """Save the form of a cohort with these fields changed; return what the page that follows says."""
    page = plain(posted(signed_in(), cohort, **fields))
    cohort.refresh_from_db()
    return page


def in_days(number: int) -> str:
    return f"{clock.now() + timedelta(days=number):%Y-%m-%d} 09:00"


def sweep_and_deliver() -> None:
    lapse_drafts(), give_held_seats(), deliver_all()


class TestEnrolmentThatOpensLater:
    @pytest.mark.parametrize(
        ("seats", "said", "number"),
        [
            ("2", "1 person who waits will get a seat when enrolment opens, at {}, and be told.", "1"),
            ("", "3 people who wait will get a seat when enrolment opens, at {}, and be told.", "3"),
        ],
    )
    def test_whoever_saves_more_seats_for_then_reads_how_many_get_one_and_where_they_stand(self, seats, said, number):
        cohort = full_cohort("Bo", "Cy", "Di")
        page = saved(cohort, opens_at=in_days(3), seats=seats)
        moment = as_shown(cohort.opens_at)
        assert (f"{said.format(f'{moment} UTC')} {TAKEN_BACK}" in page, cohort.fills_at) == (True, None)
        assert f'<a href="{reverse("cohorts:news", args=[cohort.pk])}"' in page.split(TAKEN_BACK)[1][:300]
        words = shown(signed_in(), "news", cohort)
        assert planned(words)[0] == (SEATS, number, moment)
        assert (PLANNED in words, NOBODY in words, parts(words)) == (True, False, [])

    def test_those_who_were_shown_get_their_seats_and_the_mail_that_was_shown_when_it_opens(self, mail_server, now):
        cohort = full_cohort("Bo", "Cy", "Di")
        deliver_all()
        saved(cohort, opens_at=in_days(3), seats="3")
        words = shown(signed_in(), "news", cohort)
        assert planned(words) == [
            (SEATS, "2", as_shown(cohort.opens_at)),
            (NO_SEAT, "1", as_shown(cohort.starts_at)),
        ]
        for said in ("français 1", "English 1", "On the waiting list 2", "Not known 2", "You have a seat now: "):
            assert said in words
        now.move_to(cohort.opens_at - timedelta(seconds=1))
        sweep_and_deliver()
        assert planned(shown(signed_in(), "news", cohort)) == planned(words)
        assert told(notices.PROMOTED) == []
        now.move_to(cohort.opens_at)
        sweep_and_deliver()
        assert told(notices.PROMOTED) == ["bo@example.org", "cy@example.org"]
        sent = Message.objects.filter(kind=notices.PROMOTED).order_by("pk")
        assert [(one.language, one.state) for one in sent] == [("fr", "accepted"), ("en", "accepted")]
        # What it says first, up to the name of the team's city.
        assert rendering.render(sent[1]).subject.split(":")[0] in words
        assert planned(shown(signed_in(), "news", cohort)) == [(NO_SEAT, "1", as_shown(cohort.starts_at))]

    def test_saved_with_the_former_number_before_that_nobody_gets_one(self, now):
        cohort = full_cohort("Bo")
        saved(cohort, opens_at=in_days(3), seats="2")
        form = signed_in().get(reverse("cohorts:edit", args=[cohort.pk])).content.decode()
        said = "1 person waits. A larger number, or none, gives them a seat when enrolment opens, unless the former"
        assert said in form
        now.shift(timedelta(days=1))
        assert "when enrolment opens" not in saved(cohort, seats="1")
        assert planned(shown(signed_in(), "news", cohort)) == [(NO_SEAT, "1", as_shown(cohort.starts_at))]
        now.move_to(cohort.opens_at)
        sweep_and_deliver()
        assert told(notices.PROMOTED) == []

    def test_where_it_opens_within_the_window_the_seats_wait_for_that_and_are_named_once(self, now):
        cohort = full_cohort("Bo")
        Cohort.objects.filter(pk=cohort.pk).update(opens_at=clock.now() + timedelta(seconds=60))
        page = saved(cohort, seats="2")
        assert ["get a seat in 2 minutes" in page, "when enrolment opens" in page] == [True, False]
        words = shown(signed_in(), "news", cohort)
        assert (planned(words), parts(words)) == ([], [("Seats for those who wait", "1 person would get this.")])
        form = signed_in().get(reverse("cohorts:edit", args=[cohort.pk])).content.decode()
        assert "gives them a seat 2 minutes after it is saved" in form
        now.shift(timedelta(seconds=61))
        sweep_and_deliver()
        assert told(notices.PROMOTED) == []
        now.shift(timedelta(seconds=59))
        sweep_and_deliver()
        assert told(notices.PROMOTED) == ["bo@example.org"]

    def test_drafts_that_leave_before_it_opens_are_counted_as_they_stand_by_then(self, mail_server, now):
        cohort = make.cohort(seats=2)
        membership = asked()
        make.team(cohort, "Ana", coordinator=membership)
        make.team(cohort, "Ana", coordinator=cities.coordinator(local_government=membership.local_government))
        make.team(cohort, "Ed", "Flo", coordinator=membership)
        deliver_all()
        call_off_cohort(cohort_id=cohort.pk)
        approve_membership(membership_id=membership.pk, by=staff())
        Cohort.objects.filter(pk=cohort.pk).update(opens_at=clock.now() + timedelta(days=3))
        cohort.refresh_from_db()
        # The draft of Ana, whom a colleague has enrolled, leaves a seat: Ed's, once it opens. Flo is left.
        said = [(SEATS, "1", as_shown(cohort.opens_at)), (NO_SEAT, "1", as_shown(cohort.starts_at))]
        browser = signed_in()
        words = shown(browser, "restore", cohort)
        assert planned(words) == said
        opens = f"1 person who waits will get a seat when enrolment opens, at {said[0][2]} UTC, and be told."
        ends = (
            f"The cohort gives seats until {said[1][2]} UTC. Then a mail that they have no seat goes to 1 person, if they "
            "still wait. Cancelled again before that, nobody gets any of this."
        )
        assert f"{opens} {ends}" in words
        browser.post(reverse("cohorts:restore", args=[cohort.pk]))
        assert planned(shown(browser, "news", cohort)) == said
        now.shift(WINDOW)
        sweep_and_deliver()
        assert planned(shown(browser, "news", cohort)) == said
        now.move_to(cohort.opens_at)
        sweep_and_deliver()
        assert told(notices.PROMOTED) == ["ed@example.org"]
        now.move_to(cohort.starts_at)
        sweep_and_deliver()
        assert told(notices.NO_SEAT) == ["flo@example.org"]


class TestTheLastSeat:
    def test_as_long_as_somebody_waits_the_screen_says_who_is_told_on_the_first_day_and_so_it_is(
        self, mail_server, now
    ):
        cohort = full_cohort("Bo", "Cy", "Di")
        withdraw_enrolment(enrolment_id=cohort.enrolments.get(name="Di").pk, by=None)
        deliver_all()
        words = shown(signed_in(), "news", cohort)
        assert planned(words) == [(NO_SEAT, "2", as_shown(cohort.starts_at))]
        for said in (PLANNED, "français 1", "English 1", "On the waiting list 2", "No seat became free: "):
            assert said in words
        now.move_to(cohort.starts_at - timedelta(seconds=1))
        sweep_and_deliver()
        assert (planned(shown(signed_in(), "news", cohort)), told(notices.NO_SEAT)) == (planned(words), [])
        now.move_to(cohort.starts_at)
        sweep_and_deliver()
        sent = Message.objects.filter(kind=notices.NO_SEAT).order_by("pk")
        assert [(one.to_address, one.language, one.state) for one in sent] == [
            ("bo@example.org", "fr", "accepted"),
            ("cy@example.org", "en", "accepted"),
        ]
        assert rendering.render(sent[1]).subject.split(":")[0] in words
        assert NOBODY in shown(signed_in(), "news", cohort)

    def test_applications_that_nobody_has_decided_are_declined_then_in_a_part_of_their_own(self, mail_server, now):
        cohort = make.cohort(admission="approval")
        dee = accounts.PersonFactory(display_name="Dee", language="pt")
        apply_alone(cohort_id=cohort.pk, person=dee)
        # Whom a city has put forward is told nothing.
        make.invited(cohort, "Ana")
        words = shown(signed_in(), "news", cohort)
        assert (planned(words), "português 1" in words) == ([(DECLINED, "1", as_shown(cohort.starts_at))], True)
        now.move_to(cohort.starts_at)
        sweep_and_deliver()
        assert told(notices.NO_SEAT) == [dee.email]

    def test_a_save_that_brings_it_nearer_says_how_many_wait_and_when_they_are_told(self, now):
        cohort = full_cohort("Bo", "Cy")
        former = cohort.starts_on
        page = saved(cohort, starts_on=clock.now().date() + timedelta(days=1))
        moment = as_shown(cohort.starts_at)
        said = (
            f"The cohort gives seats until {moment} UTC. Then a mail that they have no seat goes to 2 people, if they "
            f"still wait. {TAKEN_BACK}"
        )
        assert (said in page, f'<a href="{reverse("cohorts:news", args=[cohort.pk])}"' in page) == (True, True)
        assert planned(shown(signed_in(), "news", cohort)) == [(NO_SEAT, "2", moment)]
        # Changed back, and by a save that has no part in it, nothing is said.
        assert [
            "gives seats until" in saved(cohort, **fields) for fields in ({"starts_on": former}, {"name": "New"})
        ] == [
            False,
            False,
        ]
        now.shift(timedelta(days=2))
        sweep_and_deliver()
        assert told(notices.NO_SEAT) == []

    def test_brought_so_near_that_the_window_ends_after_it_they_are_named_once(self, now):
        cohort = full_cohort("Bo")
        late = cohort.starts_at - timedelta(seconds=60)
        Cohort.objects.filter(pk=cohort.pk).update(starts_on=cohort.starts_on + timedelta(days=1))
        now.move_to(late)
        first = cohort.starts_on
        page = saved(cohort, starts_on=first)
        assert [
            "In 2 minutes a mail that they have no seat goes to 1 person." in page,
            "gives seats until" in page,
        ] == [
            True,
            False,
        ]
        words = shown(signed_in(), "news", cohort)
        assert (planned(words), parts(words)) == ([], [("No seat for those who wait", "1 person would get this.")])

    def test_held_back_beyond_it_by_what_no_form_saved_they_are_named_too(self, now):
        cohort = full_cohort("Bo")
        now.move_to(cohort.starts_at - timedelta(seconds=60))
        cohort.seats = 2
        save_cohort(cohort=cohort)
        words = shown(signed_in(), "news", cohort)
        assert (planned(words), parts(words)) == ([], [("No seat for those who wait", "1 person would get this.")])
        now.shift(WINDOW)
        sweep_and_deliver()
        assert (told(notices.PROMOTED), told(notices.NO_SEAT)) == ([], ["bo@example.org"])

    def test_who_gets_a_seat_before_that_is_not_among_them(self, now):
        cohort = full_cohort("Bo", "Cy")
        saved(cohort, seats="2")
        words = shown(signed_in(), "news", cohort)
        assert parts(words) == [("Seats for those who wait", "1 person would get this.")]
        assert planned(words) == [(NO_SEAT, "1", as_shown(cohort.starts_at))]


class TestTheWayThere:
    def links(self) -> list[bool]:
        """Return whether list and form of each cohort lead to its screen, list first, in the order they were made."""
        browser, found = signed_in(), []
        listed = browser.get(reverse("cohorts:index")).content.decode()
        for cohort in Cohort.objects.order_by("pk"):
            link = f'href="{reverse("cohorts:news", args=[cohort.pk])}"'
            form = browser.get(reverse("cohorts:edit", args=[cohort.pk])).content.decode()
            found.append((link in listed, link in form))
        return found

    def test_list_and_form_lead_there_where_it_says_something_and_nowhere_else(self):
        full_cohort("Bo")
        full_cohort()
        call_off_cohort(cohort_id=full_cohort("Bo").pk)
        apart = make.cohort(admission="approval")
        make.invited(apart, "Ana")
        apply_alone(cohort_id=make.cohort(admission="approval").pk, person=accounts.PersonFactory())
        assert self.links() == [(True, True), (False, False), (False, False), (False, False), (True, True)]

    def test_somebody_who_may_only_look_at_cohorts_is_not_led_to_the_screen_that_names_numbers(self):
        cohort = full_cohort("Bo")
        person = accounts.PersonFactory()
        for app, name in (("wagtailadmin", "access_admin"), ("learning", "view_cohort")):
            person.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=name))
        browser = accounts.sign_in(Client(), person)
        listed = browser.get(reverse("cohorts:index")).content.decode()
        address = reverse("cohorts:news", args=[cohort.pk])
        assert (cohort.name in listed, address in listed) == (True, False)
        assert "would get this" not in browser.get(address, follow=True).content.decode()

    def test_is_not_offered_where_it_gives_seats_to_its_last_day_and_then_tells_nobody(self):
        cohort = full_cohort("Bo")
        assert self.links() == [(True, True)]
        Cohort.objects.filter(pk=cohort.pk).update(closes_at=cohort.ends_at)
        assert self.links() == [(False, False)]

    def test_the_list_costs_the_same_however_many_cohorts_somebody_waits_for(self):
        browser, counts = signed_in(), []
        for _each in (1, 2, 3):
            full_cohort("Bo")
            browser.get(reverse("cohorts:index"))
            with CaptureQueriesContext(connection) as found:
                html = browser.get(reverse("cohorts:index")).content.decode()
            counts.append((html.count("/news/"), len(found)))
        assert counts[::2] == [(1, 9), (3, 9)]


def test_the_screens_cost_the_same_however_many_are_told_later():
    counts = []
    for names in (["Bo"], ["Bo", "Cy", "Di"]):
        cohort = full_cohort(*names, *(f"Z{name}" for name in names))
        is_read_in(cohort, "en", "Bo")
        seats = 1 + len(names)
        Cohort.objects.filter(pk=cohort.pk).update(opens_at=clock.now() + timedelta(days=3), seats=seats)
        browser = signed_in()
        found = [statements(browser, name, cohort) for name in ("news", "edit")]
        assert [number for _heading, number, _moment in planned(shown(browser, "news", cohort))] == [
            str(len(names))
        ] * 2
        call_off_cohort(cohort_id=cohort.pk)
        counts.append([*found, statements(browser, "restore", cohort)])
    assert counts == [[26, 21, 29], [26, 21, 29]]
