"""The name that comes with somebody's first request: kept with the request or not at all, and never another's."""

from html import unescape

import pytest
from django.test import Client

from accounts.models import User
from municipalities import views
from municipalities.enums import Standing
from municipalities.errors import NotRepresentable
from municipalities.models import LocalGovernment, Membership
from municipalities.services import represent, representing
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, sign_in

pytestmark = pytest.mark.django_db

ADDRESSES = ("/en/cities/represent/oslo/", "/en/cities/represent/new/")
ASKED = {"role": "coordinator", "name": "Bergen", "country": "NO"}


def words(response) -> str:
    return unescape(response.content.decode())


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_has_no_name_gives_it_with_the_first_request_and_is_asked_no_more(client, address):
    make.local_government(slug="oslo")
    person = PersonFactory(display_name="")
    sign_in(client, person)
    assert 'name="own_name"' in words(client.get(address))
    refused = client.post(address, ASKED)
    assert (refused.status_code, "Enter your name." in words(refused)) == (422, True)
    assert not Membership.objects.exists()
    assert client.post(address, {**ASKED, "own_name": " Ana\u202e  Silva "}).status_code == 303
    assert Membership.objects.get().person.display_name == "Ana Silva"
    make.local_government(slug="bodo")
    assert 'name="own_name"' not in words(client.get("/en/cities/represent/bodo/"))


def nameless(client: Client) -> User:
    """Somebody signed in who has never given a name."""
    person = PersonFactory(display_name="")
    sign_in(client, person)
    return person


def test_a_refused_request_leaves_its_person_without_the_name_that_came_with_it(client, monkeypatch):
    def retired_first(**given: object) -> Membership:
        LocalGovernment.objects.update(standing=Standing.RETIRED)
        return represent(**given)

    make.local_government(slug="oslo")
    person = nameless(client)
    monkeypatch.setattr(views.representing, "represent", retired_first)
    answer = client.post(ADDRESSES[0], {**ASKED, "own_name": "Ana"})
    assert (answer.status_code, str(NotRepresentable()) in words(answer)) == (422, True)
    person.refresh_from_db()
    assert (person.display_name, Membership.objects.count()) == ("", 0)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_request_that_fails_midway_leaves_no_name_either(client, monkeypatch, address):
    make.local_government(slug="oslo")
    person = nameless(client)
    monkeypatch.setattr(representing.notices, "tell_coordinators", lambda asked, **due: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        client.post(address, {**ASKED, "own_name": "Ana"})
    person.refresh_from_db()
    assert (person.display_name, Membership.objects.count()) == ("", 0)


@pytest.mark.parametrize("address", ADDRESSES)
def test_giving_oneself_another_name_with_a_request(client, address):
    make.local_government(slug="oslo")
    person = PersonFactory()
    assert sign_in(client, person).post(address, {**ASKED, "own_name": "The Mayor"}).status_code == 303
    assert Membership.objects.get().person.display_name == person.display_name != "The Mayor"
