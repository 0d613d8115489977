"""What people do in their own learning: leaving a cohort, and answering an invitation without the mail."""

from datetime import timedelta

import pytest
from django.test import Client

from core import clock
from learning.models import Cohort, Enrolment, UnitProgress
from learning.services import read_unit
from mail.models import Message
from tests.factories import accounts
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db

MINE = "/en/my/learning/"


def state_of(enrolment: Enrolment) -> str:
    enrolment.refresh_from_db()
    return enrolment.state


class TestLeaving:
    def test_who_takes_part_leaves_keeps_the_record_and_makes_room(self):
        one = teamwork.place(seats=1, closes_at=clock.now() + timedelta(days=5))
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
        assert "Withdrawn" in words(teamwork.client_of(one.coordinator).get(one.dashboard()))

    @pytest.mark.parametrize(
        ("is_over", "sentence"),
        [
            (False, "This enrolment has ended or is completed, so it stays as it is."),
            (True, "This cohort is over, so nothing in it can be changed any more."),
        ],
        ids=["completed", "over"],
    )
    def test_what_is_completed_or_over_is_not_left(self, is_over, sentence):
        one = teamwork.place()
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

    def test_leaving_for_another(self):
        one = teamwork.place()
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
