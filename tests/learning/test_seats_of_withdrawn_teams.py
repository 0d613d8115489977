"""Whoever withdraws a team reads first who gets its seats and hears of it: as many of each mail as then leave."""

from collections import Counter

import pytest
from django.utils import translation

from core import clock, languages
from learning import tasks
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import apply_alone, call_off_cohort
from mail.models import Message
from municipalities.models import LocalGovernment
from tests.factories import accounts
from tests.factories import learning as make
from tests.factories.mail import deliver_all
from tests.learning import teamwork
from tests.learning.people import asked, mails
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db

ONE_FREE = "Their seats become free and go to whoever waits and may have them."
WINDOW = "It happens 2 minutes after you press the button; until then you can keep the team."
NOBODY = "Nobody of them knows of it yet, and nobody gets a mail."
NONE_OF_THEM = "Nobody of them knows of it yet, and none of them gets a mail."
EVERYBODY = "Everybody keeps the record of what they have done and gets a mail."


@pytest.fixture(autouse=True)
def window(settings, time):
    settings.MAIL_UNDO_SECONDS = 120
    return time


@pytest.fixture
def one() -> teamwork.Team:
    """Fill a cohort of four seats with a team: one has joined, one is invited, and two are drafts yet."""
    team = teamwork.a_team(seats=4)
    teamwork.joined(team, "Ana")
    teamwork.invited(team, "Bo")
    teamwork.press(team, "cy@city.example\ncyd@city.example")
    return team


def of_who_waits(cohort: Cohort, name: str, **city: str) -> teamwork.Team:
    """Let a coordinator write somebody down who waits for a seat, of a city of their own."""
    other = teamwork.second_city(cohort, f"City of {name}")
    LocalGovernment.objects.filter(pk=other.city.pk).update(**city)
    teamwork.invited(other, name)
    return other


def alone(cohort: Cohort, name: str, **fields: str) -> Enrolment:
    """Let somebody wait who comes with an account and without a city."""
    person = accounts.PersonFactory(email=f"{name.lower()}@example.org", display_name=name, **fields)
    return apply_alone(cohort_id=cohort.pk, person=person)


@pytest.fixture
def line(one) -> Cohort:
    """Let three wait who hear of a seat, and a draft between them; a fifth is too late for any."""
    cohort = one.cohort
    of_who_waits(cohort, "Di", timezone="Africa/Nairobi")
    alone(cohort, "Ed", timezone="Asia/Tokyo", language="fr")
    make.team(cohort, "Fe", coordinator=asked())
    of_who_waits(cohort, "Gus", timezone="", standing="pending")
    of_who_waits(cohort, "Hal", timezone="Asia/Kolkata")
    Enrolment.objects.filter(name="Gus").update(language="ar")
    Message.objects.all().delete()
    return cohort


def waits_to_be_approved(cohort: Cohort, *people: str) -> teamwork.Team:
    """Let somebody write people down who waits to be approved."""
    draft = teamwork.Team(cohort, asked())
    teamwork.press(draft, "\n".join(f"{one}@city.example" for one in people))
    return draft


def said(page) -> str:
    return words(page).replace("\u2068", "").replace("\u2069", "").replace("\xa0", " ")


def screen(one: teamwork.Team) -> str:
    page = teamwork.client_of(one.coordinator).get(f"{one.dashboard()}withdraw/")
    assert page.status_code == 200
    return said(page)


def presses(one: teamwork.Team):
    return teamwork.client_of(one.coordinator).post(f"{one.dashboard()}withdraw/")


def test_those_who_get_a_seat_are_counted_by_language_what_they_become_and_the_zone_of_their_own_city(one, line):
    page = screen(one)
    facts = page[page.rindex("Language English") : page.rindex("How it would read")]
    assert " ".join(facts.split()) == (
        f"Language English (1) · français (1) · {languages.own_name('ar')} (1) State Invited (2) · Takes part (1) "
        "Time zone Not known (2) · Nairobi (1)"
    )
    assert "In all, 5 mails leave." in page


def test_each_wording_has_a_sample_in_each_language_it_is_read_in_and_names_nobody_and_no_city(one, line):
    seats = screen(one).partition("Seats for those who wait")[2]
    found = [
        (seats.count("Invited by a coordinator"), seats.count("Without a team")),
        (
            seats.count("You have a seat now: "),
            seats.count("Vous avez maintenant une place\xa0: ".replace("\xa0", " ")),
        ),
        seats.count("A seat became free, and it is yours."),
        seats.count("Sample Person invites you to learn with the team of Sample City."),
    ]
    assert found == [(2, 1), (1, 1), 1, 1]
    with translation.override("ar"):
        assert seats.count(translation.gettext("A seat became free, and it is yours.")) == 1
    html = teamwork.client_of(one.coordinator).get(f"{one.dashboard()}withdraw/").content.decode()
    for secret in ("Di", "Ed", "Gus"):
        assert f"City of {secret}" not in html
        assert f"{secret.lower()}@" not in html
        assert f">{secret}<" not in html


def test_where_all_read_the_same_nothing_is_said_of_wordings(one):
    of_who_waits(one.cohort, "Di")
    page = screen(one)
    assert ("Seats for those who wait" in page, "Invited by a coordinator" in page) == (True, False)


@pytest.mark.parametrize("seconds", [120, 0])
@pytest.mark.usefixtures("mail_server")
def test_as_many_mails_leave_as_was_read_to_whom_and_in_the_words_of_the_samples(one, line, window, settings, seconds):
    settings.MAIL_UNDO_SECONDS = seconds
    parts = teamwork.client_of(one.coordinator).get(f"{one.dashboard()}withdraw/").context["parts"]
    presses(one)
    window.shift(seconds)
    tasks.give_held_seats()
    window.shift(600)
    deliver_all()
    left = list(Message.objects.order_by("pk"))
    assert {one.state for one in left} == {"accepted"}
    assert Counter((one.kind, one.to_address) for one in left) == {
        ("enrolment-withdrawn", "ana@example.org"): 1,
        ("enrolment-withdrawn", "bo@example.org"): 1,
        ("enrolment-promoted", "di@example.org"): 1,
        ("enrolment-promoted", "ed@example.org"): 1,
        ("enrolment-promoted", "gus@example.org"): 1,
    }
    assert sum(part.number for part in parts) == len(left)
    seats = [sample.mail for sample in parts[-1].samples]
    read = [(one.subject, opening(one.text)) for one in left if one.kind == "enrolment-promoted"]
    assert sorted((mail.subject, opening(mail.text)) for mail in seats) == sorted(read)


def opening(text: str) -> str:
    """Return how a mail begins up to what is somebody's own, with the names of the sample instead of theirs."""
    names = {
        f"{before}City of {name}": to for name in ("Di", "Gus") for before, to in (("Coordinator of ", "A"), ("", "B"))
    }
    for language in ("en", "ar"):
        with translation.override(language):
            names |= {translation.gettext("Sample Person"): "A", translation.gettext("Sample City"): "B"}
    for name, letter in names.items():
        text = text.replace(name, letter)
    return text.partition("http")[0]


def test_the_screen_costs_the_same_statements_for_each_who_gets_a_seat(one):
    client, address = teamwork.client_of(one.coordinator), f"{one.dashboard()}withdraw/"
    of_who_waits(one.cohort, "Di", timezone="Africa/Nairobi")
    assert teamwork.statements(client, address) == 24
    for name in ("Ed", "Fe"):
        of_who_waits(one.cohort, name, timezone="Asia/Tokyo")
    assert "Invited (3)" in screen(one)
    assert teamwork.statements(client, address) == 24


def test_of_two_teams_withdrawn_at_once_each_page_counts_those_who_get_the_seats_of_its_own(window):
    first = teamwork.a_team(seats=2)
    teamwork.invited(first, "Ana")
    second = teamwork.second_city(first.cohort)
    teamwork.invited(second, "Bo")
    of_who_waits(first.cohort, "Di", timezone="Africa/Nairobi")
    of_who_waits(first.cohort, "Ed", timezone="Asia/Tokyo")
    assert [zone in screen(first) for zone in ("Nairobi", "Tokyo")] == [True, False]
    presses(first)
    assert [zone in screen(second) for zone in ("Nairobi", "Tokyo")] == [False, True]
    presses(second)
    window.shift(120)
    tasks.give_held_seats()
    assert [to for kind, to in mails() if kind == "enrolment-promoted"] == ["di@example.org", "ed@example.org"]


def test_who_waits_for_a_seat_of_a_team_that_is_withdrawn_leaves_it_to_the_next_who_is_counted(window):
    first = waits_to_be_approved(make.cohort(seats=2), "ana", "al")
    second = waits_to_be_approved(first.cohort, "bo")
    of_who_waits(first.cohort, "Di", timezone="Africa/Nairobi")
    of_who_waits(first.cohort, "Ed", timezone="Asia/Tokyo")
    presses(first)
    page = screen(second)
    assert f"1 person. {NONE_OF_THEM} In all, 1 mail leaves. {WINDOW}" in page
    assert [zone in page for zone in ("Nairobi", "Tokyo")] == [False, True]
    presses(second)
    assert TeamRequest.objects.ending().count() == 2
    window.shift(120)
    tasks.give_held_seats()
    assert [to for kind, to in mails() if kind == "enrolment-promoted"] == ["di@example.org", "ed@example.org"]


class TestSentences:
    def test_everybody_is_told_and_somebody_gets_a_seat(self):
        one = teamwork.a_team(seats=1)
        teamwork.invited(one)
        of_who_waits(one.cohort, "Di")
        page = screen(one)
        assert f"1 person. {ONE_FREE} {EVERYBODY} In all, 2 mails leave. {WINDOW}" in page

    def test_everybody_is_told_and_nobody_waits(self):
        one = teamwork.a_team(seats=1)
        teamwork.invited(one)
        page = screen(one)
        assert f"1 person. {ONE_FREE} {EVERYBODY} In all, 1 mail leaves. {WINDOW}" in page
        assert "Seats for those who wait" not in page

    def test_some_are_told(self, one):
        some = "Whoever knows of it keeps the record of what they have done and gets a mail; the others know of nothing yet."
        assert f"4 people. {ONE_FREE} {some} In all, 2 mails leave. {WINDOW}" in screen(one)

    def test_nobody_is_told_of_whom_and_somebody_gets_a_seat(self):
        draft = waits_to_be_approved(make.cohort(seats=1), "ana")
        of_who_waits(draft.cohort, "Di")
        assert f"1 person. {ONE_FREE} {NONE_OF_THEM} In all, 1 mail leaves. {WINDOW}" in screen(draft)

    def test_nobody_is_told_at_all(self):
        draft = waits_to_be_approved(make.cohort(seats=1), "ana")
        # A draft gets the seat and hears nothing.
        waits_to_be_approved(draft.cohort, "bo")
        page = screen(draft)
        assert f"1 person. {ONE_FREE} {NOBODY} Withdraw the team" in page

    def test_a_team_without_a_seat_frees_none(self):
        one = teamwork.a_team(seats=0)
        teamwork.invited(one)
        of_who_waits(one.cohort, "Di")
        assert f"1 person. {EVERYBODY} In all, 1 mail leaves. {WINDOW}" in screen(one)

    def test_by_the_end_of_the_window_no_seats_are_given_any_more(self, window):
        draft = waits_to_be_approved(make.cohort(seats=1), "ana")
        of_who_waits(draft.cohort, "Di")
        window.shift((draft.cohort.seats_given_until - clock.now()).total_seconds() - 60)
        # It waits all the same: at once it would give the seat.
        assert f"1 person. {NOBODY} {WINDOW}" in screen(draft)

    def test_a_cohort_that_is_called_off_gives_nobody_a_seat(self):
        draft = waits_to_be_approved(make.cohort(seats=1), "ana")
        of_who_waits(draft.cohort, "Di")
        call_off_cohort(cohort_id=draft.cohort.pk)
        assert f"1 person. {NOBODY} Withdraw the team" in screen(draft)

    def test_with_no_window_it_happens_at_once(self, settings):
        settings.MAIL_UNDO_SECONDS = 0
        draft = waits_to_be_approved(make.cohort(seats=1), "ana")
        of_who_waits(draft.cohort, "Di")
        page = screen(draft)
        assert (
            f"1 person. {ONE_FREE} {NONE_OF_THEM} In all, 1 mail leaves. Seats for those who wait" in page,
            WINDOW in page,
        ) == (
            True,
            False,
        )
        assert presses(draft)["Location"] == "/en/my/learning/"
        assert mails()[-1] == ("enrolment-promoted", "di@example.org")
