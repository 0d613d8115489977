"""Whom a coordinator enrols is rehearsed, waits for the undo window, and can be taken back until then."""

from datetime import timedelta

import pytest

from core import clock
from learning import tasks
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import (
    call_off_cohort,
    enrol_team,
    let_teams_be,
    restore_cohort,
    send_drafts,
    send_due_teams,
    take_back_team,
)
from learning.services.enrolling import MOST_TIMES
from mail.models import Message
from municipalities.services import end_membership
from tests.factories import accounts
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning import teamwork
from tests.learning.teamwork import asked_for, stand, words

pytestmark = pytest.mark.django_db

LIST = "Ana Silva <ana@city.example>\nbo@city.example"
TAKEN_BACK = "Taken back. Nobody was invited. Change the list and send it again, or leave it."
TOO_LATE = "That came too late: it has happened already."


@pytest.fixture(autouse=True)
def window(settings, time):
    settings.MAIL_UNDO_SECONDS = 120
    return time


@pytest.fixture
def one() -> teamwork.Team:
    return teamwork.a_team(seats=3)


def taking_back(one: teamwork.Team) -> str:
    return f"{one.dashboard()}take-back/{TeamRequest.objects.get(state='draft').pk}/"


def test_nobody_is_invited_before_the_window_has_passed_and_everybody_once_it_has(one, window):
    assert teamwork.press(one, LIST)["Location"] == f"{one.dashboard()}?done=enrolled&invited=2"
    drafts = [("ana@city.example", "drafted", True), ("bo@city.example", "drafted", True)]
    assert (stand(one), asked_for()) == (drafts, [])
    page = words(teamwork.client_of(one.coordinator).get(one.dashboard()))
    assert "The invitations leave at 10:02, Stockholm time. Nobody has heard of them yet. Take the list back" in page
    assert "You are not approved as coordinator yet" not in page
    window.shift(119)
    tasks.give_held_seats()
    assert (stand(one), asked_for()) == (drafts, [])
    window.shift(1)
    tasks.give_held_seats()
    assert stand(one) == [("ana@city.example", "invited", True), ("bo@city.example", "invited", True)]
    invitations = [("team-invitation", "ana@city.example"), ("team-invitation", "bo@city.example")]
    assert asked_for() == invitations
    tasks.give_held_seats()
    tasks.lapse_drafts()
    assert asked_for() == invitations
    assert "Take the list back" not in words(teamwork.client_of(one.coordinator).get(one.dashboard()))


def test_the_sweep_that_sends_forgotten_drafts_leaves_them_the_whole_window(one):
    teamwork.press(one, LIST)
    tasks.lapse_drafts()
    assert ([state for _email, state, _seat in stand(one)], asked_for()) == (["drafted"] * 2, [])


def test_the_last_look_counts_by_language_state_and_the_citys_zone_and_shows_each_mail_in_each_language(one):
    one.cohort.enrolments.all().delete()
    Cohort.objects.update(seats=2)
    lines = "email;name;language\na@city.example;A;en\nb@city.example;B;fr\nc@city.example;C;fr\n"
    page = teamwork.client_of(one.coordinator).post(
        one.team(), {"city": one.city.slug, "lines": lines, "language": "en"}
    )
    said = words(page).replace("\u2068", "").replace("\u2069", "").replace("\xa0", " ")
    assert "Language English (1) · français (1) State Invited (2) Time zone" in said
    assert "Language français (1) State On the waiting list (1) Time zone" in said
    assert said.count("How the invitation reads") == said.count("How the mail about the waiting list reads") == 1
    assert said.count("Coordinator of Chefchaouen invites you to learn with the team of Chefchaouen") == 1
    assert said.count("Coordinator of Chefchaouen vous invite") == 2
    assert "Everything leaves 2 minutes after you press the button; until then you can take it back." in said


def test_taken_back_nobody_hears_of_it_and_the_list_stands_ready_to_be_changed(one, window):
    teamwork.press(one, LIST, language="fr")
    client = teamwork.client_of(one.coordinator)
    back = client.post(taking_back(one), follow=True)
    assert (back.status_code, TAKEN_BACK in words(back)) == (200, True)
    html = back.content.decode()
    # Nobody has a language of their own, so that another one can be chosen for all.
    assert "ana@city.example;Ana Silva;\nbo@city.example;;\n" in html
    assert '<option value="fr" selected>' in html
    window.shift(3600)
    tasks.give_held_seats()
    tasks.lapse_drafts()
    assert stand(one) == [("ana@city.example", "withdrawn", False), ("bo@city.example", "withdrawn", False)]
    assert asked_for() == []
    teamwork.enrol(one, "email;name;language\nana@city.example;Ana Silva;fr\n")
    assert asked_for() == [("team-invitation", "ana@city.example")]


def test_a_second_press_leads_to_the_list_again_and_a_late_one_is_told_so(one, window):
    teamwork.press(one, LIST)
    client, address = teamwork.client_of(one.coordinator), taking_back(one)
    first, second = client.post(address)["Location"], client.post(address)["Location"]
    assert (first == second, "&again=" in first) == (True, True)
    teamwork.press(one, LIST)
    address = taking_back(one)
    window.shift(120)
    tasks.give_held_seats()
    late = client.post(address, follow=True)
    assert (late.redirect_chain, TOO_LATE in words(late)) == ([(f"{one.dashboard()}?done=too-late", 303)], True)
    assert len(asked_for()) == 2


def test_taken_back_six_times_an_address_can_still_be_invited(one):
    for _time in range(MOST_TIMES + 1):
        assert teamwork.press(one, "ana@city.example").status_code == 303
        client = teamwork.client_of(one.coordinator)
        client.post(taking_back(one))
    teamwork.enrol(one, "ana@city.example")
    assert asked_for() == [("team-invitation", "ana@city.example")]


def test_what_is_added_meanwhile_leaves_with_it_once_for_each_address(one, window):
    teamwork.press(one, LIST)
    window.shift(60)
    again = teamwork.press(one, "bo@city.example\ncy@city.example")
    assert again["Location"] == f"{one.dashboard()}?done=enrolled&invited=1"
    window.shift(119)
    tasks.give_held_seats()
    assert asked_for() == []
    window.shift(1)
    tasks.give_held_seats()
    assert [to for _kind, to in asked_for()] == ["ana@city.example", "bo@city.example", "cy@city.example"]


def test_two_coordinators_who_write_down_the_same_person_invite_them_once(one, window):
    teamwork.press(one, LIST)
    second = cities.coordinator(local_government=one.city, person=accounts.PersonFactory())
    enrolled = enrol_team(
        cohort_id=one.cohort.pk,
        local_government_id=one.city.pk,
        coordinator=second.person,
        people=[make.invitee("Bo", email="bo@city.example"), make.invitee("Cy", email="cy@city.example")],
        sends_at=clock.now() + timedelta(minutes=2),
    )
    assert ([one.email for one in enrolled.already], len(enrolled.invited)) == (["bo@city.example"], 1)
    teamwork.window_passes()
    assert sorted(to for _kind, to in asked_for()) == ["ana@city.example", "bo@city.example", "cy@city.example"]


def test_a_freed_seat_goes_to_whoever_has_come_meanwhile(one):
    teamwork.press(one, f"{LIST}\ncy@city.example")
    address = taking_back(one)
    make.invited(one.cohort, "Dee", coordinator=teamwork.second_city(one.cohort).membership)
    assert stand(one)[-1] == ("dee@example.org", "waitlisted", False)
    teamwork.client_of(one.coordinator).post(address)
    assert stand(one)[-1] == ("dee@example.org", "invited", True)


def test_a_team_whose_cohort_is_called_off_meanwhile_leaves_once_it_is_restored(one, window):
    teamwork.press(one, LIST)
    call_off_cohort(cohort_id=one.cohort.pk)
    teamwork.window_passes()
    assert ([state for _email, state, _seat in stand(one)], asked_for()) == (["drafted"] * 2, [])
    restore_cohort(cohort_id=one.cohort.pk)
    window.shift(121)
    tasks.give_held_seats()
    assert [kind for kind, _to in asked_for()] == ["team-invitation"] * 2 + ["team-sent"]


def test_a_coordinator_whose_membership_ends_meanwhile_invites_nobody(one):
    teamwork.press(one, LIST)
    end_membership(membership_id=one.membership.pk, by=accounts.PersonFactory(admin=True))
    teamwork.window_passes()
    assert [state for _email, state, _seat in stand(one)] == ["lapsed"] * 2
    assert not Message.objects.filter(kind="team-invitation").exists()


def test_a_list_that_fills_a_cohort_without_a_waiting_list_is_not_lost_when_it_is_taken_back(settings):
    one = teamwork.a_team(seats=2, waiting_list=False)
    teamwork.press(one, LIST)
    back = teamwork.client_of(one.coordinator).post(taking_back(one), follow=True)
    assert (TAKEN_BACK in words(back), "ana@city.example;Ana Silva;\n" in back.content.decode()) == (True, True)


def test_a_colleague_who_presses_second_is_told_that_it_is_taken_back(one):
    teamwork.press(one, LIST)
    address = taking_back(one)
    second = cities.coordinator(local_government=one.city, person=accounts.PersonFactory())
    client = teamwork.client_of(second.person)
    assert [client.post(address)["Location"] for _time in range(2)] == [f"{one.dashboard()}?done=taken-back"] * 2


def test_whom_the_coordinator_withdrew_alone_does_not_stand_in_the_list_again(one, window):
    teamwork.press(one, LIST)
    client = teamwork.client_of(one.coordinator)
    ana = Enrolment.objects.get(email="ana@city.example")
    client.post(f"{one.dashboard()}{ana.uuid}/withdraw/")
    window.shift(30)
    html = client.post(taking_back(one), follow=True).content.decode()
    assert ("bo@city.example;;\n" in html, "ana@city.example" in html) == (True, False)


def test_an_approved_coordinator_is_never_told_to_wait_for_approval(one, window):
    teamwork.press(one, LIST)
    call_off_cohort(cohort_id=one.cohort.pk)
    teamwork.window_passes()
    restore_cohort(cohort_id=one.cohort.pk)
    assert "You are not approved as coordinator yet" not in words(
        teamwork.client_of(one.coordinator).get(one.dashboard())
    )


def test_an_approval_for_another_reason_leaves_the_coordinator_the_whole_window(one):
    teamwork.press(one, LIST)
    send_drafts(coordinator=one.coordinator, local_government_id=one.city.pk)
    assert ([state for _email, state, _seat in stand(one)], asked_for()) == (["drafted"] * 2, [])


def test_where_the_list_takes_both_the_last_seats_and_the_share_the_sample_says_what_the_mail_says():
    one = teamwork.a_team(seats=2, seats_per_local_government=2)
    said = {"city": one.city.slug, "lines": f"{LIST}\ncy@city.example", "language": "en"}
    page = words(teamwork.client_of(one.coordinator).post(one.team(), said))
    assert "All seats are taken. When one becomes free, whoever has waited longest gets it and a mail." in page


def test_who_had_a_language_of_their_own_in_the_list_keeps_it(one):
    teamwork.press(one, "email;name;language\na@city.example;A;fr\nb@city.example;B;ar\nc@city.example;C;fr\n")
    html = teamwork.client_of(one.coordinator).post(taking_back(one), follow=True).content.decode()
    assert "a@city.example;A;\nb@city.example;B;ar\nc@city.example;C;\n" in html
    assert '<option value="fr" selected>' in html


def test_whom_nobody_told_stands_in_the_team_no_more_and_the_list_is_offered_once(one):
    teamwork.press(one, LIST)
    client = teamwork.client_of(one.coordinator)
    again = client.post(taking_back(one))["Location"]
    assert "ana@city.example" not in client.get(one.dashboard()).content.decode()
    teamwork.press(one, LIST)
    assert client.get(one.dashboard()).content.decode().count("ana@city.example") == 1
    assert TAKEN_BACK not in words(client.get(again))


def test_a_colleague_reads_whose_list_leaves(one):
    teamwork.press(one, LIST)
    second = cities.coordinator(local_government=one.city, person=accounts.PersonFactory())
    name = "Nobody has heard of them yet. Coordinator of Chefchaouen Take the list back"
    assert name in words(teamwork.client_of(second.person).get(one.dashboard()))
    assert name not in words(teamwork.client_of(one.coordinator).get(one.dashboard()))


def test_the_sample_of_a_place_in_line_is_the_next_one(one):
    Cohort.objects.update(seats=1)
    for name in ("Dee", "Eve", "Flo"):
        teamwork.invited(one, name)
    said = {"city": one.city.slug, "lines": LIST, "language": "en"}
    assert "You are number 3 on the waiting list." in words(teamwork.client_of(one.coordinator).post(one.team(), said))


def test_where_moderators_decide_nothing_waits():
    one = teamwork.a_team(admission="approval")
    teamwork.press(one, LIST)
    assert [state for _email, state, _seat in stand(one)] == ["applied"] * 2
    assert "Take the list back" not in words(teamwork.client_of(one.coordinator).get(one.dashboard()))


def test_with_no_window_everything_leaves_at_once(one, settings):
    settings.MAIL_UNDO_SECONDS = 0
    teamwork.press(one, LIST)
    assert [kind for kind, _to in asked_for()] == ["team-invitation"] * 2


def test_reading_the_address_takes_nothing_back(one):
    teamwork.press(one, LIST)
    client = teamwork.client_of(one.coordinator)
    assert client.get(taking_back(one))["Location"] == one.dashboard()
    assert [state for _email, state, _seat in stand(one)] == ["drafted"] * 2


def test_taking_back_another_citys_team_by_its_number(one):
    teamwork.press(one, LIST)
    number = TeamRequest.objects.get().pk
    other = teamwork.second_city(one.cohort)
    client = teamwork.client_of(other.coordinator)
    assert client.post(f"{other.dashboard()}take-back/{number}/")["Location"] == f"{other.dashboard()}?done=too-late"
    assert client.post(taking_back(one)).status_code == 404
    assert [state for _email, state, _seat in stand(one)] == ["drafted"] * 2


def test_reading_another_coordinators_list_that_was_taken_back(one):
    teamwork.press(one, LIST)
    number = TeamRequest.objects.get().pk
    take_back_team(team_id=number, by=one.coordinator)
    other = teamwork.second_city(one.cohort)
    asked = {"city": other.city.slug, "cohort": one.cohort.slug, "again": number}
    assert "ana@city.example" not in teamwork.client_of(other.coordinator).get(one.team(), asked).content.decode()


def test_a_restored_site_repeats_nothing_that_the_lost_one_may_have_done(one, window):
    teamwork.invited(one)
    teamwork.client_of(one.coordinator).post(f"{one.dashboard()}withdraw/")
    teamwork.press(one, LIST)
    Message.objects.all().delete()
    assert let_teams_be() == 2
    window.shift(3600)
    tasks.lapse_drafts()
    assert [state for _email, state, _seat in stand(one)] == ["invited", "withdrawn", "withdrawn"]
    assert asked_for() == []


def test_one_broken_team_holds_up_no_other(one, monkeypatch):
    from django.db import DatabaseError

    from learning.services import sending

    teamwork.press(one, LIST)
    other = teamwork.second_city(one.cohort)
    teamwork.press(other, "dee@oslo.example")
    broken, send = TeamRequest.objects.order_by("pk").first(), sending.send_locked

    def break_the_first(cohort, team):
        if team.pk == broken.pk:
            raise DatabaseError
        send(cohort, team)

    monkeypatch.setattr(sending, "send_locked", break_the_first)
    TeamRequest.objects.update(sends_at=clock.now())
    assert send_due_teams() == [TeamRequest.objects.order_by("pk").last().pk]
    assert asked_for() == [("team-invitation", "dee@oslo.example")]
    monkeypatch.undo()
    assert send_due_teams() == [broken.pk]
