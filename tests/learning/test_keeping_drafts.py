"""Who waits to be approved withdraws and keeps their own draft, and nobody else's; each attack names its test."""

import pytest

from core import clock
from learning import tasks
from learning.models import Cohort, Enrolment, TeamRequest
from municipalities.models import LocalGovernment
from tests.factories import accounts
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning import teamwork
from tests.learning.people import asked, mails, staff
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db

ENDS = "Nobody has heard of it yet, and until then it can be kept. Keep the team"
TOO_LATE = "That came too late: it has happened already."
NOT_APPROVED = "You are not approved as coordinator yet."


@pytest.fixture(autouse=True)
def window(settings, time):
    settings.MAIL_UNDO_SECONDS = 120
    return time


def waits_to_be_approved(cohort: Cohort, *people: str, city: LocalGovernment | None = None) -> teamwork.Team:
    """Let somebody write people down who waits to be approved."""
    draft = teamwork.Team(cohort, asked(**({"local_government": city} if city else {})))
    teamwork.press(draft, "\n".join(f"{one}@city.example" for one in people))
    return draft


def presses(one: teamwork.Team, verb: str = "withdraw", **data):
    return teamwork.client_of(one.coordinator).post(f"{one.dashboard()}{verb}/", data)


def numbers(one: teamwork.Team) -> list[int]:
    return list(TeamRequest.objects.filter(coordinator=one.coordinator).values_list("pk", flat=True))


@pytest.fixture
def draft() -> teamwork.Team:
    """Let somebody who waits to be approved write down the one who has the seat that somebody else waits for."""
    made = waits_to_be_approved(make.cohort(seats=1), "ana")
    make.team(made.cohort, "Di")
    return made


class TestWhoWaitsToBeApproved:
    def test_reads_when_the_draft_is_withdrawn_and_keeps_it(self, draft, window):
        client = teamwork.client_of(draft.coordinator)
        assert NOT_APPROVED in words(client.get(draft.dashboard()))
        assert presses(draft)["Location"] == draft.dashboard()
        page = words(client.get(draft.dashboard()))
        assert f"The team is withdrawn at 10:02, Stockholm time. {ENDS}" in page
        for not_so in (NOT_APPROVED, "Withdraw the team", "Enrol more people"):
            assert not_so not in page
        kept = client.post(f"{draft.dashboard()}keep/", {"team": numbers(draft)}, follow=True)
        assert kept.redirect_chain == [(f"{draft.dashboard()}?done=kept", 303)]
        page = words(kept)
        for so in ("The team stays as it was. Nobody was told anything.", NOT_APPROVED, "Enrol more people"):
            assert so in page
        window.shift(600)
        tasks.give_held_seats()
        assert mails() == [("enrolment-waiting", "di@example.org")]

    def test_is_led_on_once_it_is_withdrawn(self, draft, window):
        presses(draft)
        window.shift(120)
        tasks.give_held_seats()
        client = teamwork.client_of(draft.coordinator)
        for address in (draft.dashboard(), f"{draft.dashboard()}withdraw/"):
            page = client.get(address, follow=True)
            assert (page.redirect_chain, "Withdrawn." in words(page)) == ([("/en/my/learning/", 303)], True)
        late = client.post(f"{draft.dashboard()}keep/", {"team": numbers(draft)}, follow=True)
        assert (late.redirect_chain, TOO_LATE in words(late)) == ([("/en/my/learning/", 303)], True)

    def test_reads_that_nobody_more_is_taken(self, draft):
        presses(draft)
        refused = teamwork.press(draft, "bo@city.example")
        sentence = "This team is about to be withdrawn. Keep it first, or wait until it is withdrawn."
        assert (refused.status_code, sentence in words(refused)) == (409, True)
        assert "bo@city.example" in refused.content.decode()

    def test_keeps_the_team_that_the_city_withdraws(self, draft):
        real = teamwork.Team(draft.cohort, cities.coordinator(local_government=draft.city))
        teamwork.invited(real, "Ed")
        presses(real)
        theirs = numbers(real)
        assert TeamRequest.objects.ending().count() == 2
        assert presses(draft, "keep", team=theirs).status_code == 403
        assert presses(draft, "keep").status_code == 403
        presses(draft, "keep", team=[*theirs, *numbers(draft)])
        assert list(TeamRequest.objects.ending().values_list("pk", flat=True)) == theirs

    def test_keeps_what_they_sent_in_former_days(self, draft):
        TeamRequest.objects.filter(pk__in=numbers(draft)).update(state="sent", holds_until=None)
        Enrolment.objects.filter(team__in=numbers(draft)).update(state="invited")
        former = Enrolment.objects.get(team__in=numbers(draft))
        former.changes.create(what="invited", actor="coordinator", at=clock.now())
        TeamRequest.objects.filter(pk__in=numbers(draft)).update(withdraws_at=clock.now())
        [sent] = numbers(draft)
        teamwork.press(draft, "new@city.example")
        assert presses(draft, "keep", team=[sent]).status_code == 403
        assert TeamRequest.objects.ending().get().pk == sent

    def test_keeps_the_draft_of_somebody_else_who_waits_for_the_same_city(self, draft):
        presses(draft)
        other = waits_to_be_approved(draft.cohort, "spy", city=draft.city)
        assert ENDS not in words(teamwork.client_of(other.coordinator).get(other.dashboard()))
        assert presses(other, "keep", team=numbers(draft)).status_code == 403
        assert TeamRequest.objects.ending().count() == 1

    def test_of_another_city_keeps_it(self, draft):
        presses(draft)
        other = waits_to_be_approved(draft.cohort, "spy")
        client = teamwork.client_of(other.coordinator)
        assert client.post(f"{draft.dashboard()}keep/", {"team": numbers(draft)}).status_code == 404
        assert presses(other, "keep", team=numbers(draft)).status_code == 403
        assert TeamRequest.objects.ending().count() == 1

    def test_somebody_elses_draft_that_was_withdrawn_is_told_to_nobody(self, draft, window):
        presses(draft)
        window.shift(120)
        tasks.give_held_seats()
        spies = [asked(local_government=draft.city).person, asked().person, accounts.PersonFactory()]
        assert [teamwork.client_of(one).get(draft.dashboard()).status_code for one in spies] == [404] * 3


def test_a_moderator_keeps_no_team(draft):
    moderator = accounts.PersonFactory()
    draft.cohort.moderators.add(moderator)
    presses(draft)
    client = teamwork.client_of(moderator)
    assert client.post(f"{draft.dashboard()}keep/", {"team": numbers(draft)}).status_code == 403
    assert ENDS not in words(client.get(draft.dashboard()))
    assert TeamRequest.objects.ending().count() == 1


def test_staff_and_the_citys_coordinators_keep_the_draft_of_who_waits(draft):
    approved = cities.coordinator(local_government=draft.city).person
    for person in (staff(), approved):
        presses(draft)
        client = teamwork.client_of(person)
        assert ENDS in words(client.get(draft.dashboard()))
        client.post(f"{draft.dashboard()}keep/", {"team": numbers(draft)})
        assert not TeamRequest.objects.ending().exists()


class TestTheWholeTeam:
    def test_is_withdrawn_although_a_draft_of_it_is_to_end_already(self):
        whole = teamwork.a_team(seats=2)
        stranger = waits_to_be_approved(whole.cohort, "zoe", city=whole.city)
        teamwork.enrol(whole, "bo@city.example")
        make.team(whole.cohort, "Ed")
        presses(stranger)
        client = teamwork.client_of(whole.coordinator)
        page = words(client.get(whole.dashboard()))
        # The banner is about that draft alone, and says whose it is.
        assert (stranger.coordinator.get_full_name() in page, "Withdraw the team" in page) == (True, True)
        assert "1 person" in words(client.get(f"{whole.dashboard()}withdraw/"))
        assert presses(whole)["Location"] == whole.dashboard()
        ending = TeamRequest.objects.ending().filter(local_government=whole.city)
        assert {one.coordinator for one in ending} == {stranger.coordinator, whole.coordinator}
        page = words(client.get(whole.dashboard()))
        assert (stranger.coordinator.get_full_name() in page, "Withdraw the team" in page) == (False, False)
        assert presses(whole)["Location"] == whole.dashboard()
