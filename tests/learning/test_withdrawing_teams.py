"""Withdrawing a whole team: offered while somebody of it can be withdrawn, and afterwards one sentence."""

from datetime import timedelta

import pytest

from core import clock
from learning.errors import RecordStays
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import complete_unit, history
from mail.models import Message
from municipalities.models import Membership
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db

NOBODY = "Nobody of the team can be withdrawn any more."
OVER = "This cohort is over, so nothing in it can be changed any more."


def forms(page) -> int:
    """Return how many forms the page's main part has."""
    return page.content.decode().partition("<main")[2].partition("</main>")[0].count("<form")


def offers(page) -> bool:
    return "Withdraw the team" in words(page)


def test_it_is_offered_while_somebody_is_enrolled_and_a_late_visit_reads_one_sentence():
    one = teamwork.a_team()
    client, address = teamwork.client_of(one.coordinator), f"{one.dashboard()}withdraw/"
    assert not offers(client.get(one.dashboard()))
    ana = teamwork.invited(one)
    assert (offers(client.get(one.dashboard())), NOBODY in words(client.get(address))) == (True, False)
    assert client.post(address)["Location"] == one.dashboard()
    teamwork.window_passes()
    ana.refresh_from_db()
    assert (ana.state, offers(client.get(one.dashboard()))) == ("withdrawn", False)
    late = client.get(address)
    assert (late.status_code, words(late).count(NOBODY), "0 people" in words(late)) == (409, 1, False)
    assert (forms(late), f'href="{one.dashboard()}"' in late.content.decode()) == (0, True)
    # A second click on the button of an old page changes nothing and leads to the team.
    assert client.post(address)["Location"] == f"{one.dashboard()}?done=withdrawn"
    assert ana.changes.filter(what="withdrawn").count() == 1


def test_whoever_has_completed_the_course_cannot_be_withdrawn_with_the_team():
    one = teamwork.a_team(starts_on=clock.now().date(), closes_at=clock.now() + timedelta(days=1))
    done, _browser = teamwork.joined(one)
    for unit in make.units_of(one.cohort.course):
        complete_unit(enrolment_id=done.pk, unit_id=unit.pk)
    client = teamwork.client_of(one.coordinator)
    assert not offers(client.get(one.dashboard()))
    late = client.get(f"{one.dashboard()}withdraw/")
    assert (late.status_code, NOBODY in words(late)) == (409, True)


def test_once_the_cohort_is_over_the_page_says_so_without_a_button():
    one = teamwork.a_team()
    teamwork.invited(one)
    today = clock.now().date()
    Cohort.objects.update(starts_on=today - timedelta(days=9), ends_on=today - timedelta(days=3))
    late = teamwork.client_of(one.coordinator).get(f"{one.dashboard()}withdraw/")
    assert (late.status_code, OVER in words(late), forms(late)) == (409, True, 0)


def test_who_waits_to_be_approved_withdraws_the_drafts_and_nobody_else():
    one = teamwork.a_team()
    teamwork.invited(one)
    waits = teamwork.second_city(one.cohort)
    Membership.objects.filter(pk=waits.membership.pk).update(
        local_government=one.city, state="asked", starts_on=None, decided_at=None
    )
    client, address = teamwork.client_of(waits.coordinator), f"{one.dashboard()}withdraw/"
    said = {"city": one.city.slug, "lines": "bo@city.example", "language": "en", "confirm": "yes"}
    assert client.post(one.team(), said).status_code == 303
    assert offers(client.get(one.dashboard()))
    assert "1 person. Their seats become free" in words(client.get(address))
    # Their page is there for drafts alone, so they are led on to one that is there for them.
    after = client.post(address, follow=True)
    assert (after.redirect_chain, "Withdrawn." in words(after)) == ([("/en/my/learning/", 303)], True)
    assert sorted(Enrolment.objects.values_list("email", "state")) == [
        ("ana.silva@example.org", "invited"),
        ("bo@city.example", "withdrawn"),
    ]
    assert TeamRequest.objects.get(coordinator=waits.coordinator).state == "withdrawn"


@pytest.fixture
def two_teams() -> teamwork.Team:
    """Make a city whose two coordinators have a team each in a cohort with one seat: one has it, one waits for it."""
    one = teamwork.a_team(seats=1)
    teamwork.invited(one)
    make.team(one.cohort, "Bo", coordinator=cities.coordinator(local_government=one.city))
    return one


def stand(one: teamwork.Team) -> list[tuple]:
    """Return the state of everybody and of their teams, with the steps of their history and the mails."""
    people = one.cohort.enrolments.order_by("pk").values_list("name", "state", "has_seat", "team__state")
    steps = list(one.cohort.enrolments.order_by("changes__pk").values_list("name", "changes__what"))
    return [*people, *steps, *Message.objects.order_by("pk").values_list("kind", "to_address")]


def test_a_refusal_midway_leaves_both_teams_of_a_city_as_they_were(two_teams, monkeypatch, settings):
    second = TeamRequest.objects.exclude(coordinator=two_teams.coordinator).get()
    before, actor_for = stand(two_teams), history.actor_for

    def refuse_the_second(enrolment, by):
        if enrolment.team_id == second.pk:
            raise RecordStays
        return actor_for(enrolment, by)

    monkeypatch.setattr(history, "actor_for", refuse_the_second)
    settings.MAIL_UNDO_SECONDS = 0
    refused = teamwork.client_of(two_teams.coordinator).post(f"{two_teams.dashboard()}withdraw/")
    assert (refused.status_code, str(RecordStays()) in words(refused)) == (409, True)
    assert stand(two_teams) == before


def test_nobody_of_a_team_that_leaves_is_given_the_seat_of_another_of_its_city(two_teams):
    client = teamwork.client_of(two_teams.coordinator)
    assert client.post(f"{two_teams.dashboard()}withdraw/")["Location"] == two_teams.dashboard()
    teamwork.window_passes()
    assert stand(two_teams) == [
        ("Ana Silva", "withdrawn", False, "withdrawn"),
        ("Bo", "withdrawn", False, "withdrawn"),
        ("Ana Silva", "invited"),
        ("Bo", "waitlisted"),
        ("Ana Silva", "withdrawn"),
        ("Bo", "withdrawn"),
        ("team-invitation", "ana.silva@example.org"),
        ("enrolment-waiting", "bo@example.org"),
        ("enrolment-withdrawn", "ana.silva@example.org"),
        ("enrolment-withdrawn", "bo@example.org"),
    ]
