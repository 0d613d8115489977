"""What a cohort tells many does not read the same to all: each wording has a sample in each language it is read in."""

import re
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from core import clock
from learning.audiences import CalledOff, Coordinators, Told
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import admit, apply_alone, call_off_cohort, give_held_seats, join, notices, restore_cohort
from learning.services.foreseeing import foresee_restoring
from mail import rehearsal, rendering
from mail.models import Message
from municipalities.services import approve_membership
from tests.factories import accounts
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning.people import asked, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def time(settings):
    settings.MAIL_UNDO_SECONDS = 120
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


def is_read_in(language: str, *names: str) -> None:
    Enrolment.objects.filter(name__in=names).update(language=language)


def shown(audience) -> list[tuple[str, str, int]]:
    """Return of each sample for whom, in which language and for how many it is."""
    return [(one.wording, one.language, one.number) for one in rehearsal.rehearse(audience).samples]


def saying(audience, words: str) -> list[str]:
    """Return the wordings whose English samples say something."""
    found = rehearsal.rehearse(audience).samples
    return [one.wording for one in found if one.language == "en" and words in one.content.text]


def people_of(cohort: Cohort, *names: str) -> list[Enrolment]:
    found = Enrolment.objects.filter(cohort=cohort, **({"name__in": names} if names else {}))
    return list(found.select_related("person").order_by("pk"))


def applicant(cohort: Cohort, name: str) -> Enrolment:
    """Return the application of somebody whom a moderator has let in, on their own."""
    person = accounts.PersonFactory(email=f"{name.lower()}@example.org", display_name=name)
    return admit(enrolment_id=apply_alone(cohort_id=cohort.pk, person=person).pk, by=accounts.PersonFactory())


def test_whoever_has_joined_reads_of_what_stays_and_others_do_not():
    cohort = make.cohort()
    make.team(cohort, "Ana", "Bo", "Cy")
    join(enrolment_id=Enrolment.objects.get(name="Cy").pk)
    is_read_in("fr", "Bo")
    audience = CalledOff(cohort)
    assert shown(audience) == [("Has joined", "en", 1), ("Has not joined", "en", 1), ("Has not joined", "fr", 1)]
    assert saying(audience, "What you have completed stays on record.") == ["Has joined"]
    browser = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
    html = browser.get(reverse("cohorts:call_off", args=[cohort.pk])).content.decode()
    frame = f"{reverse('cohorts:call_off_sample', args=[cohort.pk, 'en'])}?wording=joined"
    assert (f'src="{frame}"' in html, "English</span>, Has joined (1)</summary>" in html) == (True, True)
    assert "What you have completed stays on record." in browser.get(frame).content.decode()


def test_where_all_read_the_same_the_one_sample_is_for_nobody_in_particular():
    cohort = make.cohort()
    make.team(cohort, "Ana", "Bo")
    assert shown(CalledOff(cohort)) == [("", "en", 2)]


@pytest.mark.parametrize("mail", [notices.PROMOTED, notices.INVITATION])
def test_who_joins_from_a_team_reads_who_invites_them(mail):
    cohort = make.cohort(admission="approval")
    alone = applicant(cohort, "Ana")
    made = make.team(cohort, "Bo", "Cy")
    is_read_in("fr", "Cy")
    assert made
    audience = Told(cohort, mail, people_of(cohort))
    assert shown(audience) == [
        ("Invited by a coordinator", "en", 1),
        ("Invited by a coordinator", "fr", 1),
        ("Without a team", "en", 1),
    ]
    assert saying(audience, "invites you to learn with the team of") == ["Invited by a coordinator"]
    # Whose coordinator has been erased reads as if there were none.
    alone.refresh_from_db()
    Enrolment.objects.get(name="Bo").team.__class__.objects.update(coordinator=None)
    assert shown(Told(cohort, mail, people_of(cohort))) == [("", "en", 2), ("", "fr", 1)]


def test_who_waits_reads_why_as_their_sample_does():
    cohort = make.cohort(seats=9, seats_per_local_government=1)
    spent = cities.coordinator()
    make.team(cohort, "Ana", "Bo", coordinator=spent)
    audience = Told(cohort, notices.WAITING, people_of(cohort, "Bo"))
    words = "Your city may have 1 seat in this cohort."
    [sample] = rehearsal.rehearse(audience).samples
    sent = rendering.render(Message.objects.get(kind=notices.WAITING))
    assert (words in sample.content.text, words in sent.text) == (True, True)
    Cohort.objects.update(seats=1)
    cohort.refresh_from_db()
    [sample] = rehearsal.rehearse(Told(cohort, notices.WAITING, people_of(cohort, "Bo"))).samples
    sent = rendering.render(Message.objects.get(kind=notices.WAITING))
    full = "All seats are taken. When one becomes free"
    assert (full in sample.content.text, full in sent.text) == (True, True)


def test_two_cities_of_which_one_has_all_its_seats_read_two_reasons():
    cohort = make.cohort(seats=9, seats_per_local_government=1)
    make.team(cohort, "Ana", "Bo", coordinator=cities.coordinator())
    make.team(cohort, "Cy", coordinator=cities.coordinator())
    Enrolment.objects.filter(name="Cy").update(state="waitlisted", has_seat=False, waiting_number=9)
    Cohort.objects.update(starts_on=clock.now().date())
    cohort.refresh_from_db()
    assert shown(Told(cohort, notices.WAITING, people_of(cohort, "Bo", "Cy"))) == [
        ("Invited by a coordinator, The city has all its seats", "en", 1),
        ("Invited by a coordinator, Seats are free", "en", 1),
    ]


def test_whose_application_is_accepted_reads_of_a_seat_or_of_a_place():
    cohort = make.cohort(seats=1, admission="approval")
    for name in ("Ana", "Bo"):
        applicant(cohort, name)
    audience = Told(cohort, notices.ADMITTED, people_of(cohort))
    assert shown(audience) == [("Has a seat", "en", 1), ("On the waiting list", "en", 1)]
    assert saying(audience, "you have a seat.") == ["Has a seat"]
    assert saying(audience, "you are number 1 on the waiting list.") == ["On the waiting list"]


def test_each_coordinator_reads_what_becomes_of_the_team(time, mail_server):
    cohort = make.cohort(seats=2)
    memberships = [asked(), asked(), asked()]
    make.team(cohort, "Ana", coordinator=memberships[0])
    make.team(cohort, "Bo", "Cy", coordinator=memberships[1])
    make.team(cohort, "Di", coordinator=memberships[2])
    call_off_cohort(cohort_id=cohort.pk)
    for one in memberships:
        approve_membership(membership_id=one.pk, by=staff())
    cohort.refresh_from_db()
    found = foresee_restoring(cohort)
    audience = Coordinators(cohort, found.coordinators, found.later)
    assert shown(audience) == [
        ("Invited", "en", 1),
        ("On the waiting list", "en", 1),
        ("Invited, On the waiting list", "en", 1),
    ]
    has_left = "You are approved as coordinator, and the invitations have left."
    assert saying(audience, has_left) == ["Invited", "Invited, On the waiting list"]
    assert saying(audience, "2 people wait for a seat.") == ["On the waiting list", "Invited, On the waiting list"]
    browser = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
    frame = f"{reverse('cohorts:news_sample', args=[cohort.pk, 'team', 'en'])}?"
    html = browser.get(reverse("cohorts:restore", args=[cohort.pk])).content.decode()
    [both] = re.findall(rf'src="({re.escape(frame)}[^"]*wording=invited-waiting)"', html)
    assert has_left in browser.get(unescape(both)).content.decode()
    restore_cohort(cohort_id=cohort.pk)
    time.shift(120)
    give_held_seats()
    sent = [rendering.render(one).text for one in Message.objects.filter(kind=notices.SENT).order_by("pk")]
    assert [(has_left in one, "wait" in one) for one in sent] == [(True, False), (True, True), (False, True)]


def test_a_coordinator_whose_people_apply_or_come_too_late_reads_so(time):
    cohort = make.cohort(admission="approval")
    membership = asked()
    make.team(cohort, "Ana", coordinator=membership)
    call_off_cohort(cohort_id=cohort.pk)
    approve_membership(membership_id=membership.pk, by=staff())
    cohort.refresh_from_db()

    def subject() -> str:
        teams = TeamRequest.objects.select_related("coordinator")
        [sample] = rehearsal.rehearse(Coordinators(cohort, teams)).samples
        return sample.content.subject.partition(":")[0]

    assert subject() == "Your team has applied"
    time.move_to(cohort.starts_at)
    assert subject() == "Your team is not enrolled"


@pytest.mark.parametrize("key", ["seat", "team-full", "-", "alone-x"])
def test_a_sample_of_a_wording_that_nobody_reads_is_not_found(key):
    browser = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
    address = reverse("cohorts:news_sample", args=[make.cohort().pk, notices.PROMOTED, "en"])
    assert [browser.get(address, {"wording": given}).status_code for given in ("team", key)] == [200, 404]


def test_the_samples_of_several_wordings_cost_the_same_however_many_read_them(django_assert_num_queries):
    for number in (1, 3):
        cohort = make.cohort()
        make.team(cohort, *("Ana", "Bo", "Cy")[:number])
        people = people_of(cohort)
        rehearsal.rehearse(Told(cohort, notices.PROMOTED, people))
        with django_assert_num_queries(3):
            assert rehearsal.rehearse(Told(cohort, notices.PROMOTED, people)).total == number
