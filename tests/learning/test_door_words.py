"""What a colleague's own door says: the place in line and why, what leaving means, that a cohort is over, who goes on."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core import clock
from learning import mails
from learning.models import Cohort, Enrolment
from learning.services import apply_alone, call_off_cohort, withdraw_enrolment
from mail import rendering
from mail.models import Message
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db

ALL_TAKEN = "All seats are taken. When one becomes free, whoever has waited longest gets it and a mail."
ONCE_FREE = "When a seat becomes free, whoever has waited longest gets it and a mail."
OFF = "This cohort has been cancelled."
OVER = "This cohort is over, so nothing in it can be changed any more."


def door(enrolment: Enrolment) -> str:
    return f"/learn/{enrolment.token}/"


def found(answer: Any, *sentences: str) -> list[str]:
    page = words(answer)
    return [sentence for sentence in sentences if sentence in page]


def end(cohort: Cohort) -> None:
    """Let the cohort have been over for days."""
    today = clock.now().date()
    Cohort.objects.filter(pk=cohort.pk).update(starts_on=today - timedelta(days=30), ends_on=today - timedelta(days=3))


class TestWaiting:
    @pytest.mark.parametrize(
        ("seats", "said"),
        [
            ({"seats": 1}, [ALL_TAKEN]),
            ({"seats": 9, "seats_per_local_government": 1}, ["Your city may have 1 seat in this cohort.", ONCE_FREE]),
            # Where both hold, nobody gets a seat by a larger share.
            ({"seats": 1, "seats_per_local_government": 1}, [ALL_TAKEN]),
        ],
        ids=["full", "share", "both"],
    )
    def test_the_door_and_the_mail_tell_the_place_and_why(self, seats, said):
        one = teamwork.a_team(**seats)
        teamwork.invited(one)
        teamwork.invited(one, "Bo Berg")
        third = teamwork.invited(one, "Cy Ek")
        page = Client().get(door(third))
        every = (
            "You are number 2 on the waiting list.",
            ALL_TAKEN,
            "Your city may have 1 seat in this cohort.",
            ONCE_FREE,
        )
        assert found(page, *every) == ["You are number 2 on the waiting list.", *said]
        mail = rendering.render(Message.objects.filter(kind="enrolment-waiting").latest("pk"))
        for written in (mail.text, mail.html):
            assert [one for one in every if one in written] == ["You are number 2 on the waiting list.", *said]
        assert "\n\n" + "\n\n".join(said) + "\n\n--\n" in mail.text

    def test_a_seat_that_has_become_free_is_not_called_taken(self):
        one = teamwork.a_team(seats=1)
        teamwork.invited(one)
        waiting = teamwork.invited(one, "Bo Berg")
        Cohort.objects.filter(pk=one.cohort.pk).update(seats=2)
        assert found(Client().get(door(waiting)), ALL_TAKEN, ONCE_FREE) == [ONCE_FREE]

    @pytest.mark.parametrize(
        ("state", "title", "sentence"),
        [
            ("invited", "Decline", "Your seat goes to somebody else. Your coordinator sees that you do not take part."),
            ("waitlisted", "Leave the waiting list", "Your coordinator sees that you do not take part."),
            ("applied", "Take the request back", ""),
        ],
    )
    def test_the_page_of_leaving_is_called_what_it_does(self, state, title, sentence):
        one = teamwork.a_team(seats=1, name="Spring", admission="approval" if state == "applied" else "open")
        if state == "applied":
            enrolment = apply_alone(cohort_id=one.cohort.pk, person=accounts.PersonFactory())
            client = teamwork.client_of(enrolment.person)
        else:
            people = [teamwork.invited(one), teamwork.invited(one, "Bo Berg")]
            enrolment, client = people[state == "waitlisted"], Client()
        assert enrolment.state == state
        page = client.get(f"{door(enrolment)}decline/")
        assert re.search(r"<title>\s*([^<·|]*?)\s*[<·|–]", page.content.decode()).group(1) == f"{title}: Spring"
        paragraph = re.search(r"</h1>.*?<p>(.*?)</p>\s*<form", page.content.decode(), re.DOTALL)
        assert (paragraph.group(1) if paragraph else "") == sentence


class TestWhatHasEnded:
    @pytest.mark.parametrize(("how", "said"), [(end, OVER), (lambda one: call_off_cohort(cohort_id=one.pk), OFF)])
    def test_the_door_of_who_has_joined_says_so_and_leads_to_the_record(self, how, said):
        one = teamwork.a_team()
        enrolment, _browser = teamwork.joined(one)
        onwards = "To go on, sign in with a code that we mail to you."
        record = "To see what you have done in it, sign in with a code that we mail to you."
        assert found(Client().get(door(enrolment)), OVER, OFF, onwards, record) == [onwards]
        how(one.cohort)
        page = Client().get(door(enrolment))
        assert found(page, OVER, OFF, onwards, record) == [said, record]
        assert "Send me a code by mail" in words(page)

    @pytest.mark.parametrize("way", ["", "apply/", "team/"])
    def test_its_public_addresses_say_so_in_place_of_a_slip_in_the_link(self, way):
        cohort = make.public_cohort(name="Spring")
        address = f"/en/learning/cohorts/{cohort.slug}/{way}"
        client = Client() if way == "" else teamwork.client_of(accounts.PersonFactory())
        assert client.get(address).status_code == 200
        end(cohort)
        said = ("This cohort has ended.", OFF, "See what you have done in it")
        page = client.get(address)
        assert (page.status_code, found(page, *said)) == (410, [said[0]])
        assert 'href="/en/learning/cohorts/"' in page.content.decode()
        Cohort.objects.update(ends_on=clock.now().date() + timedelta(days=9), called_off_at=clock.now())
        page = client.get(address)
        assert (page.status_code, found(page, *said)) == (410, [OFF])

    def test_who_took_part_is_led_from_there_to_their_record(self):
        cohort = make.public_cohort()
        learner = make.learner(cohort)
        end(cohort)
        page = teamwork.client_of(learner.person).get(f"/en/learning/cohorts/{cohort.slug}/")
        assert f'<a href="/en/my/learning/{cohort.slug}/">See what you have done in it</a>' in page.content.decode()

    def test_asking_for_an_ended_cohort_of_a_course_that_is_taught_no_more(self):
        cohort = make.public_cohort()
        end(cohort)
        type(cohort.course).objects.update(is_current=False)
        answer = Client().get(f"/en/learning/cohorts/{cohort.slug}/")
        nothing = Client().get("/en/learning/cohorts/no-such-cohort/")
        assert (answer.status_code, words(answer)) == (404, words(nothing))


class TestInvitations:
    def test_who_is_signed_in_is_promised_no_account(self):
        one = teamwork.a_team()
        enrolment = teamwork.invited(one)
        promise = "We make an account for this address"
        person = accounts.PersonFactory(email=enrolment.email)
        assert promise in words(Client().get(door(enrolment)))
        page = words(teamwork.client_of(person).get(door(enrolment)))
        assert (promise in page, "Join the course" in page) == (False, True)

    @pytest.mark.parametrize("has_joined", [False, True])
    def test_an_old_link_leads_who_is_signed_in_to_the_new_enrolment(self, has_joined):
        one = teamwork.a_team()
        old = teamwork.invited(one)
        Client().post(f"{door(old)}decline/")
        person = accounts.PersonFactory(email=old.email)
        browser = teamwork.client_of(person)
        assert found(browser.get(door(old)), "You have declined.") == ["You have declined."]
        new = teamwork.invited(one)
        if has_joined:
            browser.post(door(new))
        answer = browser.get(door(old))
        assert (answer.status_code, answer["Location"]) == (303, one.course() if has_joined else door(new))

    def test_following_somebody_elses_old_link_to_their_new_one(self):
        one = teamwork.a_team()
        old = teamwork.invited(one)
        Client().post(f"{door(old)}decline/")
        new = teamwork.invited(one)
        spy = teamwork.client_of(accounts.PersonFactory())
        for client, status in ((Client(), 410), (spy, 403)):
            answer = client.get(door(old))
            assert (answer.status_code, new.token in answer.content.decode()) == (status, False)


class TestEndings:
    """Whoever answers for people reads how each enrolment came to its end."""

    def test_each_end_is_named_alike_on_the_screens_and_in_the_spreadsheets(self):
        one = teamwork.a_team(seats=6, moderators=[moderator := accounts.PersonFactory()])
        by = one.coordinator
        declined, left = teamwork.invited(one, "A Declines"), teamwork.joined(one, "B Leaves")[0]
        out, gone = teamwork.joined(one, "C Out")[0], teamwork.joined(one, "D Replaced")[0]
        teamwork.invited(one, "E Stays"), teamwork.invited(one, "F Stays")
        line = teamwork.invited(one, "G Waits")
        replacing = f"{one.dashboard()}{gone.uuid}/replace/"
        teamwork.client_of(by).post(replacing, {"email": "h@example.org", "name": "H New"})
        withdraw_enrolment(enrolment_id=line.pk, by=None)
        withdraw_enrolment(enrolment_id=declined.pk, by=None)
        withdraw_enrolment(enrolment_id=left.pk, by=left.person)
        withdraw_enrolment(enrolment_id=out.pk, by=by)
        expected = {
            "A Declines": "Has declined",
            "B Leaves": "Has left",
            "C Out": "Withdrawn",
            "D Replaced": "Replaced by somebody else",
            "G Waits": "Has left the waiting list",
        }
        staff = accounts.sign_in(Client(), accounts.PersonFactory(admin=True))
        for client, address in (
            (teamwork.client_of(by), one.dashboard()),
            (teamwork.client_of(moderator), one.desk()),
            (staff, "/admin/enrolments/"),
        ):
            rows = self.screen(client, address)
            sent = b"".join(client.get(address, {"export": "csv"}).streaming_content).decode("utf-8-sig").splitlines()
            for name, state in expected.items():
                [row], [line_of] = [row for row in rows if name in row], [row for row in sent if name in row]
                assert (f" {state} " in row, f",{state}," in line_of) == (True, True), (address, row, line_of)

    @staticmethod
    def screen(client: Client, address: str) -> list[str]:
        html = client.get(address).content.decode()
        rows = re.findall(r"<tr.*?</tr>", html, re.DOTALL)
        return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for row in rows]

    @pytest.mark.parametrize("number", [1, 3])
    def test_a_team_s_page_costs_the_same_statements_for_each_end(self, number):
        one = teamwork.a_team()
        for name in range(number):
            withdraw_enrolment(enrolment_id=teamwork.invited(one, f"P{name} X").pk, by=None)
        assert teamwork.statements(teamwork.client_of(one.coordinator), one.dashboard()) == 12

    def test_an_application_taken_back_says_so(self):
        cohort = make.cohort(admission="approval", moderators=[moderator := accounts.PersonFactory()])
        person = accounts.PersonFactory()
        asked = apply_alone(cohort_id=cohort.pk, person=person)
        withdraw_enrolment(enrolment_id=asked.pk, by=person)
        page = teamwork.client_of(moderator).get(f"/en/learning/cohorts/{cohort.slug}/moderate/")
        assert "Has taken the request back" in words(page)


def test_whoever_declines_one_of_two_invitations_reads_it_at_the_door_of_the_other():
    one = teamwork.a_team(name="Autumn")
    other = teamwork.second_city(one.cohort, "Medellin")
    person = accounts.PersonFactory(email="ana.silva@example.org")
    first, second = teamwork.invited(one), teamwork.invited(other)
    assert first.email == second.email == person.email
    answer = teamwork.client_of(person).post(f"{door(first)}decline/", follow=True)
    assert answer.redirect_chain[-1][0].endswith(door(second))
    assert found(answer, "You have declined the invitation to this cohort.") != []


def test_a_cohort_that_was_called_off_and_is_over_promises_no_reading():
    one = teamwork.a_team()
    _enrolment, browser = teamwork.joined(one)
    call_off_cohort(cohort_id=one.cohort.pk)
    end(one.cohort)
    page = browser.get(one.course())
    assert found(page, OFF, "You can go on reading its units.") == [OFF]


def test_nobody_is_behind_in_the_figures_of_a_cohort_that_is_over():
    one = teamwork.a_team()
    teamwork.joined(one)
    end(one.cohort)
    page = words(teamwork.client_of(one.coordinator).get(one.dashboard()))
    assert re.search(r"Behind\s*</dt>\s*<dd[^>]*>\s*0", page) or "Behind 0" in page


def test_an_old_page_that_declines_what_was_joined_meanwhile_says_that_it_did_not():
    enrolment, browser = teamwork.joined(teamwork.a_team(with_pages=True))
    answer = browser.post(f"{door(enrolment)}decline/", follow=True)
    assert found(answer, "You take part in this cohort already.") == ["You take part in this cohort already."]
    enrolment.refresh_from_db()
    assert enrolment.state == "active"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"admission": "approval"}, "You have taken your request to take part in this cohort back."),
        ({"seats": 1}, "You have left the waiting list of this cohort."),
    ],
)
def test_who_came_alone_and_goes_reads_what_they_did_and_nothing_of_an_invitation(fields, said):
    cohort = make.cohort(**fields)
    apply_alone(cohort_id=cohort.pk, person=accounts.PersonFactory())
    own = apply_alone(cohort_id=cohort.pk, person=accounts.PersonFactory())
    Client().post(f"{door(own)}decline/")
    page = Client().get(door(own))
    assert found(page, said, "You are not enrolled in this cohort any more.", "Invitation for") == [said]


def test_whoever_only_waited_reads_of_no_completed_work_when_the_cohort_is_cancelled():
    cohort = make.cohort(seats=1)
    people = [apply_alone(cohort_id=cohort.pk, person=accounts.PersonFactory()) for _ in range(2)]
    said = [mails.write_called_off(Enrolment.objects.get(pk=one.pk), "en") for one in people]
    written = [rendering.written(one, language="en", name="") for one in said]
    record = "What you have completed stays on record."
    assert [(record in one.text, record in one.html) for one in written] == [(True, True), (False, False)]
