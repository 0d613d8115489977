"""Nothing of one visitor ever reaches another through the page cache."""

import threading
from collections.abc import Callable, Generator
from typing import Any

import pytest
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.test import Client
from django.utils.html import format_html
from wagtail import hooks
from wagtail.models import Page, PageViewRestriction

from core import valkey
from core.pagecache import store
from tests.factories import core as make
from tests.pages.models import PlainPage

pytestmark = pytest.mark.django_db

SECRET = "only-for-one"


@pytest.fixture
def page() -> Page:
    return make.child(make.site_root(), "one")


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the page answer with a view of the test's own."""

    def install(view: Callable[[HttpRequest], HttpResponse]) -> None:
        monkeypatch.setattr(PlainPage, "serve", lambda page, request, *args, **kwargs: view(request))

    return install


def keys() -> list[bytes]:
    store.local.clear()
    return list(valkey.client().scan_iter(f"{store.PREFIX}http*"))


def person(number: int) -> Client:
    user = get_user_model().objects.create_user(
        f"person{number}@gkec.example", "gkec-demo-2026", display_name=f"Person{number} Named", is_staff=True
    )
    user.is_superuser = True
    user.save()
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("model", make.page_types(), ids=lambda model: model.__name__)
def test_signed_in_people_neither_fill_nor_read_the_cache(model):
    make.any_page(model, make.site_root(), "shown")
    first, second = person(1), person(2)
    for client, other in ((first, second), (second, first)):
        answer = client.get("/en/shown/")
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "private"
        assert "ETag" not in answer
        assert b"wagtail-userbar" in answer.content
        assert other.session.session_key.encode() not in answer.content
    assert keys() == []
    anonymous = Client().get("/en/shown/")
    assert b"wagtail-userbar" not in anonymous.content
    assert b"Person" not in anonymous.content
    assert anonymous.cookies == {}
    assert len(keys()) == 1
    # A copy is there now, and still each gets their own.
    assert b"wagtail-userbar" in first.get("/en/shown/").content


VIEWS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "form token": lambda request: HttpResponse(get_token(request)),
    "session read": lambda request: HttpResponse(str(request.session.get("name"))),
    "session written": lambda request: HttpResponse(str(request.session.update({"name": SECRET}))),
    "user": lambda request: HttpResponse(str(request.user.is_authenticated)),
    "script nonce": lambda request: HttpResponse(str(request.csp_nonce)),
    "vary by cookie": lambda request: HttpResponse("x", headers={"Vary": "Cookie"}),
    "vary by language": lambda request: HttpResponse("x", headers={"Vary": "Accept-Language"}),
    "vary by anything": lambda request: HttpResponse("x", headers={"Vary": "*"}),
    "private": lambda request: HttpResponse("x", headers={"Cache-Control": "private"}),
    "no-store": lambda request: HttpResponse("x", headers={"Cache-Control": "max-age=0, no-store"}),
    "no-cache": lambda request: HttpResponse("x", headers={"Cache-Control": "No-Cache"}),
    "not found": lambda request: HttpResponse("x", status=404),
    "forbidden": lambda request: HttpResponse("x", status=403),
    "broken": lambda request: HttpResponse("x", status=500),
    "json": lambda request: HttpResponse("{}", content_type="application/json"),
    "download": lambda request: HttpResponse(b"x", content_type="application/pdf"),
    "too large": lambda request: HttpResponse(b"x" * (512 * 1024 + 1)),
    "encoded": lambda request: HttpResponse(b"x", headers={"Content-Encoding": "br"}),
}


def cookie_set(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("x")
    response.set_cookie("seen", SECRET)
    return response


def cookie_deleted(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("x")
    response.delete_cookie("seen")
    return response


def message_shown(request: HttpRequest) -> HttpResponse:
    messages.info(request, SECRET)
    return HttpResponse("".join(str(message) for message in messages.get_messages(request)))


VIEWS |= {"cookie set": cookie_set, "cookie deleted": cookie_deleted, "message shown": message_shown}


@pytest.mark.parametrize("name", VIEWS)
def test_an_answer_made_for_one_visitor_is_never_kept(page, answering, name):
    answering(VIEWS[name])
    Client().get("/en/one/")
    assert keys() == []


def test_the_same_page_without_anything_personal_is_kept(page, answering):
    answering(lambda request: HttpResponse("x"))
    Client().get("/en/one/")
    assert len(keys()) == 1


def test_a_streamed_answer_is_never_kept(page, answering):
    from django.http import StreamingHttpResponse

    answering(lambda request: StreamingHttpResponse([b"a", b"b"]))
    assert b"".join(Client().get("/en/one/").streaming_content) == b"ab"
    assert keys() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"hx_request": "true"},
        {"x_requested_with": "XMLHttpRequest"},
        {"authorization": "Bearer x"},
        {"range": "bytes=0-1"},
    ],
)
def test_headers_that_speak_for_one_visitor_pass_the_cache_by(page, headers, django_assert_num_queries):
    Client().get("/en/one/", headers=headers)
    assert keys() == []
    Client().get("/en/one/")
    assert "ETag" not in Client().get("/en/one/", headers=headers)


@pytest.mark.parametrize("name", [settings.SESSION_COOKIE_NAME, "messages"])
def test_a_visitor_with_a_cookie_of_their_own_passes_the_cache_by(page, name):
    Client().get("/en/one/")
    client = Client()
    client.cookies[name] = "anything"
    assert "ETag" not in client.get("/en/one/")


@pytest.mark.parametrize("name", [settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME])
def test_a_visitor_with_a_harmless_cookie_reads_and_fills_the_cache(page, name):
    client = Client()
    client.cookies[name] = "a" * 32
    answer = client.get("/en/one/")
    assert answer["ETag"]
    assert len(keys()) == 1
    assert b"a" * 32 not in answer.content


def test_a_cookie_that_nobody_knows_never_shapes_the_copy(page, answering):
    answering(lambda request: HttpResponse(request.COOKIES.get("campaign", "none")))
    client = Client()
    client.cookies["campaign"] = SECRET
    assert client.get("/en/one/").content == SECRET.encode()
    assert keys() == []
    assert Client().get("/en/one/").content == b"none"


def test_a_waiting_message_is_shown_to_its_visitor_only(page):
    client = Client()
    add_message(client, SECRET)
    answer = client.get("/en/one/")
    assert SECRET.encode() in answer.content
    assert SECRET.encode() not in Client().get("/en/one/").content
    assert all(SECRET.encode() not in (valkey.client().get(key) or b"") for key in keys())


def add_message(client: Client, words: str) -> None:
    from django.contrib.messages.storage.cookie import CookieStorage
    from django.test import RequestFactory

    request, response = RequestFactory().get("/"), HttpResponse()
    storage = CookieStorage(request)
    storage.add(messages.INFO, words)
    storage.update(response)
    client.cookies["messages"] = response.cookies["messages"].value


def test_a_private_page_is_never_kept_for_anyone(page):
    restriction = PageViewRestriction.objects.create(
        page=page, restriction_type=PageViewRestriction.PASSWORD, password="open sesame"
    )
    client = Client()
    form = {"password": "open sesame", "return_url": "/en/one/"}
    client.post(f"/en/_util/authenticate_with_password/{restriction.pk}/{page.pk}/", form)
    assert b"<h1>One</h1>" in client.get("/en/one/").content
    assert b"<h1>One</h1>" not in Client().get("/en/one/").content
    assert keys() == []


def test_an_alias_and_a_hook_that_answers_itself_are_never_kept(page):
    page.create_alias(update_slug="again")
    assert Client().get("/en/again/").status_code == 200

    def answer(page: Page, request: HttpRequest, args: list, kwargs: dict) -> HttpResponse:
        return HttpResponse(format_html("For {}", request.META["REMOTE_ADDR"]))

    with hooks.register_temporarily("before_serve_page", answer):
        assert Client().get("/en/one/").content == b"For 127.0.0.1"
    assert keys() == []


def test_a_preview_is_never_kept_and_never_answered_from_the_cache(page):
    Client().get("/en/one/")
    page.title = "Not yet"
    answer = page.make_preview_request()
    assert b"<h1>Not yet</h1>" in answer.content
    assert "ETag" not in answer
    assert len(keys()) == 1
    assert b"Not yet" not in Client().get("/en/one/").content


# The race between rendering and purging -----------------------------------------------------------


@pytest.fixture
def slow_page(page: Page, answering: Callable[..., None]) -> Generator[dict[str, Any]]:
    """A page whose rendering waits, after it has read its data, until the test lets it go on."""
    state: dict[str, Any] = {"text": "old", "has_read": threading.Event(), "go_on": threading.Event()}

    def view(request: HttpRequest) -> HttpResponse:
        text = state["text"]
        state["has_read"].set()
        assert state["go_on"].wait(10)
        return HttpResponse(text)

    answering(view)
    yield state
    state["go_on"].set()


def change_during_rendering(state: dict[str, Any], client: Client) -> None:
    """Change and purge the page while somebody else's request has read the old text but not yet kept it."""
    from core.pagecache.purging import purge_now

    def meanwhile() -> None:
        assert state["has_read"].wait(10)
        state["text"] = "new"
        purge_now(("site",))
        state["go_on"].set()

    changing = threading.Thread(target=meanwhile)
    changing.start()
    assert client.get("/en/one/").content == b"old"
    changing.join()


def test_a_page_purged_while_it_is_rendered_is_not_kept(slow_page):
    change_during_rendering(slow_page, Client())
    assert keys() == []
    assert Client().get("/en/one/").content == b"new"


def test_without_the_epoch_the_purged_page_would_be_kept(slow_page, monkeypatch):
    """The negative control: the test above finds what it looks for."""
    careless = store.WRITE.partition("\n")[2].partition("\n")[2]
    monkeypatch.setattr(store, "WRITE", "\n" + careless)
    change_during_rendering(slow_page, Client())
    assert len(keys()) == 1
    assert Client().get("/en/one/").content == b"old"
