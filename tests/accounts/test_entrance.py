"""Signing up, signing in and resetting: the mails are right, the answers tell nobody who has an account."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import allauth
import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings as site
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.test import Client

from accounts import services
from accounts.letters import LETTERS
from accounts.models import User
from accounts.signals import address_verified
from core import clock
from core.services import purging
from mail.models import Message
from tests.factories.accounts import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db

Mails = Callable[[], list]
SIGN_UP = "/en/account/signup/"
SIGN_IN = "/en/account/login/"
CONFIRM = "/en/account/confirm-email/"
CODE = "/en/account/login/code/"
CODE_CONFIRM = "/en/account/login/code/confirm/"
RESET = "/en/account/password/reset/"
RESET_CONFIRM = "/en/account/password/reset/confirm/"
RESET_COMPLETE = "/en/account/password/reset/complete/"
# What differs from one rendering of the same page to the next.
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')


def sign_up(client: Client, email: str, *, language: str = "en", **more: str) -> Any:
    data = {"email": email, "password1": PASSWORD, **more}
    return client.post(f"/{language}/account/signup/", data)


@pytest.fixture
def heard() -> Any:
    """Whom the other apps were told about: (person's address, address verified)."""
    told: list[tuple[str, str]] = []

    def listen(*, person: User, address: str, **kwargs: Any) -> None:
        told.append((person.email, address))

    address_verified.connect(listen)
    yield told
    address_verified.disconnect(listen)


def test_signing_up_takes_language_and_zone_from_page_and_browser(client: Client, mails: Mails, heard: list) -> None:
    answer = sign_up(client, "Neu@City.Example", language="fr", timezone="Asia/Calcutta")
    assert answer["Location"] == "/fr/account/confirm-email/"
    person = User.objects.get()
    assert (person.email, person.language, person.timezone) == ("neu@city.example", "fr", "Asia/Kolkata")
    assert "_auth_user_id" not in client.session
    assert heard == []

    [mail] = mails()
    message = mail.message
    assert (message.to_address, message.language, message.person_id, message.kind) == (
        "neu@city.example",
        "fr",
        person.pk,
        "account",
    )
    assert (message.is_prepared, message.is_secret, message.state, message.stream) == (
        True,
        True,
        "queued",
        "transactional",
    )
    assert message.expires_at - message.created_at == pytest.approx(timedelta(minutes=15), abs=timedelta(seconds=2))
    assert mail.code in message.html
    assert mail.code not in message.subject

    answer = client.post("/fr/account/confirm-email/", {"code": mail.code})
    assert answer["Location"] == "/fr/my/"
    assert client.session["_auth_user_id"] == str(person.pk)
    assert EmailAddress.objects.get().verified
    assert person.__class__.objects.get().check_password(PASSWORD)
    assert set(heard) == {("neu@city.example", "neu@city.example")}
    assert [one.summary()[0] for one in mails()] == ["neu@city.example"]


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "Europe/Berlin\x00", "x" * 10_000])
def test_a_zone_that_is_none_is_left_aside(client: Client, zone: str) -> None:
    assert sign_up(client, "neu@city.example", timezone=zone).status_code == 302
    assert User.objects.get().timezone == "UTC"


def test_a_weak_password_is_refused_in_words_and_nothing_is_made(client: Client, mails: Mails) -> None:
    answer = client.post(SIGN_UP, {"email": "neu@city.example", "password1": "password1"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="neu@city.example"' in page
    assert "Write a password of at least 10 characters." in page
    assert not User.objects.exists()
    assert mails() == []


@pytest.mark.parametrize(
    "email", ["", "neu", "neu@city", "a" * 260 + "@city.example", "neu@city.example\r\nBcc: x@y.example"]
)
def test_what_is_no_address_is_refused(client: Client, mails: Mails, email: str) -> None:
    for address in (SIGN_UP, CODE, RESET):
        answer = client.post(address, {"email": email, "password1": PASSWORD})
        assert answer.status_code == 422
    assert not User.objects.exists()
    assert mails() == []


def visible(client: Client, answer: Any) -> tuple:
    """Return all that a visitor sees of an answer and of the page it leads to."""
    texts = [str(message) for message in get_messages(answer.wsgi_request)]
    page = client.get(answer["Location"]) if answer.status_code == 302 else answer
    return (
        answer.status_code,
        answer.get("Location"),
        texts,
        sorted(answer.headers),
        sorted(client.cookies),
        page.status_code,
        sorted(page.headers),
        TOKEN.sub("", page.content.decode()),
    )


JOURNEYS = {
    "sign up": [(SIGN_UP, {"password1": PASSWORD}), (CONFIRM, {"code": "AAAA-AAAA"}), (CONFIRM, {"action": "resend"})],
    "sign in": [(SIGN_IN, {"password": "not their passphrase"})],
    "code": [(CODE, {}), (CODE_CONFIRM, {"code": "AAAA-AAAA"}), (CODE_CONFIRM, {"action": "resend"})],
    "reset": [(RESET, {}), (RESET_CONFIRM, {"code": "AAAA-AAAA"}), (RESET_COMPLETE, {"password1": PASSWORD})],
}


@pytest.mark.parametrize("journey", JOURNEYS)
def test_nobody_learns_from_the_answers_who_has_an_account(journey: str) -> None:
    PersonFactory(email="known@city.example")
    PersonFactory(email="never@city.example", verified=False)
    PersonFactory(email="close@city.example", is_active=False)
    seen = []
    for email in ("fresh@city.example", "known@city.example", "never@city.example", "close@city.example"):
        cache.clear()
        client = Client()
        steps = []
        for moment, (address, data) in enumerate(JOURNEYS[journey]):
            with time_machine.travel(clock.now() + timedelta(minutes=moment), tick=True):
                answer = client.post(address, {"email": email, "login": email, **data})
                steps.append(visible(client, answer))
        seen.append(repr(steps).replace(email, "ADDRESS"))
    assert seen[1:] == [seen[0]] * 3


@pytest.mark.parametrize(("address", "hashed"), [(SIGN_UP, 1), (SIGN_IN, 1), (CODE, 0), (RESET, 0)])
def test_answers_hash_as_often_for_a_known_address_as_for_a_new_one(
    monkeypatch: pytest.MonkeyPatch, address: str, hashed: int
) -> None:
    PersonFactory(email="known@city.example")
    counted: list[str] = []
    encode = MD5PasswordHasher.encode

    def counting(self: MD5PasswordHasher, password: str, salt: str) -> str:
        counted.append(password)
        return encode(self, password, salt)

    # Hashing is what takes long: left out on one side, the time of the answer would tell. Counting is exact.
    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    for email in ("known@city.example", "fresh@city.example"):
        counted.clear()
        data = {"email": email, "login": email, "password": "not their passphrase", "password1": PASSWORD}
        Client().post(address, data)
        assert len(counted) == hashed, email


EXPECTED_MAILS = {
    (SIGN_UP, "known@city.example"): "You have an account already",
    (SIGN_UP, "fresh@city.example"): "Confirm your e-mail address",
    (CODE, "known@city.example"): "Your code to sign in",
    (CODE, "fresh@city.example"): "There is no account under this address",
    (RESET, "known@city.example"): "Choose a new password",
    (RESET, "fresh@city.example"): "There is no account under this address",
}


@pytest.mark.parametrize(("address", "email"), EXPECTED_MAILS)
def test_the_mail_alone_says_which_it_is(client: Client, mails: Mails, address: str, email: str) -> None:
    PersonFactory(email="known@city.example", language="en", display_name="Zoë <i>Ray</i>")
    client.post(address, {"email": email, "password1": PASSWORD})
    [mail] = mails()
    assert mail.summary() == (email, "en", EXPECTED_MAILS[address, email])
    assert "<i>" not in mail.message.html
    greeted = "Hello \u2068Zoë\u2069," in mail.message.text
    assert greeted == (email == "known@city.example")


def test_a_mail_is_in_the_persons_language_and_for_a_stranger_in_the_pages(mails: Mails) -> None:
    PersonFactory(email="known@city.example", language="ar")
    Client().post("/fr/account/login/code/", {"email": "KNOWN@city.example"})
    Client().post("/pt/account/login/code/", {"email": "stranger@city.example"})
    arabic, portuguese = mails()
    assert (arabic.message.language, portuguese.message.language) == ("ar", "pt")
    assert 'dir="rtl"' in arabic.message.html
    assert f"{site.BASE_URL}/pt/account/signup/" in portuguese.message.text


def test_a_code_opens_the_account_once(client: Client, mails: Mails) -> None:
    person = PersonFactory(email="known@city.example")
    client.post(CODE, {"email": "known@city.example"})
    code = mails()[0].code
    elsewhere = Client()
    elsewhere.post(CODE, {"email": "known@city.example"})
    assert elsewhere.post(CODE_CONFIRM, {"code": code}).status_code == 422
    assert "_auth_user_id" not in elsewhere.session
    assert client.post(CODE_CONFIRM, {"code": code})["Location"] == "/en/my/"
    assert client.session["_auth_user_id"] == str(person.pk)


def test_a_code_is_good_for_fifteen_minutes_and_three_tries(client: Client, mails: Mails) -> None:
    PersonFactory(email="known@city.example")
    client.post(CODE, {"email": "known@city.example"})
    code = mails()[0].code
    with time_machine.travel(clock.now() + timedelta(minutes=15, seconds=1), tick=True):
        assert client.post(CODE_CONFIRM, {"code": code})["Location"] == CODE
    client.post(CODE, {"email": "known@city.example"})
    code = mails()[1].code
    answers = [client.post(CODE_CONFIRM, {"code": "AAAA-AAAA"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [422, 422, 302]
    assert client.post(CODE_CONFIRM, {"code": code})["Location"] == CODE
    assert "_auth_user_id" not in client.session


# Taking over ---------------------------------------------------------------------------------------


def test_password_set_by_a_stranger_before_dies_when_the_owner_signs_in_by_code(client: Client, mails: Mails) -> None:
    stranger = Client()
    sign_up(stranger, "owner@city.example")
    client.post(CODE, {"email": "owner@city.example"})
    client.post(CODE_CONFIRM, {"code": mails()[-1].code})
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)
    assert not User.objects.get().has_usable_password()
    stranger.post(SIGN_IN, {"login": "owner@city.example", "password": PASSWORD})
    assert "_auth_user_id" not in stranger.session


def test_password_set_by_a_stranger_dies_as_soon_as_the_owner_confirms_a_reset(client: Client, mails: Mails) -> None:
    stranger = Client()
    sign_up(stranger, "owner@city.example")
    client.post(RESET, {"email": "owner@city.example"})
    client.post(RESET_CONFIRM, {"code": mails()[-1].code})
    stranger.post(SIGN_IN, {"login": "owner@city.example", "password": PASSWORD})
    assert "_auth_user_id" not in stranger.session


def test_a_password_stays_with_whoever_confirms_the_address_after_giving_it(client: Client, mails: Mails) -> None:
    sign_up(Client(), "owner@city.example")
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=True):
        answer = client.post(SIGN_IN, {"login": "owner@city.example", "password": PASSWORD})
        assert answer["Location"] == CONFIRM
        client.post(CONFIRM, {"code": mails()[-1].code})
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)
    assert User.objects.get().check_password(PASSWORD)


def test_sign_ups_that_nobody_confirms_are_forgotten(mails: Mails) -> None:
    sign_up(Client(), "old@city.example")
    by_staff = services.create_person(email="invited@city.example", verified=False)
    confirmed = PersonFactory()
    User.objects.update(date_joined=clock.now() - timedelta(days=8))
    sign_up(Client(), "young@city.example")
    purging.purge()
    kept = {by_staff.email, confirmed.email, "young@city.example"}
    assert set(User.objects.values_list("email", flat=True)) == kept
    assert Message.objects.filter(to_address="old@city.example", person=None).count() == 1


# Changing ------------------------------------------------------------------------------------------


def test_a_new_address_counts_once_confirmed_and_the_old_one_is_told(client: Client, mails: Mails, heard: list) -> None:
    person = PersonFactory(email="old@city.example", timezone="America/Bogota")
    with time_machine.travel("2026-12-01T14:00:00Z", tick=True):
        client.post(SIGN_IN, {"login": person.email, "password": PASSWORD})
        client.post("/en/account/reauthenticate/", {"password": PASSWORD})
        client.post("/en/account/email/", {"email": "new@city.example", "action_add": ""})
        person.refresh_from_db()
        assert person.email == "old@city.example"
        client.post(CONFIRM, {"code": mails()[-1].code})
    person.refresh_from_db()
    assert person.email == "new@city.example"
    assert list(EmailAddress.objects.values_list("email", "verified")) == [("new@city.example", True)]
    notice = mails()[-1]
    assert notice.summary() == ("old@city.example", "en", "Your e-mail address was changed")
    words = notice.message.text.replace("\u2068", "").replace("\u2069", "")
    assert (
        "You now sign in with new@city.example. This address, old@city.example, no longer opens the account." in words
    )
    assert "When: 1 December 2026, 09:00 (Bogota)\nNetwork address: 127.0.0.1\n" in words
    assert not notice.message.is_secret
    assert heard[-1] == ("new@city.example", "new@city.example")


def test_changing_to_an_address_of_somebody_else_tells_only_them(client: Client, mails: Mails) -> None:
    PersonFactory(email="taken@city.example")
    person = PersonFactory(email="mine@city.example")
    client.post(SIGN_IN, {"login": person.email, "password": PASSWORD})
    client.post("/en/account/reauthenticate/", {"password": PASSWORD})
    answer = client.post("/en/account/email/", {"email": "taken@city.example", "action_add": ""})
    assert answer["Location"] == CONFIRM
    assert [one.message.to_address for one in mails()] == ["taken@city.example"]
    person.refresh_from_db()
    assert person.email == "mine@city.example"


def test_every_letter_that_allauth_can_ask_for_is_written() -> None:
    root = Path(allauth.__file__).parent
    asked = set()
    for source in [*root.glob("account/**/*.py"), *root.glob("mfa/**/*.py")]:
        asked |= set(re.findall(r'"((?:account|mfa)/email/\w+)"', source.read_text()))
    unused_here = {"account/email/password_reset_key"}
    assert asked - unused_here == set(LETTERS) - {"invitation"}


@pytest.mark.parametrize("address", [SIGN_IN, SIGN_UP, CODE])
def test_the_entrance_asks_for_an_address_in_the_words_of_the_other_forms(client: Client, address: str) -> None:
    html = client.get(address).content.decode().partition("<main")[2].partition("</main")[0]
    assert re.findall(r"<label[^>]*>\s*(E[^<]*?)\s*</label>", html) == ["E-mail address"]
    assert "placeholder" not in html
