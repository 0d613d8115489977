"""Asking to represent a city, listed or not: one open request, one proposal, coordinators told."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from core import clock
from mail.models import Message
from municipalities.errors import NotRepresentable
from municipalities.models import LocalGovernment, Membership
from municipalities.services import propose_local_government, represent
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory

pytestmark = pytest.mark.django_db


def asked(**fields):
    return represent(**{"person": PersonFactory(), "local_government_id": None, "role": "member", **fields})


def test_asking_notes_the_role_the_department_and_the_moment():
    city = make.local_government()
    person = PersonFactory()
    membership = asked(person=person, local_government_id=city.pk, role="coordinator", department="Klimat")
    kept = Membership.objects.get()
    assert kept == membership
    assert (kept.person, kept.local_government, kept.role, kept.department) == (person, city, "coordinator", "Klimat")
    assert (kept.state, kept.starts_on, kept.decided_at) == ("asked", None, None)
    assert clock.now() - kept.asked_at < timedelta(minutes=1)


def test_asking_twice_returns_what_is_open_as_it_is():
    city = make.local_government()
    person = PersonFactory()
    first = asked(person=person, local_government_id=city.pk, role="coordinator", department="Klimat")
    second = asked(person=person, local_government_id=city.pk, role="member", department="Trafik")
    assert second == first
    assert (second.role, second.department) == ("coordinator", "Klimat")
    assert Membership.objects.count() == 1


@pytest.mark.parametrize("state", ["declined", "ended"])
def test_asking_again_after_it_is_over_makes_a_new_request(state):
    old = make.membership(state=state)
    new = asked(person=old.person, local_government_id=old.local_government_id)
    old.refresh_from_db()
    assert (new != old, new.state, old.state) == (True, "asked", state)


def test_what_passed_its_last_day_is_ended_when_the_person_asks_again():
    today = clock.now().date()
    old = make.membership(ends_on=today - timedelta(days=1))
    new = asked(person=old.person, local_government_id=old.local_government_id)
    old.refresh_from_db()
    assert (old.state, old.ends_on, new.state) == ("ended", today - timedelta(days=1), "asked")


@pytest.mark.parametrize("standing", ["retired", None])
def test_what_is_not_listed_any_more_or_is_not_there_cannot_be_represented(standing):
    key = make.local_government(standing=standing).pk if standing else 0
    with pytest.raises(NotRepresentable):
        asked(local_government_id=key)
    assert not Membership.objects.exists()


def test_each_current_coordinator_is_told_of_a_colleague_and_nobody_else():
    city = make.local_government()
    first, second = make.coordinator(local_government=city), make.coordinator(local_government=city)
    make.membership(local_government=city)
    make.coordinator(local_government=city, state="ended")
    make.coordinator(local_government=city, state="asked")
    make.coordinator(local_government=city, ends_on=clock.now().date() - timedelta(days=1))
    make.coordinator(local_government=city, person=PersonFactory(is_active=False))
    make.coordinator()
    new = asked(local_government_id=city.pk)
    told = Message.objects.order_by("pk").values_list("kind", "to_address", "params")
    assert list(told) == [("membership-asked", one.person.email, {"membership": new.pk}) for one in (first, second)]


def test_a_proposal_is_kept_out_of_the_directory_and_asks_for_its_coordinator():
    person = PersonFactory()
    membership = propose_local_government(person=person, name="  Ny  köping ", country="se", department="Klimat")
    city = membership.local_government
    assert (city.name, city.country, city.standing, city.slug) == ("Ny köping", "SE", "pending", "ny-koping-se")
    assert (membership.role, membership.state, membership.department) == ("coordinator", "asked", "Klimat")
    assert not LocalGovernment.objects.listed().exists()


@pytest.mark.parametrize("name", ["oslo", "OSLO", "Ósló", "أوسلو"])
def test_a_city_of_that_name_in_that_country_is_taken_instead_of_a_second_one(name):
    city = make.local_government(name="Oslo", country="NO", names={"ar": "أوسلو"})
    assert propose_local_government(person=PersonFactory(), name=name, country="NO").local_government == city
    assert LocalGovernment.objects.count() == 1


@pytest.mark.parametrize(("name", "country", "standing"), [("Osl", "NO", "active"), ("Oslo", "SE", "active")])
def test_a_part_of_the_name_or_another_country_is_another_city(name, country, standing):
    city = make.local_government(name="Oslo", country="NO", standing=standing)
    assert propose_local_government(person=PersonFactory(), name=name, country=country).local_government != city


def test_two_proposals_of_one_name_share_one_record_and_a_refused_one_is_not_woken():
    first = propose_local_government(person=PersonFactory(), name="Nyköping", country="SE").local_government
    assert propose_local_government(person=PersonFactory(), name="nykoping", country="SE").local_government == first
    LocalGovernment.objects.update(standing="retired")
    again = propose_local_government(person=PersonFactory(), name="Nyköping", country="SE").local_government
    assert again != first
    assert again.slug.startswith("nykoping-se-")


def test_a_name_without_letters_for_an_address_still_gets_one():
    assert propose_local_government(person=PersonFactory(), name="東京", country="JP").local_government.slug == "jp"


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "approved", "starts_on": None},
        {"state": "approved", "decided_at": None},
        {"state": "declined", "decided_at": None},
        {"state": "ended", "ends_on": None},
        {"state": "asked", "decided_at": clock.now()},
        {"state": "approved", "ends_on": clock.now().date() - timedelta(days=8)},
        {"state": "lost"},
        {"role": "mayor"},
    ],
)
def test_the_database_refuses_what_contradicts_itself(fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        make.membership(**fields)


@pytest.mark.parametrize("states", [("asked", "asked"), ("asked", "approved"), ("approved", "approved")])
def test_the_database_keeps_one_open_membership_of_a_person_in_a_city(states):
    first = make.membership(state=states[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        make.membership(state=states[1], person=first.person, local_government=first.local_government)
