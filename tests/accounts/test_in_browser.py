"""Signing up, passkeys and profile in a real browser, under the site's own policy for scripts."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from tests.factories.accounts import PASSWORD, PersonFactory, editor, give_factor
from tests.factories.accounts import sign_in as session_of
from tests.services.browser import WIDTHS, assert_accessible, assert_no_sideways_scroll

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Open = Callable[..., BrowserContext]
Looks = list[tuple[str, str, str]]


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """Open a page and collect what its browser complains about, refusals by the policy for scripts included."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


# Those for signing in, signing up and resetting are looked at with the other pages of the site.
LOOKS = [("en", "light", "desktop"), ("ar", "dark", "phone")]
# Each language in the other's clothes too.
OTHER_LOOKS = [("en", "dark", "phone"), ("ar", "light", "desktop")]
# Each run opens every page in both languages; axe, which takes most of the time, examines one page in English and the
# next in Arabic, and only in the long run every page in both.
IN_LOOKS = pytest.mark.parametrize(
    ("looks", "in_turns"),
    [
        pytest.param(LOOKS, True, id="in turns"),
        pytest.param(LOOKS, False, id="usual", marks=pytest.mark.long),
        pytest.param(OTHER_LOOKS, False, id="other", marks=pytest.mark.long),
    ],
)
OPEN_PAGES = ["login/code", "deleted"]
OWN_PAGES = ["profile", "email", "password/change", "reauthenticate", "2fa", "sessions", "logout", "data", "delete"]
OWN_PAGES += ["2fa/totp/activate", "2fa/webauthn", "2fa/webauthn/add"]
FACTOR_PAGES = ["2fa/recovery-codes", "2fa/reauthenticate"]
KEY_PAGES = ["2fa/webauthn", "2fa/webauthn/reauthenticate"]
# What is made of the same parts is left to the long run; recovery codes shown once are but counted from then on.
PLAIN_PAGES = ["2fa", "2fa/totp/deactivate", "2fa/recovery-codes", "2fa/recovery-codes/generate"]
PLAIN_KEY_PAGES = ["2fa/webauthn/keys/{key}/edit", "2fa/webauthn/keys/{key}/remove"]


def wear(page: Page, scheme: Any, width: str) -> None:
    across, down = WIDTHS[width]
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": across, "height": down})


def look_at(page: Page, path: str, *, is_examined: bool) -> None:
    page.goto(path)
    # Whoever is not let in is led elsewhere.
    assert page.url.endswith(path)
    if is_examined:
        assert_accessible(page)
    assert_no_sideways_scroll(page)


def look_at_all(page: Page, paths: list[str], looks: Looks, *, in_turns: bool = False) -> None:
    for turn, (language, scheme, width) in enumerate(looks):
        wear(page, scheme, width)
        for number, path in enumerate(paths):
            is_examined = not in_turns or number % len(looks) == turn
            look_at(page, f"/{language}/account/{path}/", is_examined=is_examined)


def put_on(context: BrowserContext, live_server: Any, session: Client) -> None:
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": session.cookies[name].value, "url": live_server.url}])


def sign_in(page: Page, person: User, language: str = "en") -> None:
    page.goto(f"/{language}/account/login/")
    page.fill("[name=login]", person.email)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"**/{language}/my/")


@pytest.mark.parametrize("javascript", [True, False])
def test_somebody_signs_up_confirms_and_fills_in_the_profile(
    new_context: Open, mails: Callable[[], list], javascript: bool
) -> None:
    page = new_context(language="fr", timezone="America/Bogota", javascript=javascript).new_page()
    page.goto("/fr/account/signup/")
    if javascript:
        expect(page.locator("input[data-browser-zone]").first).to_have_value("America/Bogota")
    page.fill("[name=email]", "neu@city.example")
    page.fill("[name=password1]", PASSWORD)
    page.press("[name=password1]", "Enter")
    page.wait_for_url("**/fr/account/confirm-email/")
    page.fill("[name=code]", mails()[0].code)
    page.press("[name=code]", "Enter")
    page.wait_for_url("**/fr/my/")
    person = User.objects.get()
    assert (person.language, person.timezone) == ("fr", "America/Bogota" if javascript else "UTC")
    page.goto("/fr/account/profile/")
    page.fill("[name=display_name]", "  ")
    page.press("[name=display_name]", "Enter")
    page.wait_for_selector(".errors")
    if javascript:
        expect(page.locator(".errors")).to_be_focused()
    page.fill("[name=display_name]", "Neu Mann")
    page.select_option("[name=country]", "DE")
    page.press("[name=display_name]", "Enter")
    page.wait_for_selector(".message--success")
    person.refresh_from_db()
    assert (person.display_name, person.country) == ("Neu Mann", "DE")


def test_a_passkey_is_added_and_opens_the_admin(new_context: Open, live_server: Any) -> None:
    person = editor(display_name="Edna")
    context = new_context()
    page, complaints = watched(context)
    keys = context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    sign_in(page, person)
    page.goto("/admin/")
    page.wait_for_url("**/en/account/2fa/")
    page.goto("/en/account/2fa/webauthn/add/")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/en/account/2fa/webauthn/add/**")
    page.check("[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/en/account/2fa/recovery-codes/")
    assert Authenticator.objects.filter(user=person, type="webauthn").count() == 1
    look_at_all(page, KEY_PAGES, LOOKS)
    page.goto("/admin/")
    assert page.url == f"{live_server.url}/admin/"

    context.clear_cookies()
    page.goto("/en/account/login/")
    page.click("#passkey_login")
    page.wait_for_url("**/en/my/")
    page.goto("/admin/")
    assert page.url == f"{live_server.url}/admin/"
    assert [line for line in complaints if "Content Security Policy" in line or "webauthn" in line.lower()] == []


@IN_LOOKS
def test_pages_about_accounts_are_accessible(new_context: Open, live_server: Any, looks: Looks, in_turns: bool) -> None:
    context = new_context()
    page, complaints = watched(context)
    # In one window: what pages share is loaded once, and a person signs in once.
    look_at_all(page, OPEN_PAGES, looks, in_turns=in_turns)
    person = PersonFactory(display_name="Ana Lima")
    session = session_of(Client(), person, factor=False)
    session.post("/en/account/reauthenticate/", {"password": PASSWORD})
    put_on(context, live_server, session)
    look_at_all(page, OWN_PAGES, looks, in_turns=in_turns)
    page.goto("/ar/account/profile/")
    page.fill("[name=display_name]", "")
    page.press("[name=display_name]", "Enter")
    page.wait_for_selector(".errors")
    assert_accessible(page)
    give_factor(person)
    for look in looks:
        Authenticator.objects.filter(user=person, type=Authenticator.Type.RECOVERY_CODES).delete()
        RecoveryCodes.activate(person)
        look_at_all(page, FACTOR_PAGES, [look])
    assert [line for line in complaints if "422" not in line] == []


@pytest.mark.long
def test_pages_that_change_a_second_factor_are_accessible(new_context: Open, live_server: Any) -> None:
    person = PersonFactory(display_name="Ana Lima")
    session = session_of(Client(), person, factor=False)
    session.post("/en/account/reauthenticate/", {"password": PASSWORD})
    give_factor(person)
    RecoveryCodes.activate(person)
    key = Authenticator.objects.create(user=person, type="webauthn", data={"name": "<Blue> key"}).pk
    session.get("/en/account/2fa/recovery-codes/")
    context = new_context()
    put_on(context, live_server, session)
    paths = [*PLAIN_PAGES, *(path.format(key=key) for path in PLAIN_KEY_PAGES)]
    look_at_all(context.new_page(), paths, [*LOOKS, *OTHER_LOOKS])


@IN_LOOKS
def test_being_asked_to_sign_in_again_is_accessible(
    new_context: Open, live_server: Any, looks: Looks, in_turns: bool
) -> None:
    person = PersonFactory(password=None)
    session = session_of(Client(), person, factor=False)
    known = session.session
    # By a mailed code, and so long ago that it counts no more.
    known[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "code", "at": 0, "email": person.email}]
    known.save()
    context = new_context()
    put_on(context, live_server, session)
    page = context.new_page()
    look_at_all(page, ["delete"], looks, in_turns=in_turns)
    assert page.locator("form[action$='/account/logout/']").count() >= 1
