"""What people do in their own learning: leaving a cohort, and answering an invitation without the mail."""

import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from core import clock
from learning.models import Cohort, Enrolment, UnitProgress
from learning.services import call_off_cohort, join, read_unit
from mail.models import Message
from municipalities.enums import MembershipState
from tests.factories import accounts, municipalities
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import statements, words

pytestmark = pytest.mark.django_db

MINE = "/en/my/learning/"


@pytest.fixture(scope="module")
def one(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[teamwork.Team]:
    """A cohort, and a city with its coordinator, for all tests of this file that need nothing special of them."""
    with made_once():
        yield teamwork.a_team()


def state_of(enrolment: Enrolment) -> str:
    enrolment.refresh_from_db()
    return enrolment.state


class TestLeaving:
    def test_who_takes_part_leaves_keeps_the_record_and_makes_room(self):
        one = teamwork.a_team(seats=1, closes_at=clock.now() + timedelta(days=5))
        ana, browser = teamwork.joined(one)
        bo = teamwork.invited(one, "Bo Berg")
        teamwork.begin(one.cohort)
        read_unit(enrolment_id=ana.pk, unit_id=one.unit().pk, revision_id=1, language="en")
        leave = f"{one.course()}leave/"
        assert f'href="{leave}"' in browser.get(one.course()).content.decode()
        asked = browser.get(leave)
        assert "Your coordinator sees that you do not take part any more." in words(asked)
        assert (state_of(ana), state_of(bo)) == ("active", "waitlisted")
        answer = browser.post(leave, follow=True)
        assert answer.redirect_chain == [(MINE, 303)]
        assert "You are not enrolled in this cohort any more." in words(answer)
        assert (state_of(ana), state_of(bo)) == ("withdrawn", "invited")
        assert list(ana.changes.order_by("pk").values_list("what", "actor"))[-1] == ("withdrawn", "person")
        assert UnitProgress.objects.filter(enrolment=ana).count() == 1
        ours = Message.objects.filter(kind__startswith="enrolment-").order_by("pk")
        assert list(ours.values_list("kind", "to_address"))[-2:] == [
            ("enrolment-withdrawn", "ana.silva@example.org"),
            ("enrolment-promoted", "bo.berg@example.org"),
        ]
        assert "Has left" in words(teamwork.client_of(one.coordinator).get(one.dashboard()))

    @pytest.mark.parametrize(
        ("is_over", "sentence"),
        [
            (False, "This enrolment has ended or is completed, so it stays as it is."),
            (True, "This cohort is over, so nothing in it can be changed any more."),
        ],
        ids=["completed", "over"],
    )
    def test_what_is_completed_or_over_is_not_left(self, one, is_over, sentence):
        ana, browser = teamwork.joined(one)
        if is_over:
            today = clock.now().date()
            Cohort.objects.update(starts_on=today - timedelta(days=30), ends_on=today - timedelta(days=2))
        else:
            Enrolment.objects.update(state="completed", ended_at=clock.now())
        leave = f"{one.course()}leave/"
        assert f'href="{leave}"' not in browser.get(one.course()).content.decode()
        assert browser.get(leave)["Location"] == one.course()
        answer = browser.post(leave)
        assert (answer.status_code, sentence in words(answer)) == (409, True)
        assert state_of(ana) != "withdrawn"

    def test_leaving_for_another(self, one):
        victim, _browser = teamwork.joined(one)
        invited = teamwork.invited(one, "Di Doe")
        leave = f"{one.course()}leave/"
        spies = [accounts.PersonFactory(), one.coordinator, accounts.PersonFactory(email=invited.email)]
        for spy in spies:
            client = teamwork.client_of(spy)
            assert (client.get(leave).status_code, client.post(leave).status_code) == (404, 404)
        anonymous = Client().post(leave)
        assert (anonymous.status_code, "/account/login/" in anonymous["Location"]) == (302, True)
        # A member of the same cohort leaves it for nobody else, whatever they send along.
        spy, browser = teamwork.joined(one, "Bo Berg")
        said = {"enrolment": str(victim.uuid), "person": victim.person_id, "enrolment_id": victim.pk}
        assert browser.post(leave, said).status_code == 303
        assert [state_of(each) for each in (victim, invited, spy)] == ["active", "invited", "withdrawn"]


class TestInvitations:
    def test_a_verified_address_shows_its_invitations_and_a_button_joins(self):
        one = teamwork.a_team(name="Spring")
        enrolment = teamwork.invited(one)
        person = accounts.PersonFactory(email=enrolment.email)
        browser = teamwork.client_of(person)
        door = f"/learn/{enrolment.token}/"
        for address in (MINE, "/en/my/"):
            page = browser.get(address)
            html = page.content.decode()
            assert "Coordinator of Chefchaouen invites you to learn with the team of Chefchaouen ." in words(page)
            assert (f'href="{door}"' in html, f'action="{door}"' in html) == (True, True)
            # The button's form carries its token also where the list stands within another page.
            assert re.search(rf'action="{door}"><input type="hidden" name="csrfmiddlewaretoken"', html)
            assert "You take part in no cohort yet" not in html
        assert state_of(enrolment) == "invited"
        assert browser.post(door)["Location"] == one.course()
        assert (state_of(enrolment), enrolment.person) == ("active", person)
        assert door not in browser.get(MINE).content.decode()

    def test_what_needs_no_answer_any_more_is_not_shown(self):
        one = teamwork.a_team(seats=2)
        person = accounts.PersonFactory(email="ana.silva@example.org")
        browser = teamwork.client_of(person)
        enrolment = teamwork.invited(one)
        elsewhere = teamwork.invited(teamwork.second_city(one.cohort))
        assert browser.get(MINE).content.decode().count("Join the course") == 2
        # Joined with one city, she cannot join the same cohort with another.
        join(enrolment_id=elsewhere.pk)
        assert "Join the course" not in browser.get(MINE).content.decode()
        off = teamwork.a_team()
        teamwork.invited(off)
        assert "Join the course" in browser.get(MINE).content.decode()
        call_off_cohort(cohort_id=off.cohort.pk)
        assert "Join the course" not in browser.get(MINE).content.decode()
        assert state_of(enrolment) == "invited"

    def test_seeing_anothers_invitations(self, one):
        enrolment = teamwork.invited(one)
        claimed = accounts.PersonFactory()
        EmailAddress.objects.create(user=claimed, email=enrolment.email, verified=False)
        draft_for = accounts.PersonFactory(email="di.doe@example.org")
        asked = municipalities.coordinator(state=MembershipState.ASKED)
        make.invited(one.cohort, "Di Doe", coordinator=asked)
        for spy in (claimed, accounts.PersonFactory(), one.coordinator, draft_for):
            html = teamwork.client_of(spy).get(MINE).content.decode()
            assert ("Join the course" in html, "/learn/" in html) == (False, False)

    @pytest.mark.parametrize("number", [1, 3])
    def test_the_list_takes_as_many_statements_for_one_as_for_three(self, number):
        person = accounts.PersonFactory(email="ana.silva@example.org")
        for _one in range(number):
            teamwork.invited(teamwork.a_team(city=f"City {_one}"))
        browser = teamwork.client_of(person)
        assert browser.get(MINE).content.decode().count("Join the course") == number
        assert statements(browser, MINE) == 10


class TestDoors:
    @pytest.mark.parametrize("is_over", [True, False], ids=["over", "called-off"])
    def test_a_door_that_is_shut_says_so_and_offers_nothing(self, one, is_over):
        door = f"/learn/{teamwork.invited(one).token}/"
        today = clock.now().date()
        if is_over:
            Cohort.objects.update(starts_on=today - timedelta(days=30), ends_on=today - timedelta(days=2))
        else:
            call_off_cohort(cohort_id=one.cohort.pk)
        sentence = "This cohort is over" if is_over else "This cohort has been cancelled."
        joining, declining = Client().post(door), Client().post(f"{door}decline/")
        assert (joining.status_code, sentence in words(joining), "Join the course" in words(joining)) == (
            409,
            True,
            False,
        )
        assert declining.status_code == (409 if is_over else 303)
