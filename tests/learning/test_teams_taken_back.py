"""What coordinators do to whole teams is rehearsed, waits for the undo window, and can be taken back until then."""

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
from mail import rendering
from mail.models import Message
from municipalities.services import end_membership
from tests.factories import accounts
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db

LIST = "Ana Silva <ana@city.example>\nbo@city.example"
TAKEN_BACK = "Taken back. Nobody was invited. Change the list and send it again, or leave it."
TOO_LATE = "That came too late: it has happened already."
KEPT = "The team stays enrolled. Nobody was told anything."


@pytest.fixture(autouse=True)
def window(settings, time):
    settings.MAIL_UNDO_SECONDS = 120
    return time


@pytest.fixture
def one() -> teamwork.Team:
    return teamwork.a_team(seats=3)


def stand(one: teamwork.Team) -> list[tuple[str, str, bool]]:
    return list(one.cohort.enrolments.order_by("pk").values_list("email", "state", "has_seat"))


def mails() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("pk").values_list("kind", "to_address"))


def taking_back(one: teamwork.Team) -> str:
    return f"{one.dashboard()}take-back/{TeamRequest.objects.get(state='draft').pk}/"


def named() -> dict[str, list[int]]:
    """Return what the form sends that keeps a team: which teams it is about."""
    return {"team": list(TeamRequest.objects.values_list("pk", flat=True))}


class TestSending:
    def test_nobody_is_invited_before_the_window_has_passed_and_everybody_once_it_has(self, one, window):
        assert teamwork.press(one, LIST)["Location"] == f"{one.dashboard()}?done=enrolled&invited=2"
        drafts = [("ana@city.example", "drafted", True), ("bo@city.example", "drafted", True)]
        assert (stand(one), mails()) == (drafts, [])
        page = words(teamwork.client_of(one.coordinator).get(one.dashboard()))
        assert (
            "The invitations leave at 10:02, Stockholm time. Nobody has heard of them yet. Take the list back" in page
        )
        assert "You are not approved as coordinator yet" not in page
        window.shift(119)
        tasks.give_held_seats()
        assert (stand(one), mails()) == (drafts, [])
        window.shift(1)
        tasks.give_held_seats()
        assert stand(one) == [("ana@city.example", "invited", True), ("bo@city.example", "invited", True)]
        invitations = [("team-invitation", "ana@city.example"), ("team-invitation", "bo@city.example")]
        assert mails() == invitations
        tasks.give_held_seats()
        tasks.lapse_drafts()
        assert mails() == invitations
        assert "Take the list back" not in words(teamwork.client_of(one.coordinator).get(one.dashboard()))

    def test_the_sweep_that_sends_forgotten_drafts_leaves_them_the_whole_window(self, one):
        teamwork.press(one, LIST)
        tasks.lapse_drafts()
        assert ([state for _email, state, _seat in stand(one)], mails()) == (["drafted"] * 2, [])

    def test_the_last_look_counts_by_language_state_and_the_citys_zone_and_shows_each_mail_in_each_language(self, one):
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

    def test_taken_back_nobody_hears_of_it_and_the_list_stands_ready_to_be_changed(self, one, window):
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
        assert mails() == []
        teamwork.enrol(one, "email;name;language\nana@city.example;Ana Silva;fr\n")
        assert mails() == [("team-invitation", "ana@city.example")]

    def test_a_second_press_leads_to_the_list_again_and_a_late_one_is_told_so(self, one, window):
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
        assert len(mails()) == 2

    def test_taken_back_six_times_an_address_can_still_be_invited(self, one):
        for _time in range(MOST_TIMES + 1):
            assert teamwork.press(one, "ana@city.example").status_code == 303
            client = teamwork.client_of(one.coordinator)
            client.post(taking_back(one))
        teamwork.enrol(one, "ana@city.example")
        assert mails() == [("team-invitation", "ana@city.example")]

    def test_what_is_added_meanwhile_leaves_with_it_once_for_each_address(self, one, window):
        teamwork.press(one, LIST)
        window.shift(60)
        again = teamwork.press(one, "bo@city.example\ncy@city.example")
        assert again["Location"] == f"{one.dashboard()}?done=enrolled&invited=1"
        window.shift(119)
        tasks.give_held_seats()
        assert mails() == []
        window.shift(1)
        tasks.give_held_seats()
        assert [to for _kind, to in mails()] == ["ana@city.example", "bo@city.example", "cy@city.example"]

    def test_two_coordinators_who_write_down_the_same_person_invite_them_once(self, one, window):
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
        assert sorted(to for _kind, to in mails()) == ["ana@city.example", "bo@city.example", "cy@city.example"]

    def test_a_freed_seat_goes_to_whoever_has_come_meanwhile(self, one):
        teamwork.press(one, f"{LIST}\ncy@city.example")
        address = taking_back(one)
        make.invited(one.cohort, "Dee", coordinator=teamwork.second_city(one.cohort).membership)
        assert stand(one)[-1] == ("dee@example.org", "waitlisted", False)
        teamwork.client_of(one.coordinator).post(address)
        assert stand(one)[-1] == ("dee@example.org", "invited", True)

    def test_a_team_whose_cohort_is_called_off_meanwhile_leaves_once_it_is_restored(self, one, window):
        teamwork.press(one, LIST)
        call_off_cohort(cohort_id=one.cohort.pk)
        teamwork.window_passes()
        assert ([state for _email, state, _seat in stand(one)], mails()) == (["drafted"] * 2, [])
        restore_cohort(cohort_id=one.cohort.pk)
        window.shift(121)
        tasks.give_held_seats()
        assert [kind for kind, _to in mails()] == ["team-invitation"] * 2 + ["team-sent"]

    def test_a_coordinator_whose_membership_ends_meanwhile_invites_nobody(self, one):
        teamwork.press(one, LIST)
        end_membership(membership_id=one.membership.pk, by=accounts.PersonFactory(admin=True))
        teamwork.window_passes()
        assert [state for _email, state, _seat in stand(one)] == ["lapsed"] * 2
        assert not Message.objects.filter(kind="team-invitation").exists()

    def test_a_list_that_fills_a_cohort_without_a_waiting_list_is_not_lost_when_it_is_taken_back(self, settings):
        one = teamwork.a_team(seats=2, waiting_list=False)
        teamwork.press(one, LIST)
        back = teamwork.client_of(one.coordinator).post(taking_back(one), follow=True)
        assert (TAKEN_BACK in words(back), "ana@city.example;Ana Silva;\n" in back.content.decode()) == (True, True)

    def test_a_colleague_who_presses_second_is_told_that_it_is_taken_back(self, one):
        teamwork.press(one, LIST)
        address = taking_back(one)
        second = cities.coordinator(local_government=one.city, person=accounts.PersonFactory())
        client = teamwork.client_of(second.person)
        assert [client.post(address)["Location"] for _time in range(2)] == [f"{one.dashboard()}?done=taken-back"] * 2

    def test_whom_the_coordinator_withdrew_alone_does_not_stand_in_the_list_again(self, one, window):
        teamwork.press(one, LIST)
        client = teamwork.client_of(one.coordinator)
        ana = Enrolment.objects.get(email="ana@city.example")
        client.post(f"{one.dashboard()}{ana.uuid}/withdraw/")
        window.shift(30)
        html = client.post(taking_back(one), follow=True).content.decode()
        assert ("bo@city.example;;\n" in html, "ana@city.example" in html) == (True, False)

    def test_an_approved_coordinator_is_never_told_to_wait_for_approval(self, one, window):
        teamwork.press(one, LIST)
        call_off_cohort(cohort_id=one.cohort.pk)
        teamwork.window_passes()
        restore_cohort(cohort_id=one.cohort.pk)
        assert "You are not approved as coordinator yet" not in words(
            teamwork.client_of(one.coordinator).get(one.dashboard())
        )

    def test_an_approval_for_another_reason_leaves_the_coordinator_the_whole_window(self, one):
        teamwork.press(one, LIST)
        send_drafts(coordinator=one.coordinator, local_government_id=one.city.pk)
        assert ([state for _email, state, _seat in stand(one)], mails()) == (["drafted"] * 2, [])

    def test_where_the_list_takes_both_the_last_seats_and_the_share_the_sample_says_what_the_mail_says(self):
        one = teamwork.a_team(seats=2, seats_per_local_government=2)
        said = {"city": one.city.slug, "lines": f"{LIST}\ncy@city.example", "language": "en"}
        page = words(teamwork.client_of(one.coordinator).post(one.team(), said))
        assert "All seats are taken. When one becomes free, whoever has waited longest gets it and a mail." in page

    def test_who_had_a_language_of_their_own_in_the_list_keeps_it(self, one):
        teamwork.press(one, "email;name;language\na@city.example;A;fr\nb@city.example;B;ar\nc@city.example;C;fr\n")
        html = teamwork.client_of(one.coordinator).post(taking_back(one), follow=True).content.decode()
        assert "a@city.example;A;\nb@city.example;B;ar\nc@city.example;C;\n" in html
        assert '<option value="fr" selected>' in html

    def test_whom_nobody_told_stands_in_the_team_no_more_and_the_list_is_offered_once(self, one):
        teamwork.press(one, LIST)
        client = teamwork.client_of(one.coordinator)
        again = client.post(taking_back(one))["Location"]
        assert "ana@city.example" not in client.get(one.dashboard()).content.decode()
        teamwork.press(one, LIST)
        assert client.get(one.dashboard()).content.decode().count("ana@city.example") == 1
        assert TAKEN_BACK not in words(client.get(again))

    def test_a_colleague_reads_whose_list_leaves(self, one):
        teamwork.press(one, LIST)
        second = cities.coordinator(local_government=one.city, person=accounts.PersonFactory())
        name = "Nobody has heard of them yet. Coordinator of Chefchaouen Take the list back"
        assert name in words(teamwork.client_of(second.person).get(one.dashboard()))
        assert name not in words(teamwork.client_of(one.coordinator).get(one.dashboard()))

    def test_the_sample_of_a_place_in_line_is_the_next_one(self, one):
        Cohort.objects.update(seats=1)
        for name in ("Dee", "Eve", "Flo"):
            teamwork.invited(one, name)
        said = {"city": one.city.slug, "lines": LIST, "language": "en"}
        assert "You are number 3 on the waiting list." in words(
            teamwork.client_of(one.coordinator).post(one.team(), said)
        )

    def test_where_moderators_decide_nothing_waits(self):
        one = teamwork.a_team(admission="approval")
        teamwork.press(one, LIST)
        assert [state for _email, state, _seat in stand(one)] == ["applied"] * 2
        assert "Take the list back" not in words(teamwork.client_of(one.coordinator).get(one.dashboard()))

    def test_with_no_window_everything_leaves_at_once(self, one, settings):
        settings.MAIL_UNDO_SECONDS = 0
        teamwork.press(one, LIST)
        assert [kind for kind, _to in mails()] == ["team-invitation"] * 2

    def test_reading_the_address_takes_nothing_back(self, one):
        teamwork.press(one, LIST)
        client = teamwork.client_of(one.coordinator)
        assert client.get(taking_back(one))["Location"] == one.dashboard()
        assert [state for _email, state, _seat in stand(one)] == ["drafted"] * 2

    def test_taking_back_another_citys_team_by_its_number(self, one):
        teamwork.press(one, LIST)
        number = TeamRequest.objects.get().pk
        other = teamwork.second_city(one.cohort)
        client = teamwork.client_of(other.coordinator)
        assert (
            client.post(f"{other.dashboard()}take-back/{number}/")["Location"] == f"{other.dashboard()}?done=too-late"
        )
        assert client.post(taking_back(one)).status_code == 404
        assert [state for _email, state, _seat in stand(one)] == ["drafted"] * 2

    def test_reading_another_coordinators_list_that_was_taken_back(self, one):
        teamwork.press(one, LIST)
        number = TeamRequest.objects.get().pk
        take_back_team(team_id=number, by=one.coordinator)
        other = teamwork.second_city(one.cohort)
        asked = {"city": other.city.slug, "cohort": one.cohort.slug, "again": number}
        assert "ana@city.example" not in teamwork.client_of(other.coordinator).get(one.team(), asked).content.decode()


class TestWithdrawing:
    @pytest.fixture
    def team(self, one) -> teamwork.Team:
        teamwork.joined(one)
        Enrolment.objects.update(language="fr")
        teamwork.invited(one, "Bo Berg")
        Message.objects.all().delete()
        return one

    def test_nothing_ends_before_the_window_has_passed_and_everybody_is_told_once_it_has(self, team, window):
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
        assert (stand(team), mails()) == (before, [])
        window.shift(1)
        tasks.give_held_seats()
        assert [(state, seat) for _email, state, seat in stand(team)] == [("withdrawn", False)] * 2
        assert [kind for kind, _to in mails()] == ["enrolment-withdrawn"] * 2
        steps = team.cohort.enrolments.filter(changes__what="withdrawn").values_list("changes__by", "changes__actor")
        assert set(steps) == {(team.coordinator.pk, "coordinator")}
        tasks.give_held_seats()
        assert len(mails()) == 2

    def test_the_screen_counts_those_who_are_told_and_shows_what_each_reads(self, team):
        page = teamwork.client_of(team.coordinator).get(f"{team.dashboard()}withdraw/")
        said = words(page).replace("\u2068", "").replace("\u2069", "").replace("\xa0", " ")
        assert "Language français (1) State Takes part (1) Time zone" in said
        assert "Language English (1) State Invited (1) Time zone" in said
        assert said.count("La trace de ce que vous avez terminé est conservée.") == 1
        assert said.count("You are not enrolled in this cohort any more.") == 1
        assert said.count("If this is a mistake, ask the coordinator of your city.") == 1
        assert "It happens 2 minutes after you press the button; until then you can keep the team." in said

    def test_a_team_that_is_kept_goes_on_and_nobody_hears_of_it(self, team, window):
        client, before = teamwork.client_of(team.coordinator), stand(team)
        client.post(f"{team.dashboard()}withdraw/")
        kept = client.post(f"{team.dashboard()}keep/", named(), follow=True)
        assert (kept.redirect_chain, KEPT in words(kept)) == ([(f"{team.dashboard()}?done=kept", 303)], True)
        window.shift(3600)
        tasks.give_held_seats()
        assert (stand(team), mails()) == (before, [])
        assert client.post(f"{team.dashboard()}keep/", named())["Location"] == f"{team.dashboard()}?done=kept"

    def test_keeping_comes_too_late_once_the_team_has_ended(self, team):
        client = teamwork.client_of(team.coordinator)
        client.post(f"{team.dashboard()}withdraw/")
        teamwork.window_passes()
        teamwork.press(team, "cy@city.example")
        assert client.post(f"{team.dashboard()}keep/", named())["Location"] == f"{team.dashboard()}?done=too-late"
        assert len(mails()) == 2

    def test_the_screen_leads_to_the_team_while_it_is_to_be_withdrawn(self, team):
        client, address = teamwork.client_of(team.coordinator), f"{team.dashboard()}withdraw/"
        client.post(address)
        moment = TeamRequest.objects.get().withdraws_at
        assert [client.get(address)["Location"], client.post(address)["Location"]] == [team.dashboard()] * 2
        assert TeamRequest.objects.get().withdraws_at == moment

    def test_who_is_enrolled_meanwhile_stays(self, team):
        client = teamwork.client_of(team.coordinator)
        client.post(f"{team.dashboard()}withdraw/")
        teamwork.press(team, "cy@city.example")
        teamwork.window_passes()
        assert [state for _email, state, _seat in stand(team)] == ["withdrawn", "withdrawn", "invited"]

    def test_what_has_not_left_yet_ends_at_once_and_what_is_added_afterwards_leaves(self, team, window):
        teamwork.press(team, "cy@city.example")
        window.shift(60)
        teamwork.client_of(team.coordinator).post(f"{team.dashboard()}withdraw/")
        assert stand(team)[-1] == ("cy@city.example", "withdrawn", False)
        teamwork.press(team, "dee@city.example")
        window.shift(120)
        tasks.give_held_seats()
        assert [kind for kind, _to in mails()] == ["enrolment-withdrawn"] * 2 + ["team-invitation"]
        assert stand(team)[-1] == ("dee@city.example", "invited", True)

    def test_a_cohort_that_is_over_by_then_keeps_its_records(self, team, window):
        before = stand(team)
        teamwork.client_of(team.coordinator).post(f"{team.dashboard()}withdraw/")
        today = clock.now().date()
        Cohort.objects.update(starts_on=today - timedelta(days=9), ends_on=today - timedelta(days=3))
        teamwork.window_passes()
        assert (stand(team), mails()) == (before, [])
        assert not TeamRequest.objects.exclude(withdraws_at=None).exists()

    def test_an_erased_coordinators_withdrawal_still_happens(self, team):
        teamwork.client_of(team.coordinator).post(f"{team.dashboard()}withdraw/")
        TeamRequest.objects.update(withdraws_by=None, coordinator=None)
        teamwork.window_passes()
        assert [state for _email, state, _seat in stand(team)] == ["withdrawn"] * 2
        # Nobody reads that they have declined themselves.
        assert {rendering.render(one).subject.partition("\u2068")[0] for one in Message.objects.all()} == {
            "Your enrolment is withdrawn: ",
            "Votre inscription est retirée\xa0: ",
        }

    def test_keeping_another_citys_team(self, team):
        teamwork.client_of(team.coordinator).post(f"{team.dashboard()}withdraw/")
        other = teamwork.second_city(team.cohort)
        assert teamwork.client_of(other.coordinator).post(f"{team.dashboard()}keep/", named()).status_code == 404
        assert TeamRequest.objects.exclude(withdraws_at=None).count() == 1

    def test_a_member_of_the_team_keeping_it(self, team):
        teamwork.client_of(team.coordinator).post(f"{team.dashboard()}withdraw/")
        member = Enrolment.objects.exclude(person=None).get().person
        assert teamwork.client_of(member).post(f"{team.dashboard()}keep/", named()).status_code == 404

    def test_reading_the_address_keeps_nothing(self, team):
        client = teamwork.client_of(team.coordinator)
        client.post(f"{team.dashboard()}withdraw/")
        assert client.get(f"{team.dashboard()}keep/")["Location"] == team.dashboard()
        assert TeamRequest.objects.exclude(withdraws_at=None).count() == 1


def test_a_restored_site_repeats_nothing_that_the_lost_one_may_have_done(one, window):
    teamwork.invited(one)
    teamwork.client_of(one.coordinator).post(f"{one.dashboard()}withdraw/")
    teamwork.press(one, LIST)
    Message.objects.all().delete()
    assert let_teams_be() == 2
    window.shift(3600)
    tasks.lapse_drafts()
    assert [state for _email, state, _seat in stand(one)] == ["invited", "withdrawn", "withdrawn"]
    assert mails() == []


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
    assert mails() == [("team-invitation", "dee@oslo.example")]
    monkeypatch.undo()
    assert send_due_teams() == [broken.pk]
