"""What pages say where seats, people or the city do not allow what was asked: no seat, nobody left, no longer listed."""

from datetime import timedelta

import pytest

from core import clock
from learning.models import Enrolment
from learning.services import apply_alone, complete_unit
from municipalities.models import LocalGovernment, Membership
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db


def test_withdrawing_the_team_counts_those_alone_whom_it_ends():
    one = teamwork.place(starts_on=clock.now().date(), closes_at=clock.now() + timedelta(days=1))
    done, _browser = teamwork.joined(one)
    for unit in make.units_of(one.cohort.course):
        complete_unit(enrolment_id=done.pk, unit_id=unit.pk)
    teamwork.invited(one, "Bo Berg")
    client = teamwork.client_of(one.coordinator)
    assert "1 person" in words(client.get(f"{one.dashboard()}withdraw/"))
    client.post(f"{one.dashboard()}withdraw/")
    assert sorted(Enrolment.objects.values_list("state", flat=True)) == ["completed", "withdrawn"]


@pytest.mark.parametrize("is_approved", [True, False])
def test_a_list_of_whom_nobody_finds_a_seat_comes_back_as_it_was_typed(is_approved):
    one = teamwork.place(seats=1, waiting_list=False)
    teamwork.invited(one)
    place = teamwork.second_city(one.cohort)
    if not is_approved:
        undecided = {"state": "asked", "starts_on": None, "decided_at": None}
        Membership.objects.filter(pk=place.membership.pk).update(**undecided)
    page = teamwork.enrol(place, "bo@city.example\ncy@city.example")
    assert (page.status_code, "2 people found no seat." in words(page)) == (409, True)
    assert "cy@city.example" in page.content.decode()
    assert place.dashboard() not in teamwork.client_of(place.coordinator).get("/en/my/learning/").content.decode()


def test_a_city_that_is_no_longer_listed_is_not_offered():
    one = teamwork.place()
    teamwork.invited(one)
    client = teamwork.client_of(one.coordinator)
    offered = f"?city={one.city.slug}&amp;cohort="
    assert offered in client.get(one.dashboard()).content.decode()
    LocalGovernment.objects.filter(pk=one.city.pk).update(standing="retired")
    assert offered not in client.get(one.dashboard()).content.decode()
    assert teamwork.enrol(one, "bo@city.example").status_code == 403


def test_who_applied_alone_is_told_nothing_of_a_coordinator_at_the_door():
    one = teamwork.place(admission="approval")
    person = accounts.PersonFactory()
    mine = apply_alone(cohort_id=one.cohort.pk, person=person)
    client, link = teamwork.client_of(person), f"/learn/{mine.token}/"
    page = client.post(link)
    sentence = "Your application waits for the moderators. You get a mail when they have decided."
    assert (page.status_code, sentence in words(page), "coordinator" in words(page)) == (409, True, False)
    client.post(f"{link}decline/")
    page = client.get(link)
    assert (page.status_code, "You are not enrolled in this cohort any more." in words(page)) == (410, True)
    assert "coordinator" not in words(page)
