"""Finding pages our way gives what Wagtail's own way gives, in fewer statements."""

import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import pytest
import redis
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import translation
from wagtail import hooks
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page, PageViewRestriction, Site, get_page_models

from core import epochs, routing
from core.pagecache.middleware import PageCacheMiddleware
from core.routing import fetching
from core.routing.route import STATEMENT
from tests.core.stock_urls import WANTED, stock_routing
from tests.factories import core as make
from tests.pages.models import ListPage, RoutedPage

pytestmark = pytest.mark.django_db

LANGUAGES = ("en", "fr", "ar")
PATHS = (
    "",
    "open/",
    "open/leaf/",
    "open/draft/",
    "open/draft/below-draft/",
    "open/unpublished/",
    "open/alias/",
    "secret/",
    "secret/leaf/",
    "members/",
    "members/leaf/",
    "group/",
    "group/leaf/",
    "routed/",
    "routed/archive/",
    "routed/2026/",
    "routed/leaf/",
    "routed/leaf/below/",
    "routed/nothing/",
    "list/",
    "moved/",
    "moved-to-page/",
    "nothing/",
    "open/nothing/",
    "open/leaf/nothing/at/all/",
    "start/",
)
# What each page of a table has for itself.
DIFFERENT = ("path", "url_path", "translation_key")
CACHELESS = [
    f"{stock_routing.__module__}.{stock_routing.__name__}",
    *(name for name in settings.MIDDLEWARE if not name.endswith(PageCacheMiddleware.__name__)),
]
STOCK = {WANTED: "yes"}


@dataclass(frozen=True)
class Answer:
    """What a visitor, a proxy and Wagtail's hooks see of one request."""

    status: int
    location: str | None
    cache_control: str | None
    content: bytes
    served: tuple[tuple[int, str], ...]


@pytest.fixture(scope="module")
def keys(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[dict[str, int]]:
    """Make a tree with one of everything, in English; French lacks some, Arabic has no home page."""
    with made_once():
        home = make.site_root()
        pages = {"home": home}
        for slug in ("open", "secret", "members", "group"):
            pages[slug] = make.child(home, slug)
            pages[f"{slug}/leaf"] = make.child(pages[slug], "leaf")
        pages["draft"] = make.child(pages["open"], "draft", live=False)
        make.child(pages["draft"], "below-draft")
        make.child(pages["open"], "unpublished").unpublish()
        pages["routed"] = make.child(home, "routed", RoutedPage)
        pages["routed/leaf"] = make.child(pages["routed"], "leaf")
        make.child(pages["routed/leaf"], "below")
        # Stands where the routable page has a route: the route wins, as in Wagtail.
        make.child(pages["routed"], "archive")
        make.child(home, "list", ListPage)
        pages["open/leaf"].create_alias(update_slug="alias")
        Redirect.objects.create(old_path="/en/moved", redirect_link="/en/open/", is_permanent=True)
        Redirect.objects.create(old_path="/fr/moved-to-page", redirect_page=pages["open"], is_permanent=False)
        restrict(pages["secret"], PageViewRestriction.PASSWORD, password="open sesame")
        restrict(pages["members"], PageViewRestriction.LOGIN)
        restrict(pages["group"], PageViewRestriction.GROUPS)
        make.translated(home, "fr", title="Accueil")
        french = {slug: make.translated(pages[slug], "fr", title=f"{slug} fr") for slug in ("open", "secret", "routed")}
        restrict(french["secret"], PageViewRestriction.PASSWORD, password="open sesame")
        yield {name: page.pk for name, page in pages.items()}


@pytest.fixture
def tree(keys: dict[str, int]) -> dict[str, Page]:
    """The pages, as nobody has changed them."""
    found = {page.pk: page for page in Page.objects.filter(pk__in=keys.values()).specific()}
    return {name: found[pk] for name, pk in keys.items()}


def restrict(page: Page, kind: str, **fields: Any) -> PageViewRestriction:
    restriction = PageViewRestriction.objects.create(page=page, restriction_type=kind, **fields)
    if kind == PageViewRestriction.GROUPS:
        restriction.groups.add(Group.objects.get_or_create(name="Insiders")[0])
    return restriction


@pytest.fixture
def served() -> Generator[list[tuple[int, str]]]:
    """The pages that `before_serve_page` was called for."""
    seen: list[tuple[int, str]] = []

    def note(page: Page, request: Any, args: list, kwargs: dict) -> None:
        seen.append((page.pk, type(page).__name__))

    with hooks.register_temporarily("before_serve_page", note):
        yield seen


def ask(client: Client, address: str, served: list, **headers: str) -> Answer:
    served.clear()
    response = client.get(address, headers=headers)
    return Answer(
        status=response.status_code,
        location=response.get("Location"),
        cache_control=response.get("Cache-Control"),
        content=response.content,
        served=tuple(served),
    )


def visitor(kind: str) -> Client:
    client = Client()
    if kind != "anonymous":
        user = get_user_model().objects.create_user(f"{kind}@gkec.example", "gkec-demo-2026")
        if kind == "insider":
            user.groups.add(Group.objects.get(name="Insiders"))
        client.force_login(user)
    return client


def without_token(answer: Answer) -> Answer:
    return replace(answer, content=re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", answer.content))


def differences(client: Client, served: list, paths: tuple[str, ...]) -> tuple[list, set[int]]:
    """Return the addresses that answer otherwise than with Wagtail's own routing, and every status seen."""
    addresses = [f"/{language}/{path}" for language in LANGUAGES for path in paths]
    ours = [ask(client, address, served) for address in addresses]
    theirs = [ask(client, address, served, **STOCK) for address in addresses]
    unlike = [
        (address, one, other)
        for address, one, other in zip(addresses, ours, theirs, strict=True)
        if without_token(one) != without_token(other)
    ]
    return unlike, {one.status for one in ours}


@override_settings(MIDDLEWARE=CACHELESS)
@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        ("anonymous", PATHS),
        ("insider", PATHS),
        pytest.param("member", PATHS, marks=pytest.mark.long),
    ],
    ids=["anonymous", "insider", "member"],
)
def test_every_address_answers_as_with_wagtails_own_routing(tree, served, kind, paths):
    unlike, statuses = differences(visitor(kind), served, paths)
    assert unlike == []
    assert statuses == {200, 301, 302, 404}


@override_settings(MIDDLEWARE=CACHELESS)
@pytest.mark.parametrize("model", make.page_types(), ids=lambda model: model.__name__)
def test_every_page_type_answers_as_with_wagtails_own_routing(model, tree, client, served):
    page = make.any_page(model, tree["home"], "shown")
    make.child(page, "below")
    addresses = ("/en/shown/", "/en/shown/below/", "/en/shown/nothing/")
    ours = [ask(client, address, served) for address in addresses]
    theirs = [ask(client, address, served, **STOCK) for address in addresses]
    assert [without_token(one) for one in ours] == [without_token(one) for one in theirs]
    assert [one.status for one in ours] == [200, 200, 404]


@override_settings(MIDDLEWARE=CACHELESS)
def test_a_password_opens_the_section_as_with_wagtails_own_routing(tree, served):
    client = Client()
    restriction = PageViewRestriction.objects.get(page=tree["secret"])
    form = {"password": "open sesame", "return_url": "/en/secret/leaf/"}
    answer = client.post(f"/en/_util/authenticate_with_password/{restriction.pk}/{tree['secret'].pk}/", form)
    assert (answer.status_code, answer["Location"]) == (302, "/en/secret/leaf/")
    unlike, _ = differences(client, served, PATHS)
    assert unlike == []
    assert b"<h1>Leaf</h1>" in client.get("/en/secret/leaf/").content


@override_settings(MIDDLEWARE=CACHELESS)
@pytest.mark.parametrize("method", ["head", "post", "options", "put"])
def test_other_methods_answer_as_with_wagtails_own_routing(tree, client, method):
    def answers(**headers: str) -> list[tuple[int, str | None]]:
        paths = ("open/leaf/", "secret/", "nothing/")
        found = (getattr(client, method)(f"/en/{path}", headers=headers) for path in paths)
        return [(one.status_code, one.get("Allow")) for one in found]

    assert answers(**STOCK) == answers()


def test_a_preview_shows_the_draft_and_is_never_marked_for_the_cache(tree):
    page = tree["open/leaf"]
    page.title = "Not yet said"
    response = page.make_preview_request()
    assert response.status_code == 200
    assert b"<h1>Not yet said</h1>" in response.content
    assert response["Cache-Control"] == "private"


@override_settings(MIDDLEWARE=CACHELESS)
def test_a_page_costs_one_statement_and_what_its_template_asks(tree):
    client = Client()
    client.get("/en/open/leaf/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/en/open/leaf/")
    assert 'FROM "testpages_plainpage" INNER JOIN "wagtailcore_page"' in queries[0]["sql"]
    assert not any("wagtailcore_pageviewrestriction" in query["sql"] for query in queries)
    client.get("/en/open/leaf/", headers=STOCK)
    with CaptureQueriesContext(connection) as stock:
        client.get("/en/open/leaf/", headers=STOCK)
    assert len(stock) - len(queries) >= 8


@override_settings(MIDDLEWARE=CACHELESS)
def test_the_way_to_a_page_is_looked_up_once_in_an_epoch(tree):
    Client().get("/en/open/leaf/")
    assert asked_for_the_way("/en/open/leaf/") == 0
    epochs.forget()
    assert asked_for_the_way("/en/open/leaf/") == 1


@override_settings(MIDDLEWARE=CACHELESS)
@pytest.mark.parametrize("address", ["/en/open/nothing/", "/en/routed/2026/"])
def test_what_lies_beneath_pages_is_looked_up_each_time(tree, address):
    Client().get(address)
    assert asked_for_the_way(address) == 1


@override_settings(MIDDLEWARE=CACHELESS)
def test_a_section_made_private_elsewhere_is_private_at_once(tree, settings):
    assert Client().get("/en/open/leaf/").status_code == 200
    # Another process: rows without signals here, and an epoch of which this process hears nothing.
    PageViewRestriction.objects.bulk_create(
        [PageViewRestriction(page=tree["open"], restriction_type=PageViewRestriction.LOGIN)]
    )
    with redis.Redis.from_url(settings.REDIS_URL) as other:
        other.set(epochs.KEY, "made private elsewhere")
    answer = Client().get("/en/open/leaf/")
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, settings.WAGTAIL_FRONTEND_LOGIN_URL)


@pytest.mark.parametrize("model", get_page_models(), ids=lambda model: model.__name__)
def test_the_statement_for_a_page_is_put_together_once(model):
    statement = fetching.statement_for(model._meta.label)
    assert statement is not None
    assert statement.endswith(" = %s")
    assert "ORDER BY" not in statement


def test_a_manager_that_asks_for_more_than_the_key_is_asked_each_time(tree, monkeypatch):
    monkeypatch.setattr(fetching, "statement_for", lambda label: None)
    response = Client().get("/en/open/leaf/")
    assert (response.status_code, b"<h1>Leaf</h1>" in response.content) == (200, True)


def test_the_address_is_found_through_its_index_once_there_are_many_pages(tree):
    columns = [field.column for field in Page._meta.concrete_fields if field.column not in ("id", *DIFFERENT)]
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO wagtailcore_page (path, url_path, translation_key, {names}) "
            f"SELECT path || 'X' || number, url_path || number || '/', gen_random_uuid(), {names} "
            "FROM wagtailcore_page, generate_series(1, 5000) AS number WHERE id = %s",
            [tree["open/leaf"].pk],
        )
        cursor.execute("ANALYZE wagtailcore_page")
        cursor.execute("EXPLAIN " + STATEMENT, [["/", "/start/", "/start/open/", "/start/open/leaf/"]])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "core_page_by_url_path" in plan


def test_an_address_longer_than_a_btree_row_can_be_kept(tree):
    page = tree["open"]
    for _ in range(8):
        page = make.child(page, "مدينة" * 50)
    assert len(page.url_path.encode()) > 2704
    assert Client().get(page.url).status_code == 200


def test_stale_addresses_never_open_a_private_section(tree):
    secret = tree["members/leaf"]
    # As after a crash between two statements: the tree says private, the address says open.
    Page.objects.filter(pk=secret.pk).update(url_path="/start/open/stray/")
    request = asked("/en/open/stray/")
    result = routing.route(request, "open/stray/")
    assert result is None or not routing.known_public(result.page)


def test_an_alias_outside_a_private_section_stays_private(tree):
    alias = tree["open/leaf"].create_alias(parent=tree["home"], update_slug="second")
    assert Client().get("/en/second/").status_code == 200
    restrict(tree["open"], PageViewRestriction.LOGIN)
    answer = Client().get("/en/second/")
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, settings.WAGTAIL_FRONTEND_LOGIN_URL)
    assert alias.specific.get_view_restrictions().count() == 1


def test_a_private_page_cannot_have_an_alias(tree):
    restrict(tree["open"], PageViewRestriction.LOGIN)
    with pytest.raises(ValidationError, match="This page is private, so it cannot have an alias"):
        tree["open/leaf"].create_alias(parent=tree["home"], update_slug="stolen")
    assert not Page.objects.filter(slug="stolen").exists()


@override_settings(MIDDLEWARE=CACHELESS)
def test_routing_follows_a_new_root_and_a_new_site(tree):
    assert Client().get("/ar/open/").status_code == 200
    make.translated(tree["home"], "ar")
    assert Client().get("/ar/open/").status_code == 404
    Site.objects.create(hostname="other.test", port=80, root_page=tree["open"])
    with override_settings(ALLOWED_HOSTS=["other.test"]):
        assert Client(headers={"host": "other.test"}).get("/en/leaf/").status_code == 200


def asked_for_the_way(address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        Client().get(address)
    return sum("url_path = ANY" in query["sql"] for query in queries)


def asked(address: str) -> Any:
    request = RequestFactory().get(address, headers={"host": "testserver"})
    translation.activate("en")
    return request
