"""Limits on trying and on sending mail: for each person and each network, however the visitor spells or hides."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.accounts.test_entrance import CODE, RESET, SIGN_IN, SIGN_UP, sign_up
from tests.factories.accounts import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db

Mails = Callable[[], list]


def test_passwords_of_one_person_are_tried_five_times_from_wherever() -> None:
    PersonFactory(email="known@city.example")
    spellings = [
        "known@city.example",
        "KNOWN@city.example",
        " known@city.example",
        "Known@City.Example",
        "known@city.EXAMPLE",
    ]
    for number, spelling in enumerate(spellings):
        Client(REMOTE_ADDR=f"192.0.2.{number}").post(SIGN_IN, {"login": spelling, "password": "wrong passphrase"})
    answer = Client(REMOTE_ADDR="192.0.2.99").post(SIGN_IN, {"login": "known@city.example", "password": PASSWORD})
    assert "That was too often. Wait a while, then try again." in answer.content.decode()
    assert "_auth_user_id" not in answer.wsgi_request.session


def knock(client: Client, password: str = "short") -> int:
    """Try to sign up, with a password that is refused: that counts as any other try and makes nobody."""
    return client.post(SIGN_UP, {"email": "p@city.example", "password1": password}).status_code


def test_one_network_may_try_twenty_times_a_minute_whatever_it_claims_to_be() -> None:
    claims = ({"x-forwarded-for": f"198.51.100.{number}"} for number in range(21))
    # One that is accepted counts like those that are refused.
    answers = [
        knock(Client(REMOTE_ADDR="192.0.2.1", headers=headers), PASSWORD if number == 0 else "short")
        for number, headers in enumerate(claims)
    ]
    assert answers == [302] + [422] * 19 + [429]
    client = Client(REMOTE_ADDR="192.0.2.2")
    assert client.post(SIGN_UP, {"email": "else@city.example", "password1": PASSWORD}).status_code == 302


def test_behind_our_proxy_each_visitor_has_limits_of_their_own(settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def knock_as(claimed: str) -> int:
        return knock(Client(REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": claimed}))

    # What the visitor wrote before our proxy's own word changes nothing.
    assert [knock_as(f"203.0.113.{number}, 198.51.100.200") for number in range(21)] == [422] * 20 + [429]
    assert knock_as("203.0.113.20, 198.51.100.201") == 422


def test_a_network_of_ipv6_counts_as_one_visitor() -> None:
    answers = [knock(Client(REMOTE_ADDR=f"2001:db8:1:1::{number:x}")) for number in range(1, 22)]
    assert answers == [422] * 20 + [429]
    assert knock(Client(REMOTE_ADDR="2001:db8:1:2::1")) == 422


@pytest.mark.parametrize(("address", "refused"), [(CODE, 422), (RESET, 429)])
@pytest.mark.parametrize("email", ["known@city.example", "stranger@city.example"])
def test_nobodys_inbox_is_flooded_from_many_networks(mails: Mails, address: str, refused: int, email: str) -> None:
    PersonFactory(email="known@city.example")
    answers = [
        Client(REMOTE_ADDR=f"192.0.2.{number}").post(address, {"email": email}).status_code for number in range(5)
    ]
    assert answers == [302, 302, 302, refused, refused]
    assert len(mails()) == 3


@pytest.mark.parametrize(("address", "refused"), [(CODE, 422), (RESET, 429)])
def test_nobodys_inbox_is_flooded_by_spelling_their_domain_in_other_letters(
    mails: Mails, address: str, refused: int
) -> None:
    spellings = ["known@city.example", "known@ｃity.example", "known@c\u24d8ty.example", "known@ci\u00adty.example"]
    PersonFactory(email=spellings[0])
    answers = [Client().post(address, {"email": one}).status_code for one in spellings]
    assert answers == [302, 302, 302, refused]
    assert [mail.message.to_address for mail in mails()] == ["known@city.example"] * 3


@pytest.mark.parametrize(
    ("address", "door", "refused"),
    [(SIGN_UP, "signup", 429), (CODE, "request_login_code", 422), (RESET, "reset_password", 429)],
)
def test_one_network_makes_us_write_to_so_many_in_an_hour_and_no_more(
    settings: Any, mails: Mails, address: str, door: str, refused: int
) -> None:
    limits = settings.ACCOUNT_RATE_LIMITS
    settings.ACCOUNT_RATE_LIMITS = {**limits, door: ",".join(["3/h/ip", *limits[door].split(",")[2:]])}
    assert limits[door].split(",")[:2] == ["20/m/ip", "200/h/ip"]

    def ask(number: int) -> int:
        browser = Client(REMOTE_ADDR="192.0.2.1")
        return browser.post(address, {"email": f"s{number}@city.example", "password1": PASSWORD}).status_code

    assert [ask(number) for number in range(4)] == [302, 302, 302, refused]
    assert len(mails()) == 3


def test_signing_up_a_stranger_again_and_again_does_not_flood_them_either(mails: Mails) -> None:
    answers = [
        sign_up(Client(REMOTE_ADDR=f"192.0.2.{number}"), "stranger@city.example").status_code for number in range(3)
    ]
    assert answers == [302, 429, 429]
    assert len(mails()) == 1


@pytest.mark.parametrize("address", [SIGN_UP, CODE, RESET])
@pytest.mark.parametrize(
    "email", ["a@x\u00a8y.example", "a@x\u2024\u2024y.example", "a@[127.0.0.1]", "a@x\u200by.example"]
)
def test_an_address_that_no_mail_reaches_in_its_one_spelling_is_refused_in_words(
    mails: Mails, address: str, email: str
) -> None:
    answer = Client().post(address, {"email": email, "password1": PASSWORD})
    sent = [mail.message.to_address for mail in mails()]
    assert (answer.status_code, sent) in [(422, []), (302, ["a@xy.example"])]
