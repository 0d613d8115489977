"""What pages say where seats, people or the city do not allow what was asked: no seat, nobody left, no longer listed."""

from datetime import timedelta

import pytest

from core import clock
from learning.models import Enrolment
from learning.services import admit, apply_alone, complete_unit
from mail.models import Message
from municipalities.models import LocalGovernment, Membership
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db


def test_withdrawing_the_team_counts_those_alone_whom_it_ends():
    one = teamwork.a_team(starts_on=clock.now().date(), closes_at=clock.now() + timedelta(days=1))
    done, _browser = teamwork.joined(one)
    for unit in make.units_of(one.cohort.course):
        complete_unit(enrolment_id=done.pk, unit_id=unit.pk)
    teamwork.invited(one, "Bo Berg")
    client = teamwork.client_of(one.coordinator)
    assert "1 person" in words(client.get(f"{one.dashboard()}withdraw/"))
    client.post(f"{one.dashboard()}withdraw/")
    teamwork.window_passes()
    assert sorted(Enrolment.objects.values_list("state", flat=True)) == ["completed", "withdrawn"]


@pytest.mark.parametrize("is_approved", [True, False])
def test_a_list_of_whom_nobody_finds_a_seat_comes_back_as_it_was_typed(is_approved):
    one = teamwork.a_team(seats=1, waiting_list=False)
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
    one = teamwork.a_team()
    teamwork.invited(one)
    client = teamwork.client_of(one.coordinator)
    offered = f"?city={one.city.slug}&amp;cohort="
    assert offered in client.get(one.dashboard()).content.decode()
    LocalGovernment.objects.filter(pk=one.city.pk).update(standing="retired")
    assert offered not in client.get(one.dashboard()).content.decode()
    assert teamwork.enrol(one, "bo@city.example").status_code == 403


def test_who_applied_alone_is_told_nothing_of_a_coordinator_at_the_door():
    one = teamwork.a_team(admission="approval")
    person = accounts.PersonFactory()
    mine = apply_alone(cohort_id=one.cohort.pk, person=person)
    client, link = teamwork.client_of(person), f"/learn/{mine.token}/"
    page = client.post(link)
    sentence = "Your application waits for the moderators. You get a mail when they have decided."
    assert (page.status_code, sentence in words(page), "coordinator" in words(page)) == (409, True, False)
    client.post(f"{link}decline/")
    page = client.get(link)
    ended = "You have taken your request to take part in this cohort back."
    assert (page.status_code, ended in words(page)) == (410, True)
    assert "coordinator" not in words(page)


FREE = "The seat becomes free and goes to whoever waits and may have it."
TOLD = "The person keeps the record of what they have done and gets a mail."
UNTOLD = "The person knows of nothing yet and gets no mail."


@pytest.mark.parametrize(
    ("fields", "is_approved", "said"),
    [
        ({}, True, [FREE, TOLD]),
        ({"seats": 0}, True, [TOLD]),
        ({}, False, [FREE, UNTOLD]),
        ({"seats": 0}, False, [UNTOLD]),
        ({"admission": "approval"}, True, [UNTOLD]),
        ({"admission": "approval"}, False, [UNTOLD]),
    ],
)
def test_withdrawing_somebody_promises_a_seat_and_a_mail_where_there_are_some(fields, is_approved, said):
    one = teamwork.a_team(**fields)
    if not is_approved:
        undecided = {"state": "asked", "starts_on": None, "decided_at": None}
        Membership.objects.filter(pk=one.membership.pk).update(**undecided)
    assert teamwork.enrol(one, "ana@city.example").status_code == 303
    mailed = Message.objects.count()
    address = f"{one.dashboard()}{Enrolment.objects.get().uuid}/withdraw/"
    client = teamwork.client_of(one.coordinator)
    page = words(client.get(address))
    assert [sentence for sentence in (FREE, TOLD, UNTOLD) if sentence in page] == said
    assert client.post(address).status_code == 303
    assert Message.objects.count() - mailed == (TOLD in said)


def test_withdrawing_the_team_says_who_of_it_gets_a_mail():
    one = teamwork.a_team(admission="approval")
    client, address = teamwork.client_of(one.coordinator), f"{one.dashboard()}withdraw/"
    teamwork.enrol(one, "ana@city.example\nbo@city.example")
    nobody = "2 people. Nobody of them knows of it yet, and nobody gets a mail."
    seats = "2 people. Their seats become free and go to whoever waits and may have them."
    some = (
        f"{seats} Whoever knows of it keeps the record of what they have done and gets a mail; the others know of "
        "nothing yet."
    )
    everybody = f"{seats} Everybody keeps the record of what they have done and gets a mail."
    assert nobody in words(client.get(address))
    for row, sentence in zip(Enrolment.objects.order_by("pk"), (some, everybody), strict=True):
        admit(enrolment_id=row.pk, by=accounts.PersonFactory(admin=True))
        assert sentence in words(client.get(address))


@pytest.mark.parametrize("has_begun", [False, True])
def test_leaving_a_cohort_promises_the_seat_to_others_as_long_as_it_gives_seats(has_begun):
    one = teamwork.a_team()
    _enrolment, client = teamwork.joined(one)
    if has_begun:
        teamwork.begin(one.cohort)
    page = words(client.get(f"{one.course()}leave/"))
    sentence = "Your seat goes to whoever waits and may have it."
    assert ("You keep the record of what you have done" in page, sentence in page) == (True, not has_begun)
