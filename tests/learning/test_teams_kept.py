"""A team that is withdrawn goes on until the undo window has passed, and can be kept until then."""

from datetime import timedelta

import pytest

from core import clock
from learning import tasks
from learning.models import Cohort, Enrolment, TeamRequest
from mail import rendering
from mail.models import Message
from tests.learning import teamwork
from tests.learning.teamwork import asked_for, stand, words

pytestmark = pytest.mark.django_db

KEPT = "The team stays as it was. Nobody was told anything."


@pytest.fixture(autouse=True)
def window(settings, time):
    settings.MAIL_UNDO_SECONDS = 120
    return time


def named() -> dict[str, list[int]]:
    """Return what the form sends that keeps a team: which teams it is about."""
    return {"team": list(TeamRequest.objects.values_list("pk", flat=True))}


@pytest.fixture
def team() -> teamwork.Team:
    one = teamwork.a_team(seats=3)
    teamwork.joined(one)
    Enrolment.objects.update(language="fr")
    teamwork.invited(one, "Bo Berg")
    Message.objects.all().delete()
    return one


def test_nothing_ends_before_the_window_has_passed_and_everybody_is_told_once_it_has(team, window):
    client = teamwork.client_of(team.coordinator)
    before = stand(team)
    assert client.post(f"{team.dashboard()}withdraw/")["Location"] == team.dashboard()
    page = words(client.get(team.dashboard()))
    assert (
        "The team is withdrawn at 10:02, Stockholm time. Nobody has heard of it yet, and until then it can be kept."
        in page
    )
    assert "Withdraw the team" not in page
    window.shift(119)
    tasks.give_held_seats()
    assert (stand(team), asked_for()) == (before, [])
    window.shift(1)
    tasks.give_held_seats()
    assert [(state, seat) for _email, state, seat in stand(team)] == [("withdrawn", False)] * 2
    assert [kind for kind, _to in asked_for()] == ["enrolment-withdrawn"] * 2
    steps = team.cohort.enrolments.filter(changes__what="withdrawn").values_list("changes__by", "changes__actor")
    assert set(steps) == {(team.coordinator.pk, "coordinator")}
    tasks.give_held_seats()
    assert len(asked_for()) == 2


def test_the_screen_counts_those_who_are_told_and_shows_what_each_reads(team):
    page = teamwork.client_of(team.coordinator).get(f"{team.dashboard()}withdraw/")
    said = words(page).replace("\u2068", "").replace("\u2069", "").replace("\xa0", " ")
    assert "Language français (1) State Takes part (1) Time zone" in said
    assert "Language English (1) State Invited (1) Time zone" in said
    assert said.count("La trace de ce que vous avez terminé est conservée.") == 1
    assert said.count("You are not enrolled in this cohort any more.") == 1
    assert said.count("If this is a mistake, ask the coordinator of your city.") == 1
    assert "It happens 2 minutes after you press the button; until then you can keep the team." in said


def test_a_team_that_is_kept_goes_on_and_nobody_hears_of_it(team, window):
    client, before = teamwork.client_of(team.coordinator), stand(team)
    client.post(f"{team.dashboard()}withdraw/")
    kept = client.post(f"{team.dashboard()}keep/", named(), follow=True)
    assert (kept.redirect_chain, KEPT in words(kept)) == ([(f"{team.dashboard()}?done=kept", 303)], True)
    window.shift(3600)
    tasks.give_held_seats()
    assert (stand(team), asked_for()) == (before, [])
    assert client.post(f"{team.dashboard()}keep/", named())["Location"] == f"{team.dashboard()}?done=kept"


def test_keeping_comes_too_late_once_the_team_has_ended(team):
    client = teamwork.client_of(team.coordinator)
    client.post(f"{team.dashboard()}withdraw/")
    teamwork.window_passes()
    teamwork.press(team, "cy@city.example")
    assert client.post(f"{team.dashboard()}keep/", named())["Location"] == f"{team.dashboard()}?done=too-late"
    assert len(asked_for()) == 2


def test_the_screen_leads_to_the_team_while_it_is_to_be_withdrawn(team):
    client, address = teamwork.client_of(team.coordinator), f"{team.dashboard()}withdraw/"
    client.post(address)
    moment = TeamRequest.objects.get().withdraws_at
    assert [client.get(address)["Location"], client.post(address)["Location"]] == [team.dashboard()] * 2
    assert TeamRequest.objects.get().withdraws_at == moment


def test_who_is_enrolled_meanwhile_stays(team):
    client = teamwork.client_of(team.coordinator)
    client.post(f"{team.dashboard()}withdraw/")
    teamwork.press(team, "cy@city.example")
    teamwork.window_passes()
    assert [state for _email, state, _seat in stand(team)] == ["withdrawn", "withdrawn", "invited"]


def test_what_has_not_left_yet_ends_with_the_team_and_what_is_added_afterwards_leaves(team, window):
    teamwork.press(team, "cy@city.example")
    window.shift(60)
    teamwork.client_of(team.coordinator).post(f"{team.dashboard()}withdraw/")
    window.shift(60)
    tasks.give_held_seats()
    # Its own moment has come, and it is not sent.
    assert (stand(team)[-1], asked_for()) == (("cy@city.example", "drafted", True), [])
    window.shift(60)
    tasks.give_held_seats()
    assert stand(team)[-1] == ("cy@city.example", "withdrawn", False)
    teamwork.press(team, "dee@city.example")
    window.shift(120)
    tasks.give_held_seats()
    assert [kind for kind, _to in asked_for()] == ["enrolment-withdrawn"] * 2 + ["team-invitation"]
    assert stand(team)[-1] == ("dee@city.example", "invited", True)


def test_a_list_that_is_to_be_withdrawn_is_not_said_to_leave_and_can_be_taken_back_from_an_open_page(team):
    teamwork.press(team, "cy@city.example")
    client = teamwork.client_of(team.coordinator)
    assert "The invitations leave at" in words(client.get(team.dashboard()))
    client.post(f"{team.dashboard()}withdraw/")
    page = words(client.get(team.dashboard()))
    assert ("The invitations leave at" in page, "The team is withdrawn at" in page) == (False, True)
    [leaving] = TeamRequest.objects.drafts().values_list("pk", flat=True)
    assert "&again=" in client.post(f"{team.dashboard()}take-back/{leaving}/")["Location"]
    assert stand(team)[-1] == ("cy@city.example", "withdrawn", False)


def test_a_cohort_that_is_over_by_then_keeps_its_records(team, window):
    before = stand(team)
    teamwork.client_of(team.coordinator).post(f"{team.dashboard()}withdraw/")
    today = clock.now().date()
    Cohort.objects.update(starts_on=today - timedelta(days=9), ends_on=today - timedelta(days=3))
    teamwork.window_passes()
    assert (stand(team), asked_for()) == (before, [])
    assert not TeamRequest.objects.exclude(withdraws_at=None).exists()


def test_an_erased_coordinators_withdrawal_still_happens(team):
    teamwork.client_of(team.coordinator).post(f"{team.dashboard()}withdraw/")
    TeamRequest.objects.update(withdraws_by=None, coordinator=None)
    teamwork.window_passes()
    assert [state for _email, state, _seat in stand(team)] == ["withdrawn"] * 2
    # Nobody reads that they have declined themselves.
    assert {rendering.render(one).subject.partition("\u2068")[0] for one in Message.objects.all()} == {
        "Your enrolment is withdrawn: ",
        "Votre inscription est retirée\xa0: ",
    }


def test_keeping_another_citys_team(team):
    teamwork.client_of(team.coordinator).post(f"{team.dashboard()}withdraw/")
    other = teamwork.second_city(team.cohort)
    assert teamwork.client_of(other.coordinator).post(f"{team.dashboard()}keep/", named()).status_code == 404
    assert TeamRequest.objects.exclude(withdraws_at=None).count() == 1


def test_a_member_of_the_team_keeping_it(team):
    teamwork.client_of(team.coordinator).post(f"{team.dashboard()}withdraw/")
    member = Enrolment.objects.exclude(person=None).get().person
    assert teamwork.client_of(member).post(f"{team.dashboard()}keep/", named()).status_code == 404


def test_reading_the_address_keeps_nothing(team):
    client = teamwork.client_of(team.coordinator)
    client.post(f"{team.dashboard()}withdraw/")
    assert client.get(f"{team.dashboard()}keep/")["Location"] == team.dashboard()
    assert TeamRequest.objects.exclude(withdraws_at=None).count() == 1
