"""The pages of signing in look like the site: its components, one heading, labels, no markup left open."""

import re
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from accounts.admin.forms import PersonCreationForm
from accounts.admin.personal_data import EraseForm, FindForm
from accounts.forms import ProfileForm
from accounts.stockforms import EditWebAuthnForm
from tests.core.test_components import problems_of
from tests.factories.accounts import PASSWORD, PersonFactory, give_factor, sign_in

PAGES = ["account_login", "account_signup", "account_reset_password", "account_request_login_code"]


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_every_field_has_its_label(client, name, language):
    with override(language):
        address = reverse(name)
    html = client.get(address).content.decode()

    assert problems_of(html) == []
    assert html.count("<h1") == 1
    fields = re.findall(r'<input(?![^>]*type="(?:hidden|search)")[^>]*\sid="([^"]+)"', html)
    assert fields
    assert [field for field in fields if f'for="{field}"' not in html] == []


@pytest.mark.django_db
def test_a_refused_sign_in_says_so_once_above_the_form(client):
    response = client.post("/en/account/login/", {"login": "nobody@gkec.example", "password": "wrong"})
    html = response.content.decode()

    assert response.status_code == 422
    assert html.count('class="errors"') == 1
    assert 'value="nobody@gkec.example"' in html
    assert problems_of(html) == []


NO_ADDRESS, NO_PASSWORD = "Write your e-mail address.", "Type your password."
NO_NEW, NO_CODE = "Type the new password.", "Type the code that we sent you."


def said_of_nothing(client, rest: str, **typed: str) -> list[str]:
    """Return what a page below the account's says of its fields when it is sent empty."""
    html = client.post(f"/en/account/{rest}/", typed).content.decode()
    return re.findall(r'<div class="field__error"[^>]*>(.*?)</div>', html)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rest", "sentences"),
    [
        ("login", [NO_ADDRESS, NO_PASSWORD]),
        ("signup", [NO_ADDRESS, NO_PASSWORD]),
        ("login/code", [NO_ADDRESS]),
        ("password/reset", [NO_ADDRESS]),
    ],
)
def test_a_form_sent_empty_says_for_each_field_what_to_do(client, rest, sentences):
    assert said_of_nothing(client, rest) == sentences


REFUSED = {
    "short": "Zk7!pw",
    "similar": "marisol.vega1",
    "common": "1q2w3e4r5t6y",
    "numeric": "83920571645",
}
# What they say in English, in the order above: no other language may say one of these.
ENGLISH = [
    "Write a password of at least 10 characters.",
    "This password is too similar to your e-mail address.",
    "This password is too common.",
    "This password is entirely numeric.",
]


def said_of_passwords(client, language: str) -> list[str]:
    """Return what the page of signing up says of each password above, in their order."""
    said = []
    for password in REFUSED.values():
        typed = {"email": "marisol.vega@city.example", "password1": password}
        html = client.post(f"/{language}/account/signup/", typed).content.decode()
        said += re.findall(r'<div class="field__error"[^>]*>(.*?)</div>', html)
    return said


@pytest.mark.django_db
def test_each_weak_password_is_refused_in_one_sentence(client):
    assert said_of_passwords(client, "en") == ENGLISH


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["fr", "es", "pt", "ar"])
def test_a_weak_password_is_refused_in_the_language_of_the_page(client, language):
    said = said_of_passwords(client, language)
    assert len(set(said)) == len(ENGLISH)
    assert [sentence for sentence in said if sentence in ENGLISH or "This password" in sentence] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("display_name", "This password is too similar to your name."),
        ("organisation", "This password is too similar to the name of your organisation."),
    ],
)
def test_a_password_like_what_others_know_of_the_person_is_refused_and_says_which(client, field, sentence):
    sign_in(client, PersonFactory(email="ana@city.example", **{field: "Marisol Vegamonte"}), factor=False)
    typed = {"oldpassword": PASSWORD, "password1": "marisolvegamonte", "password2": "marisolvegamonte"}
    assert sentence in said_of_nothing(client, "password/change", **typed)


@pytest.mark.django_db
def test_a_refused_sign_in_speaks_of_the_address_as_its_label_does(client):
    html = client.post("/en/account/login/", {"login": "nobody@gkec.example", "password": "wrong"}).content.decode()
    assert "The e-mail address or the password is not right." in html


@pytest.mark.django_db
def test_pages_of_the_account_sent_empty_say_for_each_field_what_to_do(client):
    sign_in(client, PersonFactory(), factor=False)
    assert said_of_nothing(client, "password/change") == [NO_PASSWORD, NO_NEW, NO_NEW]
    assert said_of_nothing(client, "reauthenticate") == [NO_PASSWORD]
    client.post("/en/account/reauthenticate/", {"password": PASSWORD})
    assert said_of_nothing(client, "2fa/totp/activate") == ["Type the code that the app shows."]
    without = PersonFactory()
    without.set_unusable_password()
    without.save()
    sign_in(client, without)
    assert said_of_nothing(client, "password/set") == [NO_NEW, NO_NEW]
    assert said_of_nothing(client, "2fa/reauthenticate") == [
        "Type a code from your authenticator app, or a recovery code."
    ]
    assert EditWebAuthnForm({}, instance=Authenticator(type="webauthn", data={"name": "Key"})).errors == {
        "name": ["Write a name for this key."]
    }


@pytest.mark.django_db
def test_a_new_address_left_empty_is_asked_for(client):
    sign_in(client, PersonFactory(), factor=False)
    html = client.post("/en/account/email/", {"action_add": "1", "email": ""}).content.decode()
    assert re.findall(r'<div class="field__error"[^>]*>(.*?)</div>', html) == [NO_ADDRESS]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["no address", "a" * 10_000 + "@city.example"])
@pytest.mark.parametrize(
    ("path", "field"),
    [("signup/", "email"), ("login/", "login"), ("password/reset/", "email"), ("login/code/", "email")],
)
def test_what_is_no_address_gets_the_one_sentence_of_all_forms(client, path, field, address):
    html = client.post(f"/en/account/{path}", {field: address, "password": PASSWORD, "password1": PASSWORD}).content
    said = re.findall(r'<div class="field__error"[^>]*>(.*?)</div>', html.decode())
    assert said == ["Write an e-mail address, such as name@example.org."]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["ana@[127.0.0.1]", "ana@[::1]"])
def test_nobody_signs_up_or_is_added_with_the_number_of_a_machine_for_a_domain(client, address):
    sentence = "Write an e-mail address, such as name@example.org."
    html = client.post("/en/account/signup/", {"email": address, "password1": PASSWORD}).content.decode()
    assert re.findall(r'<div class="field__error"[^>]*>(.*?)</div>', html) == [sentence]
    added = PersonCreationForm({"email": address}, actor=PersonFactory(admin=True))
    assert added.errors["email"] == [sentence]


@pytest.mark.django_db
@pytest.mark.parametrize("change", [True, False])
def test_every_form_calls_an_address_the_same(client, settings, change):
    settings.ACCOUNT_CHANGE_EMAIL = change
    reset = client.get("/en/account/password/reset/").content.decode()
    sign_in(client, PersonFactory(), factor=False)
    for html in (reset, client.get("/en/account/email/").content.decode()):
        main = html.partition("<main")[2].partition("</main")[0]
        assert re.findall(r"<label[^>]*>\s*(E[^<]*?)\s*</label>", main) == ["E-mail address"]
        assert "placeholder" not in main


@pytest.mark.django_db
def test_a_code_left_empty_is_asked_for(client, mails):
    person = PersonFactory()
    give_factor(person)
    client.post("/en/account/login/code/", {"email": person.email})
    assert said_of_nothing(client, "login/code/confirm") == [NO_CODE]
    client.post("/en/account/password/reset/", {"email": person.email})
    assert said_of_nothing(client, "password/reset/confirm") == [NO_CODE]
    client.post("/en/account/password/reset/confirm/", {"code": mails()[-1].code})
    assert said_of_nothing(client, "password/reset/complete") == [NO_NEW, NO_NEW]
    other = Client()
    other.post("/en/account/login/", {"login": person.email, "password": PASSWORD})
    assert said_of_nothing(other, "2fa/authenticate", code="") == [
        "Type the code that your authenticator app shows, or one of your recovery codes."
    ]


@pytest.mark.django_db
def test_the_code_of_a_sign_up_left_empty_is_asked_for(client):
    client.post("/en/account/signup/", {"email": "new@city.example", "password1": PASSWORD})
    assert said_of_nothing(client, "confirm-email") == [NO_CODE]


@pytest.mark.django_db
def test_the_code_of_an_app_is_called_as_every_other_code_and_said_once(client):
    """allauth calls it otherwise, which is another word still in Arabic."""
    other = Client()
    other.post("/en/account/signup/", {"email": "new@city.example", "password1": PASSWORD})
    sign_in(client, PersonFactory(), factor=False)
    client.post("/en/account/reauthenticate/", {"password": PASSWORD})
    for html in (
        other.get("/en/account/confirm-email/").content.decode(),
        client.get("/en/account/2fa/totp/activate/").content.decode(),
    ):
        main = html.partition("<main")[2].partition("</main")[0]
        assert re.findall(r'<label[^>]*for="id_code"[^>]*>\s*([^<]*?)\s*</label>', main) == ["Code"]
        assert "placeholder" not in main


@pytest.mark.django_db
def test_a_form_about_people_sent_empty_says_for_each_field_what_to_do():
    staff = PersonFactory(admin=True)
    language, zone = "Choose one of the languages in the list.", "Choose one of the time zones in the list."
    address, other = (
        "Write an e-mail address, such as name@example.org.",
        "This is not the address that you searched for.",
    )
    said = {
        ProfileForm({}, person=staff): {
            "display_name": ["Enter your name."],
            "language": [language],
            "timezone": [zone],
        },
        PersonCreationForm({}, actor=staff): {
            "email": [address],
            "display_name": ["Write a name of at most 120 characters."],
            "language": [language],
            "timezone": [zone],
        },
        FindForm({}): {"email": [address]},
        EraseForm({"email": "ana@city.example"}): {
            "ground": ["Choose one of the entries in the list."],
            "again": [address, other],
        },
    }
    for form, expected in said.items():
        assert form.errors == expected


NO_SCRIPT = "Keys need JavaScript. The other ways work without it."


@pytest.mark.django_db
def test_without_a_script_the_page_says_beside_the_passkey_what_it_needs(client):
    html = client.get("/en/account/login/").content.decode()
    other = html.partition('<div class="entrance__other">')[2].partition("</div>")[0]
    assert re.search(r'<button class="[^"]*\bbutton--scripted\b[^"]*" form="mfa_login" id="passkey_login">', other)
    assert f'<noscript><p class="message message--warning">{NO_SCRIPT}</p></noscript>' in other
    assert html.count(NO_SCRIPT) == 1
    css = re.sub(r"\s+", "", finders_text("css/components/button.css"))
    assert "@media(scripting:none){.button--scripted{display:none;}}" in css


def finders_text(name: str) -> str:
    return Path(finders.find(name)).read_text("utf-8")
