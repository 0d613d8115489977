"""The second factor: what opens the admin, what does not, and what takes it away."""

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.test import Client, override_settings

from accounts import services
from accounts.checks import allauth_alone_signs_in, second_factor_is_asked_for, second_factor_is_required
from core import clock
from tests.accounts.passkey import Passkey
from tests.factories.accounts import PASSWORD, PersonFactory, editor, give_factor, sign_in

# The clock stands: no code grows old between its showing and its sending, however slow the machine.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time")]

REAUTHENTICATE = "/en/account/2fa/reauthenticate/?next=%2Fadmin%2F"


def code_of(secret: str) -> str:
    """Return the code that an app with this secret shows now."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def code(authenticator: Authenticator) -> str:
    """Return the code that the person's app shows now."""
    return code_of(decrypt(authenticator.data["secret"]))


def post_password(client: Client, person, **more: str):
    """Sign in with the password, as the page does."""
    return client.post("/en/account/login/", {"login": person.email, "password": PASSWORD, **more})


def test_password_then_code_opens_the_admin(client: Client) -> None:
    person = editor()
    authenticator = give_factor(person)
    answer = post_password(client, person, next="/admin/")
    assert answer["Location"] == "/en/account/2fa/authenticate/"
    assert "_auth_user_id" not in client.session
    assert client.get("/admin/")["Location"] == "/_/sign-in/?next=/admin/"
    wrong = client.post("/en/account/2fa/authenticate/", {"code": "000000"})
    assert (wrong.status_code, "_auth_user_id" in client.session) == (422, False)
    right = client.post("/en/account/2fa/authenticate/", {"code": code(authenticator)})
    assert right["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_a_code_seen_over_a_shoulder_works_once(client: Client) -> None:
    person = editor()
    seen = code(give_factor(person))
    for number, expected in enumerate([302, 422]):
        visitor = Client()
        post_password(visitor, person)
        answer = visitor.post("/en/account/2fa/authenticate/", {"code": seen})
        assert answer.status_code == expected, number


def test_guessing_codes_is_stopped_per_person_wherever_the_guesses_come_from() -> None:
    person = editor()
    authenticator = give_factor(person)
    for number in range(5):
        visitor = Client(REMOTE_ADDR=f"192.0.2.{number}")
        post_password(visitor, person)
        visitor.post("/en/account/2fa/authenticate/", {"code": "000000"})
    visitor = Client(REMOTE_ADDR="192.0.2.99")
    post_password(visitor, person)
    answer = visitor.post("/en/account/2fa/authenticate/", {"code": code(authenticator)})
    assert answer.status_code == 422
    assert "_auth_user_id" not in visitor.session


def test_mailed_code_alone_does_not_replace_the_second_factor(client: Client, mails: Callable[[], list]) -> None:
    person = editor()
    give_factor(person)
    client.post("/en/account/login/code/", {"email": person.email})
    answer = client.post("/en/account/login/code/confirm/", {"code": mails()[0].code})
    assert answer["Location"] == "/en/account/2fa/authenticate/"
    assert "_auth_user_id" not in client.session


def test_a_new_password_by_mail_does_not_replace_the_second_factor(client: Client, mails: Callable[[], list]) -> None:
    person = editor()
    give_factor(person)
    client.post("/en/account/password/reset/", {"email": person.email})
    client.post("/en/account/password/reset/confirm/", {"code": mails()[0].code})
    new = {"password1": "another long passphrase", "password2": "another long passphrase"}
    assert client.post("/en/account/password/reset/complete/", new).status_code == 302
    answer = client.post("/en/account/login/", {"login": person.email, "password": "another long passphrase"})
    assert answer["Location"] == "/en/account/2fa/authenticate/"
    assert Authenticator.objects.filter(user=person).count() == 1


@pytest.mark.django_db(transaction=True)
def test_staff_without_a_factor_are_led_through_setting_one_up_into_the_admin(client: Client) -> None:
    person = editor()
    post_password(client, person)
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain == [("/en/account/2fa/", 302)]
    assert "Work of staff needs a second factor." in answer.content.decode()
    assert client.get("/en/account/2fa/totp/activate/")["Location"].startswith("/en/account/reauthenticate/")
    client.post("/en/account/reauthenticate/", {"password": PASSWORD})
    client.get("/en/account/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    answer = client.post("/en/account/2fa/totp/activate/", {"code": code_of(secret)})
    assert answer["Location"] == "/en/account/2fa/recovery-codes/"
    assert client.get("/admin/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_setting_one_up_ends_the_sessions_opened_without_it(client: Client) -> None:
    person = editor()
    elsewhere = Client()
    post_password(elsewhere, person)
    post_password(client, person)
    client.post("/en/account/reauthenticate/", {"password": PASSWORD})
    client.get("/en/account/2fa/totp/activate/")
    client.post("/en/account/2fa/totp/activate/", {"code": code_of(client.session["mfa.totp.secret"])})
    assert elsewhere.get("/en/account/profile/").status_code == 302
    assert client.get("/en/account/profile/").status_code == 200


def test_recovery_code_stands_in_for_a_lost_phone_once(client: Client) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    person = editor()
    give_factor(person)
    spare = RecoveryCodes.activate(person).get_unused_codes()[0]
    post_password(client, person)
    client.post("/en/account/2fa/authenticate/", {"code": spare})
    assert client.get("/admin/").status_code == 200
    other = Client()
    post_password(other, person)
    other.post("/en/account/2fa/authenticate/", {"code": spare})
    assert "_auth_user_id" not in other.session


def test_password_alone_cannot_switch_the_factor_off(client: Client) -> None:
    person = editor()
    authenticator = give_factor(person)
    sign_in(client, person, factor=False)
    for address in ("/en/account/2fa/totp/deactivate/", "/en/account/2fa/webauthn/add/"):
        for method in (client.get, client.post):
            assert method(address)["Location"].startswith("/en/account/2fa/reauthenticate/?next=")
    answer = client.post("/en/account/reauthenticate/", {"password": PASSWORD})
    assert answer["Location"] == "/en/account/2fa/reauthenticate/"
    client.post("/en/account/2fa/totp/deactivate/")
    assert list(Authenticator.objects.filter(user=person)) == [authenticator]
    assert client.get("/admin/")["Location"] == REAUTHENTICATE


def test_what_was_posted_when_the_factor_had_grown_old_is_not_lost(client: Client) -> None:
    person = editor(display_name="Before")
    authenticator = give_factor(person)
    with time_machine.travel(clock.now() - timedelta(seconds=settings.SECOND_FACTOR_LASTS + 60), tick=False):
        sign_in(client, person)
    data = {"person-display_name": "After", "person-language": "fr", "person-timezone": "Europe/Paris"}
    theme = {"theme-theme": "system", "theme-contrast": "system", "theme-density": "default"}
    answer = client.post("/admin/account/", {**data, **theme})
    assert answer["Location"] == "/en/account/2fa/reauthenticate/?next=%2Fadmin%2Faccount%2F"
    client.post(answer["Location"], {"code": code(authenticator)})
    person.refresh_from_db()
    assert person.display_name == "After"
    assert client.get("/admin/").status_code == 200


def test_a_factor_shown_in_another_persons_session_does_not_count(client: Client) -> None:
    sign_in(client, editor())
    session = client.session
    records = session["account_authentication_methods"]
    victim = PersonFactory(admin=True)
    give_factor(victim)
    client.force_login(victim)
    session = client.session
    session["account_authentication_methods"] = records
    session.save()
    assert client.get("/admin/")["Location"] == REAUTHENTICATE


def test_a_factor_taken_away_takes_its_sessions_with_it(client: Client) -> None:
    person = editor()
    sign_in(client, person)
    assert client.get("/admin/").status_code == 200
    Authenticator.objects.filter(user=person).delete()
    assert client.get("/admin/")["Location"] == "/en/account/2fa/"


@override_settings(SECOND_FACTOR_REQUIRED_FOR_STAFF=False)
def test_the_demo_lets_staff_in_with_a_password(client: Client) -> None:
    person = editor()
    assert post_password(client, person, next="/admin/")["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_people_below_the_admin_need_no_second_factor(client: Client) -> None:
    person = PersonFactory()
    assert post_password(client, person)["Location"] == "/en/my/"
    assert client.get("/en/account/profile/").status_code == 200


def test_secrets_are_not_readable_in_the_database(client: Client) -> None:
    person = editor()
    authenticator = give_factor(person)
    stored = authenticator.data["secret"]
    assert decrypt(stored) not in stored
    assert re.fullmatch(r"[A-Z2-7]{32}", decrypt(stored))
    old = settings.SECRET_KEY
    with override_settings(SECRET_KEY="n" * 64, SECRET_KEY_FALLBACKS=[old]):
        assert re.fullmatch(r"[A-Z2-7]{32}", decrypt(stored))
    with override_settings(SECRET_KEY="n" * 64):
        post_password(client, person)
        # The code of an empty secret, which anybody can compute, must not open the account either.
        answer = client.post("/en/account/2fa/authenticate/", {"code": code_of("")})
        assert (answer.status_code, "_auth_user_id" in client.session) == (422, False)


# Passkeys ------------------------------------------------------------------------------------------

LOCALHOST = {"SERVER_NAME": "localhost"}
ORIGIN = "http://localhost"


def options_of(page: str, key: str) -> dict:
    """Return the options that the page hands to the browser."""
    found = re.search(r'<script id="js_data" type="application/json">(.*?)</script>', page)
    assert found, page
    return json.loads(found[1])[key]


def enrol_passkey(client: Client, *, verifies: bool = True) -> tuple[Passkey, int]:
    """Add a passkey to the account signed in, as the page and a browser do; returns it and the answer's status."""
    client.post("/en/account/reauthenticate/", {"password": PASSWORD})
    page = client.get("/en/account/2fa/webauthn/add/").content.decode()
    key = Passkey(ORIGIN, verifies=verifies)
    credential = json.dumps(key.create(options_of(page, "creation_options")))
    data = {"name": "Laptop", "passwordless": "on", "credential": credential}
    return key, client.post("/en/account/2fa/webauthn/add/", data).status_code


def sign_in_by_passkey(client: Client, key: Passkey):
    """Sign in with a passkey alone, as the page's script does."""
    options = client.get("/en/account/2fa/webauthn/login/", headers={"accept": "application/json"}).json()
    credential = json.dumps(key.get(options["request_options"]))
    return client.post("/en/account/2fa/webauthn/login/", {"credential": credential})


def test_a_passkey_alone_counts_as_second_factor() -> None:
    person = editor()
    first = Client(**LOCALHOST)
    post_password(first, person)
    key, status = enrol_passkey(first)
    assert status == 302
    assert first.get("/admin/").status_code == 200

    client = Client(**LOCALHOST)
    answer = sign_in_by_passkey(client, key)
    assert answer["Location"] == "/en/my/"
    authenticator = Authenticator.objects.get(user=person, type=Authenticator.Type.WEBAUTHN)
    [record] = client.session["account_authentication_methods"]
    assert {**record, "at": 0} == {
        "method": "mfa",
        "at": 0,
        "id": authenticator.pk,
        "type": "webauthn",
        "passwordless": True,
    }
    assert client.get("/admin/").status_code == 200


def test_a_key_that_does_not_verify_its_owner_is_no_passkey() -> None:
    person = editor()
    client = Client(**LOCALHOST)
    post_password(client, person)
    _key, status = enrol_passkey(client, verifies=False)
    assert status == 422
    assert not Authenticator.objects.filter(user=person).exists()


def test_a_passkey_without_its_owner_opens_nothing() -> None:
    person = editor()
    first = Client(**LOCALHOST)
    post_password(first, person)
    key, _status = enrol_passkey(first)
    key.flags &= ~0x04
    client = Client(**LOCALHOST)
    assert sign_in_by_passkey(client, key)["Location"] == "/en/account/login/"
    assert "_auth_user_id" not in client.session


def test_a_passkey_of_a_closed_account_opens_nothing() -> None:
    person = editor()
    first = Client(**LOCALHOST)
    post_password(first, person)
    key, _status = enrol_passkey(first)
    services.set_active(person=person, active=False)
    client = Client(**LOCALHOST)
    assert sign_in_by_passkey(client, key)["Location"] == "/en/account/inactive/"
    assert "_auth_user_id" not in client.session


def test_an_answer_made_for_another_site_opens_nothing() -> None:
    person = editor()
    first = Client(**LOCALHOST)
    post_password(first, person)
    key, _status = enrol_passkey(first)
    key.origin = "https://evil.example"
    client = Client(**LOCALHOST)
    assert sign_in_by_passkey(client, key)["Location"] == "/en/account/login/"


def test_an_answer_recorded_earlier_opens_nothing() -> None:
    person = editor()
    first = Client(**LOCALHOST)
    post_password(first, person)
    key, _status = enrol_passkey(first)
    client = Client(**LOCALHOST)
    options = client.get("/en/account/2fa/webauthn/login/", headers={"accept": "application/json"}).json()
    recorded = {"credential": json.dumps(key.get(options["request_options"]))}
    assert client.post("/en/account/2fa/webauthn/login/", recorded)["Location"] == "/en/my/"
    other = Client(**LOCALHOST)
    other.get("/en/account/2fa/webauthn/login/", headers={"accept": "application/json"})
    assert other.post("/en/account/2fa/webauthn/login/", recorded)["Location"] == "/en/account/login/"


# Settings ------------------------------------------------------------------------------------------


def test_settings_that_relax_the_factor_outside_the_demo_are_refused() -> None:
    assert second_factor_is_required(None) == []
    with override_settings(SECOND_FACTOR_REQUIRED_FOR_STAFF=False, DEMO=True):
        assert second_factor_is_required(None) == []
    with override_settings(SECOND_FACTOR_REQUIRED_FOR_STAFF=False, DEMO=False):
        assert [error.id for error in second_factor_is_required(None)] == ["accounts.E001"]
    with override_settings(SECOND_FACTOR_REQUIRED_FOR_STAFF=False):
        del settings.DEMO
        assert [error.id for error in second_factor_is_required(None)] == ["accounts.E001"]


def test_settings_that_nobody_asks_for_the_factor_under_are_refused() -> None:
    ours = "accounts.middleware.SecondFactorMiddleware"
    others = [one for one in settings.MIDDLEWARE if one != ours]
    assert second_factor_is_asked_for(None) == []
    for order in (others, [ours, *others]):
        with override_settings(MIDDLEWARE=order):
            assert [error.id for error in second_factor_is_asked_for(None)] == ["accounts.E002"]


def test_settings_with_another_way_to_sign_in_are_refused() -> None:
    assert allauth_alone_signs_in(None) == []
    backends = [*settings.AUTHENTICATION_BACKENDS, "django.contrib.auth.backends.ModelBackend"]
    with override_settings(AUTHENTICATION_BACKENDS=backends):
        assert [error.id for error in allauth_alone_signs_in(None)] == ["accounts.E003"]
