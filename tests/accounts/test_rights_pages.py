"""The pages on which people ask for a copy of their data or for the end of it: whom they let through, what they say."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from accounts.models import DataRequest, User
from tests.accounts.rights import DATA, DELETE, DOWNLOAD, ana_lima, consent, fresh, opened
from tests.factories import events as make
from tests.factories import learning, municipalities
from tests.factories.accounts import PASSWORD, PersonFactory, sign_in
from tests.factories.mail import ask

pytestmark = pytest.mark.django_db

THANKS = "Thank you. Press the button again to download."


@pytest.fixture
def ana() -> User:
    return ana_lima()


def test_downloading_needs_the_password_again(client, ana):
    answer = sign_in(client, ana, factor=False).post(DOWNLOAD)
    assert (answer.status_code, answer["Location"]) == (
        302,
        "/en/account/reauthenticate/?next=%2Fen%2Faccount%2Fdata%2F%3Fshown%3D1%23copy",
    )
    assert DataRequest.objects.count() == 0


def test_confirming_the_password_leads_back_to_the_button(client, ana):
    asked = sign_in(client, ana, factor=False).post(DOWNLOAD)["Location"]
    [back] = parse_qs(urlsplit(asked).query)["next"]
    # A link alone does not make the page thank anybody.
    assert THANKS not in client.get(back).content.decode()
    answer = client.post(asked, {"password": PASSWORD, "next": back})
    assert (answer.status_code, answer["Location"]) == (302, f"{DATA}?shown=1#copy")
    section = BeautifulSoup(client.get(back).content, "html.parser").select_one("section[aria-labelledby=copy]")
    assert section.select_one("[role=status]").get_text(" ", strip=True) == f"Note {THANKS}"
    answer = client.post(section.form["action"])
    assert opened(answer.content)[1]["kinds"][0]["rows"][0]["email"] == ana.email
    assert THANKS not in client.get(DATA).content.decode()


def test_a_link_cannot_make_a_browser_download_or_delete(client, ana):
    fresh(client, ana)
    assert client.get(DOWNLOAD).status_code == 405
    assert client.get(DELETE).status_code == 200
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(DELETE, {"address": ana.email}).status_code == 403
    assert User.objects.filter(pk=ana.pk).exists()


def test_a_session_left_open_deletes_nothing(client, ana):
    sign_in(client, ana, factor=False)
    for method in (client.get, client.post):
        assert method(DELETE, {"address": ana.email})["Location"].startswith("/en/account/reauthenticate/")
    assert User.objects.filter(pk=ana.pk).exists()


def test_an_old_session_opened_by_a_mailed_code_deletes_nothing(client, ana):
    ana.set_unusable_password()
    ana.save()
    sign_in(client, ana, factor=False)
    assert client.get(DELETE).status_code == 200
    session = client.session
    [record] = session["account_authentication_methods"]
    session["account_authentication_methods"] = [{**record, "at": record["at"] - 3600}]
    session.save()
    for answer in (client.get(DELETE), client.post(DELETE, {"address": ana.email}), client.post(DOWNLOAD)):
        assert answer.status_code == 403
        assert "Sign in again first" in answer.content.decode()
    assert User.objects.filter(pk=ana.pk).exists()


@pytest.mark.parametrize("typed", ["", "bo@city.example", "delete"])
def test_nothing_is_deleted_before_the_address_is_typed(client, ana, typed):
    PersonFactory(email="bo@city.example")
    answer = fresh(client, ana).post(DELETE, {"address": typed})
    assert answer.status_code == 422
    assert User.objects.filter(email__in=["ana@city.example", "bo@city.example"]).count() == 2


def test_strangers_are_sent_to_sign_in(client):
    for address in (DATA, DELETE):
        assert client.get(address)["Location"].startswith("/en/account/login/")
    assert client.post(DOWNLOAD)["Location"].startswith("/en/account/login/")


def test_the_page_tells_what_is_kept_and_for_how_long(client, ana):
    sign_in(client, ana, factor=False)
    page = client.get(DATA).content.decode()
    assert "Name, address, organisation and history of a registration are deleted 5 years after the event." in page
    assert "The words of a mail are deleted 90 days after sending it has ended." in page


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_costs_the_same_for_one_of_each_and_for_three(client, django_assert_num_queries, number):
    bo = PersonFactory(email="bo@example.org")
    for _ in range(number):
        make.registered(make.bare_event(), "Bo", email=bo.email, person=bo)
        consent(person=bo)
        ask(to=bo.email, person=bo)
        municipalities.membership(person=bo)
        learning.learner(learning.cohort(), "Bo")
    sign_in(client, bo, factor=False).get(DATA)
    with django_assert_num_queries(21):
        page = client.get(DATA).content.decode()
    assert re.findall(r"<dt><b>(.*?)</b> \((\d+)\)</dt>", page) == [
        ("Account", "1"),
        ("E-mail addresses", "1"),
        ("Consents", str(number)),
        # The two that registering and enrolling bring, and the one asked for above.
        ("Mails", str(3 * number)),
        ("Representing a city", str(number)),
        ("Registrations for events", str(number)),
        ("Courses", str(number)),
    ]


def test_the_page_of_deleting_says_what_stays(client, ana):
    page = fresh(client, ana).get(DELETE).content.decode()
    assert "That somebody from your country and type of organisation registered" in page
    assert "Calendar entries and mails that you have already stay with you." in page
