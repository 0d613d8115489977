"""The page cache keeps public pages and drops them at once when what they show has changed."""

import gzip
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.test.utils import override_settings
from wagtail.models import Locale, Page, PageViewRestriction, Site

from core import pagecache, valkey
from core.models import Term
from core.pagecache import store
from core.pagecache.middleware import PageCacheMiddleware
from tests.factories import core as make
from tests.pages.models import ListPage, RoutedPage

pytestmark = pytest.mark.django_db

CACHELESS = [name for name in settings.MIDDLEWARE if not name.endswith(PageCacheMiddleware.__name__)]


@dataclass
class Stopwatch:
    """What tells how long ago something was, and goes on only where a test says so."""

    seconds: float

    def monotonic(self) -> float:
        """Return where it stands."""
        return self.seconds


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    """Hold the clock by which copies in the process and the breaker grow old; time_machine moves no such clock."""
    watch = Stopwatch(time.monotonic())
    for module in ("core.kept", "core.valkey"):
        monkeypatch.setattr(f"{module}.time", watch)
    return watch


@pytest.fixture(scope="module")
def keys(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[dict[str, int]]:
    """Make the pages of this file once and return their keys."""
    with made_once():
        home = make.site_root()
        found = {"home": home, "list": make.child(home, "list", ListPage), "one": make.child(home, "one")}
        found |= {"two": make.child(home, "two"), "routed": make.child(home, "routed", RoutedPage)}
        yield {name: page.pk for name, page in found.items()}


@pytest.fixture
def pages(keys: dict[str, int]) -> dict[str, Page]:
    """The pages, as nobody has changed them."""
    return {name: Page.objects.get(pk=pk).specific for name, pk in keys.items()}


@pytest.fixture
def published(django_capture_on_commit_callbacks: Any) -> Callable[..., None]:
    """Run an action with what follows its commit, then forget the process's own copies."""

    def run(action: Callable[[], object]) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            action()

    return run


def kept(path: str) -> bool:
    """Tell whether Valkey holds a copy of the address."""
    store.local.clear()
    key = f"http://testserver{path}" if "?" in path else f"http://testserver{path}?"
    return bool(valkey.client().exists(store.PREFIX + key))


def visit(path: str, **headers: str) -> Any:
    return Client().get(path, headers=headers)


@pytest.mark.parametrize("path", ["/en/", "/en/list/", "/en/one/", "/en/routed/", "/en/routed/archive/", "/fr/one/"])
def test_a_second_reader_costs_no_statement(pages, path, django_assert_num_queries):
    first = visit(path)
    with django_assert_num_queries(0):
        second = visit(path)
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert kept(path)


def headers_of(answer) -> dict[str, str]:
    """Return the headers without the request's own id."""
    return {name: value for name, value in answer.items() if name != "X-Request-ID"}


@pytest.mark.parametrize("path", ["/en/one/", "/en/list/"])
def test_a_kept_answer_has_the_headers_of_an_uncached_one(pages, path):
    with override_settings(MIDDLEWARE=CACHELESS):
        uncached = headers_of(visit(path))
    miss, hit = headers_of(visit(path)), headers_of(visit(path))
    store.local.clear()
    from_valkey = headers_of(visit(path))
    assert miss == hit == from_valkey
    own = {"ETag", "Cache-Control", "Vary"}
    assert {name: value for name, value in hit.items() if name not in own} == {
        name: value for name, value in uncached.items() if name not in own
    }
    assert {"Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Content-Language"} <= set(hit)
    assert hit["Cache-Control"] == "max-age=0, must-revalidate"
    assert hit["Vary"] == "Accept-Encoding"


def test_a_browser_that_has_the_page_is_told_so(pages):
    etag = visit("/en/one/")["ETag"]
    answer = visit("/en/one/", if_none_match=f'"other", {etag}')
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
    assert visit("/en/one/", if_none_match='W/"other"').status_code == 200


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.8", True),
        ("gzip;q=0", False),
        ("identity", False),
        ("", False),
    ],
)
def test_a_kept_page_is_sent_compressed_to_who_can_read_it(pages, accepted, compressed):
    plain = visit("/en/one/").content
    answer = visit("/en/one/", accept_encoding=accepted)
    assert (answer.get("Content-Encoding") == "gzip") is compressed
    assert (gzip.decompress(answer.content) if compressed else answer.content) == plain
    assert answer["Content-Length"] == str(len(answer.content))


def test_head_is_answered_from_the_copy_and_never_makes_one(pages):
    assert Client().head("/en/one/").status_code == 200
    assert not kept("/en/one/")
    visit("/en/one/")
    answer = Client().head("/en/one/")
    assert (answer.status_code, answer["ETag"]) == (200, visit("/en/one/")["ETag"])


def test_other_methods_pass_the_cache_by(pages):
    visit("/en/one/")
    assert Client().options("/en/one/").headers["Allow"]
    assert Client().post("/en/one/", {"a": "b"}).status_code == 200


def test_the_copy_in_the_process_is_at_most_a_second_old(pages, stopwatch):
    before = visit("/en/one/").content
    # As if another process had changed and purged the page: this one hears nothing of it.
    Page.objects.filter(pk=pages["one"].pk).update(title="Renamed elsewhere")
    with redis.Redis.from_url(settings.REDIS_URL) as other:
        other.flushdb()
    stopwatch.seconds += 0.95
    assert visit("/en/one/").content == before
    stopwatch.seconds += 0.1
    assert b"<h1>Renamed elsewhere</h1>" in visit("/en/one/").content


def test_languages_are_kept_apart(pages):
    make.translated(pages["home"], "fr")
    make.translated(pages["one"], "fr", title="Un")
    assert b"<h1>One</h1>" in visit("/en/one/", accept_language="fr").content
    assert b"<h1>Un</h1>" in visit("/fr/one/", accept_language="en").content
    assert b"<h1>One</h1>" in visit("/en/one/", accept_language="ar").content
    assert visit("/fr/one/")["Content-Language"] == "fr"


def test_hosts_and_schemes_are_kept_apart(pages):
    visit("/en/one/")
    assert not valkey.client().exists(f"{store.PREFIX}https://testserver/en/one/?")
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        assert Client(headers={"host": "evil.example"}).get("/en/one/").status_code == 400


@pytest.mark.parametrize(
    "query", ["?tz=Asia/Tokyo", "?unknown=1", "?page=2&unknown=1", "?page=1&page=2", f"?page={'9' * 41}"]
)
def test_an_unknown_query_passes_the_cache_by(pages, query):
    visit("/en/one/")
    assert visit(f"/en/one/{query}").status_code == 200
    assert not [key for key in valkey.client().scan_iter(f"{store.PREFIX}http*") if not key.endswith(b"/en/one/?")]


def test_a_query_that_the_page_understands_is_kept_for_itself(pages):
    assert b"Number 2" in visit("/en/one/?page=2").content
    assert b"Number 3" in visit("/en/one/?page=3").content
    assert b"Number 2" in visit("/en/one/?page=2").content
    assert kept("/en/one/?page=2")
    # Another type of page does not understand the name, so its answer is not kept.
    visit("/en/list/?page=2")
    assert not kept("/en/list/?page=2")


@pytest.mark.parametrize("status", [404, 301])
def test_only_a_page_that_is_there_is_kept(pages, status):
    path = "/en/nothing/" if status == 404 else "/en/one"
    assert visit(path).status_code == status
    assert list(valkey.client().scan_iter(f"{store.PREFIX}http*")) == []


def test_a_page_that_depends_on_the_clock_lives_a_minute_and_no_page_longer_than_ten(pages):
    visit("/en/list/")
    visit("/en/one/")
    ttl = valkey.client().ttl
    assert 55 <= ttl(f"{store.PREFIX}http://testserver/en/list/?") <= 60
    assert 595 <= ttl(f"{store.PREFIX}http://testserver/en/one/?") <= 600
    assert ttl(f"{store.PREFIX}tag:page:{pages['one'].translation_key}") > 600


def test_a_draft_keeps_the_copy(pages, published):
    visit("/en/one/")
    pages["one"].title = "Not yet"
    published(pages["one"].save_revision)
    assert kept("/en/one/")


def test_publishing_drops_the_page_and_the_lists_that_show_it(pages, published):
    for path in ("/en/one/", "/en/list/", "/en/two/"):
        visit(path)
    pages["one"].title = "Renewed"
    published(lambda: pages["one"].save_revision().publish())
    assert (kept("/en/one/"), kept("/en/list/"), kept("/en/two/")) == (False, False, True)
    assert b"<h1>Renewed</h1>" in visit("/en/one/").content
    assert b">Renewed</a>" in visit("/en/list/").content


def test_publishing_a_translation_drops_the_page_in_every_language(pages, published):
    make.translated(pages["home"], "fr")
    visit("/en/one/")
    french = make.translated(pages["one"], "fr", live=False)
    published(lambda: french.save_revision().publish())
    assert not kept("/en/one/")


@pytest.mark.usefixtures("wagtail_indexes")
def test_publishing_drops_the_pages_that_link_to_it(pages, published):
    body = [("rich_text", f'<p><a linktype="page" id="{pages["one"].pk}">there</a></p>')]
    linking = make.child(pages["home"], "linking", body=body)
    visit("/en/linking/")
    visit("/en/two/")
    published(pages["one"].unpublish)
    assert (kept("/en/linking/"), kept("/en/two/")) == (False, True)
    assert linking.live


def test_a_page_above_is_dropped_with_the_page_below(pages, published):
    below = make.child(pages["one"], "below")
    visit("/en/one/")
    published(lambda: below.save_revision().publish())
    assert not kept("/en/one/")


def slug(pages: dict[str, Page]) -> None:
    pages["one"].slug = "uno"
    pages["one"].save_revision().publish()


def menu(pages: dict[str, Page]) -> None:
    pages["one"].show_in_menus = True
    pages["one"].save_revision().publish()


def save(pages: dict[str, Page]) -> None:
    pages["one"].title = "Saved"
    pages["one"].save()


def restrict(pages: dict[str, Page]) -> None:
    PageViewRestriction.objects.create(page=pages["one"], restriction_type=PageViewRestriction.LOGIN)


@pytest.mark.parametrize(
    ("action", "status", "is_narrow"),
    [
        (lambda pages: pages["one"].unpublish(), 404, True),
        (save, 200, True),
        (menu, 200, False),
        (lambda pages: pages["one"].delete(), 404, False),
        # Wagtail leaves a redirect at the old address.
        (lambda pages: pages["one"].move(pages["list"], pos="last-child"), 301, False),
        (slug, 301, False),
        (restrict, 302, False),
    ],
    ids=["unpublish", "save", "menu", "delete", "move", "slug", "restrict"],
)
def test_what_changes_addresses_or_access_shows_at_once(pages, published, action, status, is_narrow):
    visit("/en/one/")
    visit("/en/two/")
    published(lambda: action(pages))
    assert visit("/en/one/").status_code == status
    # What may show in any page's menu, links or trail drops all of them.
    assert kept("/en/two/") is is_narrow


@pytest.mark.parametrize("model", [Site, Locale, Term])
def test_what_every_page_shows_drops_every_page(pages, published, model):
    Term.objects.get_or_create(vocabulary="test", slug="one", defaults={"labels": {"en": "One"}})
    visit("/en/one/")
    published(lambda: model.objects.first().save())
    assert not kept("/en/one/")


def test_lifting_a_restriction_lets_the_page_be_kept_again(pages, published):
    restriction = PageViewRestriction.objects.create(page=pages["one"], restriction_type=PageViewRestriction.LOGIN)
    assert visit("/en/one/").status_code == 302
    published(restriction.delete)
    assert visit("/en/one/").status_code == 200
    assert kept("/en/one/")


def test_a_purge_waits_for_the_commit_and_is_dropped_with_a_rollback(pages, django_capture_on_commit_callbacks):
    visit("/en/one/")
    tag = f"page:{pages['one'].translation_key}"
    with django_capture_on_commit_callbacks() as callbacks:
        pagecache.purge(tag)
        assert kept("/en/one/")
    for callback in callbacks:
        callback()
    assert not kept("/en/one/")
    visit("/en/one/")
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError), transaction.atomic():
        pagecache.purge(tag)
        raise RuntimeError
    assert kept("/en/one/")


def test_a_purge_of_one_tag_leaves_the_others(pages, published):
    for path in ("/en/one/", "/en/two/", "/en/list/"):
        visit(path)
    published(lambda: pagecache.purge("list:plain"))
    assert (kept("/en/one/"), kept("/en/two/"), kept("/en/list/")) == (True, True, False)
    published(lambda: pagecache.purge("site"))
    assert (kept("/en/one/"), kept("/en/two/")) == (False, False)


class Away:
    """A Valkey that does not answer."""

    def __getattr__(self, name: str) -> Any:
        raise redis.ConnectionError("refused")


def test_pages_are_served_while_valkey_is_away(pages, monkeypatch, published, caplog):
    visit("/en/one/")
    store.local.clear()
    gone = "redis://127.0.0.1:1/0"
    cache = {name: {**how, "LOCATION": gone} for name, how in settings.CACHES.items()}
    monkeypatch.setattr(store, "breaker", valkey.Breaker())
    monkeypatch.setattr(valkey, "client", Away)
    store._script.cache_clear()
    with override_settings(CACHES=cache, REDIS_URL=gone):
        assert b"<h1>One</h1>" in visit("/en/one/").content
        assert visit("/en/one/").status_code == 200
        published(lambda: pagecache.purge("site"))
    assert "Could not purge site from the page cache" in caplog.text
    store._script.cache_clear()


def test_after_an_outage_nothing_is_tried_for_a_moment(stopwatch):
    calls = []
    breaker = valkey.Breaker(seconds=2)

    def fail() -> str:
        calls.append(1)
        raise redis.ConnectionError

    assert [breaker.call(fail, otherwise="no") for _ in range(3)] == ["no"] * 3
    assert len(calls) == 1
    assert breaker.call(fail, otherwise="no", insist=True) == "no"
    stopwatch.seconds += 1.9
    assert breaker.call(lambda: "yes", otherwise="no") == "no"
    stopwatch.seconds += 0.2
    assert breaker.call(lambda: "yes", otherwise="no") == "yes"


def test_an_emptied_server_cannot_bring_a_purged_page_back(pages):
    entry, before = store.read("key")
    store.drop(["site"])
    with redis.Redis.from_url(settings.REDIS_URL) as other:
        other.flushdb()
    _entry, after = store.read("key")
    assert entry is None
    assert before != after
