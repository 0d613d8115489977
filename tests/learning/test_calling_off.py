"""A cohort that is called off: who is told, once and in which language, and what its pages say then."""

import re
from datetime import UTC, timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.services.rights import erase_everywhere
from core import clock
from core.personal import Subject
from learning.models import Cohort, Enrolment
from learning.services import (
    apply_alone,
    call_off_cohort,
    decline,
    end_unanswered,
    join,
    notices,
    restore_cohort,
    withdraw_enrolment,
)
from learning.services.foreseeing import foresee_restoring
from mail import kinds, pacing, rendering
from mail.enums import Reason, State
from mail.kinds import NoLongerMakesSense
from mail.models import Message
from municipalities.enums import MembershipState
from tests.factories import accounts
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning import teamwork
from tests.learning.people import the_window_passes
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db


def asked() -> list[Message]:
    return teamwork.mails(notices.CALLED_OFF)


def no_longer(message: Message) -> bool:
    try:
        kinds.render(message)
    except NoLongerMakesSense:
        return True
    return False


def test_everybody_who_knows_of_an_enrolment_is_told_once_in_their_language():
    cohort = make.cohort(seats=3)
    left = make.invited(cohort, "Ed")
    withdraw_enrolment(enrolment_id=left.pk, by=None)
    ana = make.invited(cohort, "Ana")
    Enrolment.objects.filter(pk=ana.pk).update(language="fr")
    # Invited by two cities, she has joined one of them.
    make.invited(cohort, "Bo")
    bo = join(enrolment_id=make.invited(cohort, "Bo").pk)
    cy = make.invited(cohort, "Cy")
    make.invited(cohort, "Di", coordinator=cities.coordinator(state=MembershipState.ASKED))
    for _time in range(2):
        call_off_cohort(cohort_id=cohort.pk)
    assert sorted((one.to_address, one.language, one.params["enrolment"]) for one in asked()) == [
        ("ana@example.org", "fr", ana.pk),
        ("bo@example.org", "en", bo.pk),
        ("cy@example.org", "en", cy.pk),
    ]
    assert {one.stream for one in asked()} == {"transactional"}


def test_who_applied_hears_of_it_and_whom_a_city_would_like_to_enrol_does_not():
    cohort = make.cohort(admission="approval")
    make.team(cohort, "Ana")
    apply_alone(cohort_id=cohort.pk, person=accounts.PersonFactory(email="bo@example.org"))
    call_off_cohort(cohort_id=cohort.pk)
    assert [one.to_address for one in asked()] == ["bo@example.org"]


def test_the_mails_leave_after_the_undo_window_a_few_each_second(settings, monkeypatch):
    settings.MAIL_UNDO_SECONDS = 120
    monkeypatch.setattr(notices, "PORTION", 2)
    monkeypatch.setattr(pacing, "DUE_PER_SECOND", 2)
    cohort = make.cohort()
    make.team(cohort, "Ana", "Bo", "Cy")
    before = clock.now()
    call_off_cohort(cohort_id=cohort.pk)
    due = [one.due_at for one in asked()]
    assert timedelta() <= due[0] - before - timedelta(seconds=120) < timedelta(seconds=5)
    assert [(one - due[0]).total_seconds() for one in due] == [0, 0, 1]


def test_restored_in_time_nobody_is_told_and_called_off_again_everybody_is_told_once():
    cohort = make.cohort()
    make.invited(cohort, "Ana")
    call_off_cohort(cohort_id=cohort.pk)
    [first] = asked()
    assert not no_longer(first)
    restore_cohort(cohort_id=cohort.pk)
    assert no_longer(first)
    call_off_cohort(cohort_id=cohort.pk)
    [first, second] = asked()
    assert (no_longer(first), no_longer(second)) == (True, False)


def refuse_what_is_senseless(state: State = State.CANCELLED) -> None:
    """End what the outbox would not send now, as its worker does; as unknown, if it had been begun without an answer."""
    now = clock.now()
    begun = {"repeats": 1, "attempts": 1, "first_tried_at": now, "started_at": now} if state is State.UNKNOWN else {}
    for message in Message.objects.filter(state=State.QUEUED):
        if no_longer(message):
            ended = {"state": state, "reason": Reason.SENSELESS, "finished_at": now}
            Message.objects.filter(pk=message.pk).update(**ended, **begun)


def accept(address: str) -> None:
    """End what waits to be sent to an address as delivered."""
    now = clock.now()
    ended = {"state": State.ACCEPTED, "first_tried_at": now, "started_at": now, "finished_at": now, "attempts": 1}
    Message.objects.filter(state=State.QUEUED, to_address=address).update(**ended)


@pytest.mark.parametrize("state", [State.CANCELLED, State.UNKNOWN])
def test_an_invitation_that_could_not_leave_while_it_was_called_off_leaves_once_it_is_restored(state):
    cohort, other = make.cohort(seats=2), make.cohort()
    make.team(cohort, "Ana", "Bo", "Cy")
    make.invited(other, "Di")
    accept("bo@example.org")
    for one in (other, cohort):
        call_off_cohort(cohort_id=one.pk)
    withdraw_enrolment(enrolment_id=Enrolment.objects.get(name="Cy").pk, by=None)
    refuse_what_is_senseless(state)
    restore_cohort(cohort_id=cohort.pk)
    again = [one for one in teamwork.mails("team-invitation") if one.state == State.QUEUED]
    assert [(one.to_address, no_longer(one)) for one in again] == [("ana@example.org", False)]
    assert [one.to_address for one in teamwork.mails("enrolment-waiting")] == ["cy@example.org"]
    # Sent meanwhile, it is not sent again whatever staff do next.
    accept("ana@example.org")
    call_off_cohort(cohort_id=cohort.pk)
    restore_cohort(cohort_id=cohort.pk)
    assert len(teamwork.mails("team-invitation")) == 4


def test_somebody_erased_meanwhile_keeps_no_cohort_called_off():
    cohort = make.cohort()
    make.invited(cohort, "Ana")
    make.invited(cohort, "Bo")
    call_off_cohort(cohort_id=cohort.pk)
    refuse_what_is_senseless(State.CANCELLED)
    erase_everywhere(subject=Subject(None, ("bo@example.org",)))
    restore_cohort(cohort_id=cohort.pk)
    again = [one.to_address for one in teamwork.mails("team-invitation") if one.state == State.QUEUED]
    assert again == ["ana@example.org"]


def test_who_is_withdrawn_or_declined_while_it_is_called_off_is_told_all_the_same():
    cohort = make.cohort(admission="approval")
    applicant = apply_alone(cohort_id=cohort.pk, person=accounts.PersonFactory(email="ana@example.org"))
    seated = make.invited(make.cohort(), "Bo")
    for one in (cohort, seated.cohort):
        call_off_cohort(cohort_id=one.pk)
    decline(enrolment_id=applicant.pk, by=accounts.PersonFactory())
    withdraw_enrolment(enrolment_id=seated.pk, by=None)
    (declined,), (withdrawn,) = teamwork.mails("application-declined"), teamwork.mails("enrolment-withdrawn")
    found = [(one.to_address, no_longer(one)) for one in (declined, withdrawn)]
    assert found == [("ana@example.org", False), ("bo@example.org", False)]


def test_the_mail_keeps_a_title_to_itself_and_markup_stays_words():
    cohort = make.cohort(name="<b>Spring</b>")
    make.invited(cohort, "Ana")
    call_off_cohort(cohort_id=cohort.pk)
    [message] = asked()
    mail = rendering.render(message)
    assert f"\u2068{cohort.course.title}\u2069" in mail.subject
    assert "This cohort has been cancelled." in mail.text
    assert ("&lt;b&gt;Spring&lt;/b&gt;" in mail.html, "<b>Spring" in mail.html) == (True, False)


def test_staff_read_beforehand_how_many_are_told(settings):
    settings.MAIL_UNDO_SECONDS = 120
    cohort = make.cohort()
    make.team(cohort, "Ana", "Bo")
    staff = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
    address = reverse("cohorts:call_off", args=[cohort.pk])
    assert "In 2 minutes a mail will go to 2 people." in staff.get(address).content.decode()
    assert asked() == []
    staff.post(address)
    assert len(asked()) == 2


def test_its_pages_say_so_and_lead_to_no_unit():
    one = teamwork.a_team()
    _enrolment, browser = teamwork.joined(one)
    teamwork.begin(one.cohort)
    call_off_cohort(cohort_id=one.cohort.pk)
    sentence = "This cohort has been cancelled."
    course = words(browser.get(one.course()))
    assert (sentence in course, "Go on learning" in course) == (True, False)
    assert sentence in words(teamwork.client_of(one.coordinator).get(one.dashboard()))
    assert "Cancelled" in words(browser.get("/en/my/learning/"))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (119, "The mails have not left yet: nobody is told anything."),
        (120, "Nobody is written to: tell them yourself."),
    ],
)
def test_restoring_says_whether_anybody_had_been_told(settings, seconds, said):
    settings.MAIL_UNDO_SECONDS = 120
    cohort = make.cohort()
    make.team(cohort, "Ana")
    since = call_off_cohort(cohort_id=cohort.pk).called_off_at
    staff = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
    with time_machine.travel(since + timedelta(seconds=seconds), tick=False):
        html = staff.get(reverse("cohorts:restore", args=[cohort.pk])).content.decode()
    sentences = (
        "The mails have not left yet: nobody is told anything.",
        "Nobody is written to: tell them yourself.",
    )
    assert [sentence for sentence in sentences if sentence in html] == [said]


def restoring(staff: Client, cohort: Cohort) -> list[str]:
    """Return the sentences of the screen that restores a cohort."""
    html = staff.get(reverse("cohorts:restore", args=[cohort.pk])).content.decode()
    [said] = re.findall(r'<p class="help-block help-info">(.*?)</p>', html, re.DOTALL)
    return re.split(r"(?<=\.) ", unescape(said).strip())


@pytest.fixture
def staff() -> Client:
    return accounts.sign_in(Client(), accounts.PersonFactory(admin=True))


def test_what_takes_place_as_it_is_or_is_over_has_nothing_to_restore():
    cohort = make.cohort()
    address, form = reverse("cohorts:restore", args=[cohort.pk]), reverse("cohorts:edit", args=[cohort.pk])

    def led_to() -> str | None:
        staff = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
        return staff.get(address).headers.get("Location")

    def everywhen() -> list[str | None]:
        with time_machine.travel(cohort.ends_at, tick=False):
            return [led_to()]

    assert [led_to(), *everywhen()] == [form, form]
    call_off_cohort(cohort_id=cohort.pk)
    assert [led_to(), *everywhen()] == [None, form]


def queued(kind: str) -> list[str]:
    return [one.to_address for one in teamwork.mails(kind) if one.state == State.QUEUED]


def called_off_with(*waiting: str) -> Cohort:
    """Return a cohort that is called off: Ana is invited, Bo has left a seat, then a draft waits and those named."""
    cohort = make.cohort(seats=2)
    make.team(cohort, "Ana", "Bo")
    make.invited(cohort, "Draft", coordinator=cities.coordinator(state=MembershipState.ASKED))
    for name in waiting:
        make.invited(cohort, name)
    call_off_cohort(cohort_id=cohort.pk)
    withdraw_enrolment(enrolment_id=Enrolment.objects.get(cohort=cohort, name="Bo").pk, by=None)
    Message.objects.filter(kind=notices.CALLED_OFF).delete()
    return cohort


def test_restoring_counts_whom_it_writes_to_and_writes_to_nobody_else(staff, settings):
    settings.MAIL_UNDO_SECONDS = 120
    cohort = called_off_with("Cy", "Di")
    Cohort.objects.update(seats=3)
    refuse_what_is_senseless()
    assert restoring(staff, cohort) == [
        "Its people can join and read again.",
        "The mails that it is cancelled have not left yet: nobody gets one.",
        "2 mails that could not leave meanwhile, such as invitations, leave in 2 minutes.",
        "1 person who waits will get a seat in 2 minutes and be told.",
        f"The cohort gives seats until {cohort.starts_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC.",
        "Then a mail that they have no seat goes to 1 person, if they still wait.",
        "Cancelled again before that, nobody gets any of this.",
    ]
    kinds_asked = (notices.INVITATION, notices.WAITING, notices.PROMOTED)
    assert [queued(kind) for kind in kinds_asked] == [[], [], []]
    staff.post(reverse("cohorts:restore", args=[cohort.pk]))
    the_window_passes()
    wanted = [["ana@example.org"], ["di@example.org"], ["cy@example.org"]]
    refuse_what_is_senseless()
    assert [queued(kind) for kind in kinds_asked] == wanted
    assert Enrolment.objects.get(name="Draft").has_seat


def test_restoring_after_the_window_counts_them_too_and_says_that_nobody_hears_of_it(staff):
    cohort = called_off_with("Cy", "Di")
    Cohort.objects.update(seats=4, called_off_at=clock.now() - timedelta(days=1))
    assert restoring(staff, cohort) == [
        "Its people can join and read again.",
        "Nobody is told that it takes place after all: tell them yourself.",
        "2 people who wait will get a seat in 2 minutes and be told.",
        "Cancelled again before that, nobody gets any of this.",
    ]


def test_a_cohort_restored_after_its_first_day_tells_those_who_wait_when_the_window_has_passed(settings):
    settings.MAIL_UNDO_SECONDS = 120
    cohort = called_off_with("Cy", "Di")
    restored = reverse("cohorts:restore", args=[cohort.pk])
    with time_machine.travel(cohort.starts_at, tick=False) as now:
        staff = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
        assert restoring(staff, cohort)[2:] == [
            "It gives no more seats: in 2 minutes a mail that says so goes to 2 people.",
            "Cancelled again before that, nobody gets any of this.",
        ]
        staff.post(restored)
        now.shift(timedelta(seconds=119))
        assert end_unanswered() == []
        call_off_cohort(cohort_id=cohort.pk)
        now.shift(timedelta(minutes=10))
        assert end_unanswered() == []
        staff.post(restored)
        now.shift(timedelta(seconds=121))
        assert len(end_unanswered()) == 2
    assert queued(notices.NO_SEAT) == ["cy@example.org", "di@example.org"]


def test_counting_whom_restoring_writes_to_costs_the_same_however_many(django_assert_num_queries):
    for names in (["Cy"], ["Cy", "Di", "Ed"]):
        cohort = called_off_with(*names)
        refuse_what_is_senseless()
        Cohort.objects.update(seats=None)
        cohort.refresh_from_db()
        # Seats, whose addresses take part, the line, mails that were refused and whom they concern, drafts held back,
        # and which of them end.
        with django_assert_num_queries(7):
            assert foresee_restoring(cohort).promoted == len(names)
