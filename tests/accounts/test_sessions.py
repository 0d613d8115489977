"""Sessions: a new key at sign-in, and an end when password, account or factor change."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import User
from accounts.tasks import tidy
from core import clock, valkey
from tests.factories.accounts import PASSWORD, PersonFactory, editor, sign_in

pytestmark = pytest.mark.django_db

SIGN_IN = "/en/account/login/"
MINE = "/en/account/profile/"
DEVICES = "/en/account/sessions/"
NEW = "another long passphrase"


def signed_in(person: User) -> Client:
    """Return a browser in which the person has signed in with the password."""
    client = Client()
    assert client.post(SIGN_IN, {"login": person.email, "password": PASSWORD}).status_code == 302
    assert client.get(MINE).status_code == 200
    return client


def is_in(client: Client) -> bool:
    """Tell whether this browser still reaches the person's own page."""
    return client.get(MINE).status_code == 200


def test_a_session_planted_before_sign_in_is_not_the_one_after(client: Client) -> None:
    client.get("/en/account/login/code/")
    session = client.session
    session["planted"] = "yes"
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    person = PersonFactory()
    client.post(SIGN_IN, {"login": person.email, "password": PASSWORD})
    after = client.session.session_key
    assert after != before
    thief = Client()
    thief.cookies["sessionid"] = before
    assert not is_in(thief)
    assert is_in(client)


def test_the_cookie_is_hidden_from_scripts_and_other_sites() -> None:
    cookie = signed_in(PersonFactory()).cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


def test_a_sign_out_that_the_cache_missed_holds_within_a_minute() -> None:
    client = signed_in(PersonFactory())
    [key] = valkey.client().keys("*cached_db*")
    copy = valkey.client().dump(key)
    client.post("/en/account/logout/")
    # As it would be had the server been away: the row is gone, the copy is not.
    valkey.client().restore(key, 60_000, copy, replace=True)
    thief = Client()
    thief.cookies["sessionid"] = key.decode().rpartition("cached_db")[2]
    assert is_in(thief)
    # What is read from there is not written back, so that it ends when it would have ended.
    assert 0 < valkey.client().ttl(key) <= 60
    valkey.client().delete(key)
    assert not is_in(thief)


def test_no_copy_of_a_session_outlives_a_minute() -> None:
    client = Client()
    client.post(SIGN_IN, {"login": PersonFactory(email="a@city.example").email, "password": PASSWORD, "remember": "on"})
    assert is_in(client)
    found = [valkey.client().ttl(key) for key in valkey.client().keys("*cached_db*")]
    assert [0 < seconds <= 60 for seconds in found] == [True]


def test_signing_in_without_asking_to_be_kept_ends_with_the_browser() -> None:
    person = PersonFactory()
    assert signed_in(person).cookies["sessionid"]["max-age"] == ""
    client = Client()
    client.post(SIGN_IN, {"login": person.email, "password": PASSWORD, "remember": "on"})
    assert client.cookies["sessionid"]["max-age"] == 14 * 24 * 3600


def test_changing_the_password_ends_the_other_sessions() -> None:
    person = PersonFactory()
    here, elsewhere = signed_in(person), signed_in(person)
    before = here.session.session_key
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert here.post("/en/account/password/change/", data).status_code == 302
    assert is_in(here)
    assert here.session.session_key != before
    assert not is_in(elsewhere)


def test_resetting_the_password_ends_every_session(mails) -> None:
    person = PersonFactory()
    elsewhere, visitor = signed_in(person), Client()
    visitor.post("/en/account/password/reset/", {"email": person.email})
    visitor.post("/en/account/password/reset/confirm/", {"code": mails()[-1].code})
    visitor.post("/en/account/password/reset/complete/", {"password1": NEW, "password2": NEW})
    assert not is_in(elsewhere)
    assert not is_in(visitor)
    assert mails()[-1].summary() == (person.email, "en", "You have a new password")


def test_the_page_of_devices_ends_the_others() -> None:
    person = PersonFactory()
    here, elsewhere = signed_in(person), signed_in(person)
    assert UserSession.objects.filter(user=person).count() == 2
    assert here.post("/en/account/sessions/").status_code == 302
    assert is_in(here)
    assert not is_in(elsewhere)
    assert UserSession.objects.get(user=person).session_key == here.session.session_key


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_of_devices_costs_the_same_for_one_and_for_three(django_assert_num_queries, number: int) -> None:
    person = PersonFactory()
    here, *_elsewhere = (signed_in(person) for _ in range(number))
    here.get(DEVICES)
    with django_assert_num_queries(6):
        page = here.get(DEVICES).content.decode()
    assert (page.count('class="rows__row"'), page.count("This device")) == (number, 1)


def test_the_page_of_devices_leaves_out_and_forgets_what_has_ended() -> None:
    person, other = PersonFactory(), PersonFactory()
    here, gone, expired, elsewhere = (signed_in(person) for _ in range(4))
    taken = signed_in(other).session
    taken[HASH_SESSION_KEY] = person.get_session_auth_hash()
    taken.save()
    Session.objects.filter(session_key=gone.session.session_key).delete()
    Session.objects.filter(session_key=expired.session.session_key).update(expire_date=timezone.now())
    UserSession.objects.filter(session_key=taken.session_key).update(user=person)
    forged = elsewhere.session
    forged[HASH_SESSION_KEY] = "that of a password since changed"
    forged.save()
    assert UserSession.objects.filter(user=person).count() == 5
    page = here.get(DEVICES).content.decode()
    assert (page.count('class="rows__row"'), "Sign out everywhere else" in page) == (1, False)
    assert [one.session_key for one in UserSession.objects.all()] == [here.session.session_key]


def test_who_is_not_signed_in_sees_no_devices(client: Client) -> None:
    assert client.get(DEVICES)["Location"] == f"/en/account/login/?next={DEVICES}"


def test_nobody_ends_another_persons_sessions() -> None:
    other = signed_in(PersonFactory())
    attacker = signed_in(PersonFactory())
    session = UserSession.objects.exclude(user__email="x").first()
    attacker.post("/en/account/sessions/", {"id": session.pk, "user": session.user_id, "sessions": session.pk})
    assert is_in(other)


def test_a_closed_account_is_dead_everywhere_and_stays_so(mails) -> None:
    person = editor(email="gone@city.example")
    browser = sign_in(Client(), person)
    assert browser.get("/admin/").status_code == 200
    services.set_active(person=person, active=False)
    assert browser.get("/admin/")["Location"] == "/_/sign-in/?next=/admin/"
    assert not is_in(browser)

    visitor = Client()
    answer = visitor.post(SIGN_IN, {"login": person.email, "password": PASSWORD})
    assert answer["Location"] == "/en/account/inactive/"
    visitor = Client()
    visitor.post("/en/account/login/code/", {"email": person.email})
    visitor.post("/en/account/password/reset/", {"email": person.email})
    assert {mail.summary()[2] for mail in mails()} == {"There is no account under this address"}

    services.set_active(person=person, active=True)
    assert not is_in(browser)


def test_closing_accounts_in_bulk_ends_their_sessions_for_good() -> None:
    person = PersonFactory()
    browser = signed_in(person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    User.objects.filter(pk=person.pk).update(is_active=True)
    assert not is_in(browser)


def test_a_session_half_way_through_the_second_factor_ends_with_the_account() -> None:
    person = editor()
    sign_in(Client(), person)
    half_way = Client()
    half_way.post(SIGN_IN, {"login": person.email, "password": PASSWORD})
    services.set_active(person=person, active=False)
    assert half_way.get("/en/account/2fa/authenticate/").status_code in {200, 302}
    half_way.post("/en/account/2fa/authenticate/", {"code": "000000"})
    assert "_auth_user_id" not in half_way.session


def test_taking_a_factor_away_ends_the_other_sessions() -> None:
    person = editor()
    here, elsewhere = sign_in(Client(), person), sign_in(Client(), person)
    session = here.session
    now = timezone.now().timestamp()
    session["account_authentication_methods"] = [
        *session["account_authentication_methods"],
        {"method": "mfa", "at": now, "id": Authenticator.objects.get().pk, "type": "totp", "reauthenticated": True},
    ]
    session.save()
    assert here.post("/en/account/2fa/totp/deactivate/").status_code == 302
    assert not Authenticator.objects.exists()
    assert is_in(here)
    assert not is_in(elsewhere)


def test_a_new_address_by_staff_ends_every_session_and_is_confirmed_at_the_next() -> None:
    person = PersonFactory(email="old@city.example")
    browser = signed_in(person)
    services.change_address(person=person, email="new@city.example")
    assert not is_in(browser)
    visitor = Client()
    assert visitor.post(SIGN_IN, {"login": "old@city.example", "password": PASSWORD}).status_code == 422
    answer = visitor.post(SIGN_IN, {"login": "new@city.example", "password": PASSWORD})
    assert answer["Location"] == "/en/account/confirm-email/"
    assert not EmailAddress.objects.get().verified


def test_sessions_whose_time_is_over_are_forgotten_and_others_stay() -> None:
    now = clock.now()
    for key, seconds in (("over", -1), ("open", 60)):
        Session.objects.create(session_key=key, session_data="", expire_date=now + timedelta(seconds=seconds))
    tidy()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["open"]
