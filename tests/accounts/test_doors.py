"""Attacks on the doors: no address opens a session for a password alone, and none leads off the site."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import views as auth_views
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from accounts import roles
from accounts.views import doors
from tests.factories.accounts import PASSWORD, PersonFactory, editor, give_factor, sign_in

pytestmark = pytest.mark.django_db

LANGUAGES = ["en", "fr", "es", "pt", "ar"]
SIGN_IN_DOORS = [
    "/_/sign-in/",
    "/_util/login/",
    "/admin/login/",
    *(f"/{language}/_util/login/" for language in LANGUAGES),
]
RESET_DOORS = [
    "/admin/password_reset/",
    "/admin/password_reset/done/",
    "/admin/password_reset/confirm/MQ/abc-123/",
    "/admin/password_reset/complete/",
]
OFF_SITE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "http:///evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "/\t/evil.example/",
    "\x00//evil.example/",
    "http://testserver@evil.example/",
    "evil",
]


def credentials(person) -> dict[str, str]:
    """Return the right password under every name that a login form here or in Wagtail has."""
    return {"username": person.email, "login": person.email, "email": person.email, "password": PASSWORD}


def assert_nobody_signed_in(client: Client) -> None:
    assert "_auth_user_id" not in client.session
    assert not UserSession.objects.exists()
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("door", SIGN_IN_DOORS)
def test_right_password_posted_to_a_login_of_wagtail_opens_no_session(client: Client, door: str) -> None:
    person = editor()
    answer = client.post(door + "?next=/admin/", credentials(person))
    assert answer.status_code == 302
    assert urlsplit(answer["Location"]).path.endswith("/account/login/")
    assert_nobody_signed_in(client)


@pytest.mark.parametrize("door", SIGN_IN_DOORS)
def test_a_login_of_wagtail_leads_to_allauth_with_the_destination_alone(client: Client, door: str) -> None:
    answer = client.get(door, {"next": "/admin/pages/?p=2", "username": "a@b.example", "password": "x"})
    language = door.split("/")[1] if door.split("/")[1] in LANGUAGES else "en"
    assert answer.status_code == 302
    assert answer["Location"] == f"/{language}/account/login/?next=%2Fadmin%2Fpages%2F%3Fp%3D2"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("door", RESET_DOORS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_reset_of_the_admin_leads_to_allauth(client: Client, door: str, method: str, mailoutbox: list) -> None:
    person = editor()
    answer = getattr(client, method)(door, {"email": person.email})
    assert (answer.status_code, answer["Location"]) == (302, "/en/account/password/reset/")
    assert mailoutbox == []
    assert not Session.objects.filter(expire_date__isnull=False).exists()


@pytest.mark.parametrize("door", ["/_/sign-in/", "/admin/login/", "/en/_util/login/"])
def test_a_door_never_leads_off_the_site(client: Client, door: str) -> None:
    staff = sign_in(Client(), editor())
    for off_site in OFF_SITE:
        assert client.get(door, {"next": off_site})["Location"] == "/en/account/login/", off_site
        assert staff.get(door, {"next": off_site})["Location"] == "/en/my/", off_site


def test_sign_in_itself_never_leads_off_the_site() -> None:
    person = PersonFactory()
    for off_site in [one for one in OFF_SITE if one != "evil"]:
        data = {"login": person.email, "password": PASSWORD, "next": off_site}
        answer = Client().post("/en/account/login/", data)
        assert (answer.status_code, answer["Location"]) == (302, "/en/my/"), off_site


def test_the_language_follows_the_destination_then_the_person_then_the_browser(client: Client) -> None:
    arabic = {"accept-language": "ar"}
    assert client.get("/_/sign-in/", {"next": "/pt/private/"}, headers=arabic)["Location"].startswith("/pt/account/")
    assert client.get("/_/sign-in/", {"next": "/admin/"}, headers=arabic)["Location"].startswith("/ar/account/")
    sign_in(client, PersonFactory(language="fr"))
    assert '<html lang="fr"' in client.get("/_/sign-in/", {"next": "/admin/"}, headers=arabic).content.decode()


def test_somebody_without_the_right_is_told_so_instead_of_being_sent_in_circles(client: Client) -> None:
    sign_in(client, PersonFactory(display_name="Ana <b>Lima</b>"))
    answer = client.get("/admin/", follow=True)
    assert [url for url, _status in answer.redirect_chain] == ["/_/sign-in/?next=/admin/"]
    assert answer.status_code == 403
    page = answer.content.decode()
    assert (
        "You are signed in as <bdi>Ana &lt;b&gt;Lima&lt;/b&gt;</bdi>, and this account may not open that page." in page
    )
    assert 'value="/_/sign-in/?next=%2Fadmin%2F"' in page


def test_staff_who_are_signed_in_go_straight_on(client: Client) -> None:
    sign_in(client, editor())
    assert client.get("/_/sign-in/", {"next": "/admin/pages/"})["Location"] == "/admin/pages/"
    assert client.get("/_/sign-in/")["Location"] == "/en/my/"


def test_signing_out_of_the_admin_is_signing_out_everywhere_on_the_site(client: Client) -> None:
    sign_in(client, editor(), factor=False)
    assert client.get("/admin/logout/")["Location"] == "/en/account/logout/"
    assert "_auth_user_id" in client.session
    assert client.post("/admin/logout/")["Location"] == "/"
    assert "_auth_user_id" not in client.session


def test_sign_out_needs_the_token_of_the_page(person_client_with_csrf: Client) -> None:
    assert person_client_with_csrf.post("/admin/logout/").status_code == 403
    assert "_auth_user_id" in person_client_with_csrf.session


@pytest.fixture
def person_client_with_csrf() -> Client:
    """A member of staff whose browser sends no token."""
    return sign_in(Client(enforce_csrf_checks=True), editor())


def test_basic_authentication_and_remote_user_headers_open_nothing(client: Client) -> None:
    person = editor()
    basic = base64.b64encode(f"{person.email}:{PASSWORD}".encode()).decode()
    client.get("/admin/", headers={"authorization": f"Basic {basic}"}, REMOTE_USER=person.email)
    assert_nobody_signed_in(client)


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every address of the site with its pattern, language prefixes included."""
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, path)
        else:
            yield path, pattern


LOGIN_VIEWS = (
    auth_views.LoginView,
    auth_views.LogoutView,
    auth_views.PasswordResetView,
    auth_views.PasswordResetConfirmView,
    auth_views.PasswordChangeView,
)


def test_every_login_view_that_came_with_a_library_stands_behind_a_door_of_ours() -> None:
    behind = {
        path
        for path, pattern in patterns(get_resolver())
        if issubclass(getattr(pattern.callback, "view_class", type(None)), LOGIN_VIEWS)
    }
    assert sorted(behind) == [
        "admin/login/",
        "admin/logout/",
        "admin/password_reset/",
        "admin/password_reset/confirm/<uidb64>/<token>/",
        "en/_util/login/",
    ]
    ours = {doors.sign_in, doors.sign_out, doors.reset_password}
    for path in behind:
        concrete = "/" + path.replace("<uidb64>", "MQ").replace("<token>", "set-password")
        assert resolve(concrete).func in ours, concrete


def test_no_interface_for_programs_is_open() -> None:
    modules = {pattern.callback.__module__ for _path, pattern in patterns(get_resolver())}
    assert not [module for module in modules if module.startswith(("wagtail.api", "allauth.headless", "ninja"))]
    assert not [module for module in modules if module.startswith("django.contrib.admin")]


ADMIN_DOORS = [
    ("get", "/admin/"),
    ("get", "/admin/pages/1/edit/"),
    ("post", "/admin/pages/1/edit/"),
    ("post", "/admin/pages/1/edit/preview/"),
    ("get", "/admin/api/main/pages/"),
    ("get", "/admin/account/"),
    ("post", "/admin/account/"),
    ("get", "/admin/users/"),
    ("post", "/admin/users/new/"),
    ("get", "/admin/reports/site-history/"),
    ("post", "/admin/dismissibles/"),
    ("post", "/admin/editing-sessions/ping/wagtailcore/page/1/"),
    ("post", "/admin/block-preview/"),
    ("post", "/admin/images/multiple/add/"),
    ("get", "/admin/no-such-page/"),
    ("put", "/admin/"),
    ("delete", "/admin/pages/1/delete/"),
]


def test_a_session_without_a_second_factor_is_stopped_whatever_its_method(client: Client) -> None:
    sign_in(client, PersonFactory(admin=True), factor=False)
    for method, address in ADMIN_DOORS:
        forget_words(client)
        answer = getattr(client, method)(address)
        assert (answer.status_code, answer["Location"]) == (302, "/en/account/2fa/"), (method, address)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-requested-with": "XMLHttpRequest"},
        {"accept": "application/json"},
        {"sec-fetch-mode": "cors"},
        {"hx-request": "true"},
    ],
    ids=str,
)
def test_scripts_get_a_plain_refusal(client: Client, headers: dict[str, str]) -> None:
    sign_in(client, PersonFactory(admin=True), factor=False)
    for method, address in ADMIN_DOORS:
        assert getattr(client, method)(address, headers=headers).status_code == 403, (method, address)


def test_groups_are_stopped_as_administrators_are(client: Client) -> None:
    for group in roles.ROLES:
        person = PersonFactory(groups=[group])
        sign_in(client, person, factor=False)
        assert client.get("/admin/")["Location"] == "/en/account/2fa/"
        give_factor(person)
        assert client.get("/admin/")["Location"] == "/en/account/2fa/reauthenticate/?next=%2Fadmin%2F"


def concrete(path: str) -> str:
    """Return an address that a pattern below /admin/ takes, with 1 for every key and a word for every name."""
    path = re.sub(r"<uuid:\w+>", str(UUID(int=1)), path)
    path = re.sub(r"<(?:int:|path:)?(\w*(?:id|pk|page|parent|key|number|revision)\w*)>", "1", path)
    return "/" + re.sub(r"<[^>]+>", "x", path)


def admin_addresses() -> list[str]:
    """Return one address for every pattern below /admin/, those of apps that come later included."""
    found = {concrete(path) for path, _pattern in patterns(get_resolver()) if path.startswith("admin/")}
    plain = {address for address in found if not re.search(r"[\^$()\\]", address)}
    return sorted(plain - {"/admin/login/", "/admin/logout/"})


def forget_words(client: Client) -> None:
    """Drop what the last answer left to be said: hundreds of them would be read, added to and signed each time."""
    client.cookies.pop("messages", None)


def test_no_address_of_the_admin_answers_without_a_second_factor(client: Client) -> None:
    sign_in(client, PersonFactory(admin=True), factor=False)
    addresses = admin_addresses()
    assert len(addresses) > 150
    for address in addresses:
        if not address.startswith("/admin/password_reset/"):
            forget_words(client)
            answer = client.post(address)
            assert (answer.status_code, answer.get("Location")) == (302, "/en/account/2fa/"), address


# Sprite and translations of the interface are the same for everybody; the other two only show an error.
HARMLESS = {"/admin/sprite/", "/admin/jsi18n/", "/admin/test404/", "/admin/failwhale/"}


@pytest.mark.parametrize("who", ["a stranger", "somebody below the admin"])
def test_no_address_of_the_admin_answers_others(client: Client, who: str) -> None:
    if who != "a stranger":
        sign_in(client, PersonFactory())
    for address in admin_addresses():
        if address in HARMLESS or address.startswith("/admin/password_reset/"):
            continue
        forget_words(client)
        answer = client.get(address)
        assert answer.status_code in {302, 404, 405}, address
        assert answer.status_code != 302 or answer["Location"].startswith("/_/sign-in/?next="), address


def test_signing_in_and_failing_to_is_written_down_without_addresses(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    person = editor(email="secret@city.example")
    give_factor(person)
    with caplog.at_level("INFO", logger="accounts.security"):
        client.post("/en/account/login/", {"login": person.email, "password": "wrong passphrase"})
        client.post("/en/account/login/", {"login": person.email, "password": PASSWORD})
        client.post("/en/account/2fa/authenticate/", {"code": "000000"})
    lines = [record.getMessage() for record in caplog.records if record.name == "accounts.security"]
    mark = keyed("127.0.0.1/32")
    assert lines == [
        f"sign-in refused: wrong address or password from network {mark}",
        f"second factor refused: person {person.pk} from network {mark}",
    ]
    assert "secret@city.example" not in caplog.text
    assert "127.0.0.1" not in caplog.text


def keyed(network: str) -> str:
    """Return the mark of a network as the log has it: an HMAC under SECRET_KEY (RFC 2104), by hand."""
    key = hashlib.sha256(b"accounts.audit.network" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, network.encode(), hashlib.sha256).hexdigest()[:12]


def test_the_log_marks_attempts_of_one_network_alike_and_under_another_key_otherwise(
    client: Client, caplog: pytest.LogCaptureFixture, settings
) -> None:
    def marked(address: str) -> str:
        caplog.clear()
        with caplog.at_level("INFO", logger="accounts.security"):
            client.post("/en/account/login/", {"login": "a@city.example", "password": "wrong"}, REMOTE_ADDR=address)
        [line] = [record.getMessage() for record in caplog.records if record.name == "accounts.security"]
        assert address not in caplog.text
        return line.removeprefix("sign-in refused: wrong address or password from ")

    settings.SECRET_KEY = "one"
    home = marked("2001:db8::1")
    assert re.fullmatch("network [0-9a-f]{12}", home)
    assert (marked("2001:db8::2"), marked("2001:db8:0:1::1") == home) == (home, False)
    settings.SECRET_KEY = "two"
    assert marked("2001:db8::1") != home
