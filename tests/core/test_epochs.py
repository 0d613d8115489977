"""What is kept in the process holds until anything readers see has changed, and never shapes a stale kept page."""

import pytest
import redis
from django.conf import settings
from django.http import HttpRequest
from django.test import Client

from core import epochs, pagecache, valkey
from core.pagecache import store
from core.pagecache.purging import purge_now
from tests.factories import core as make


def ask(number: int, request: HttpRequest | None = None) -> int:
    return epochs.kept(request or HttpRequest(), "key", lambda: number)


def elsewhere_purged() -> None:
    """Start a new epoch as another process would, of which this one hears nothing."""
    with redis.Redis.from_url(settings.REDIS_URL) as other:
        other.set(epochs.KEY, "purged elsewhere")


def test_a_value_holds_for_the_epoch():
    assert [ask(1), ask(2)] == [1, 1]
    purge_now(("site",))
    assert [ask(3), ask(4)] == [3, 3]


def test_a_purge_in_another_process_ends_it_too():
    assert ask(1) == 1
    elsewhere_purged()
    assert ask(2) == 2


def test_a_request_stays_in_the_epoch_in_which_it_began():
    request = HttpRequest()
    assert ask(1, request) == 1
    elsewhere_purged()
    assert ask(2, request) == 1
    assert ask(3) == 3


def test_a_change_ends_it_in_this_process_before_its_commit(db):
    assert ask(1) == 1
    pagecache.purge("list:anything")
    assert ask(2) == 2


def test_a_draft_leaves_what_is_kept_and_publishing_ends_it(db):
    page = make.child(make.site_root(), "one")
    assert ask(1) == 1
    page.title = "Later"
    draft = page.save_revision()
    assert ask(2) == 1
    draft.publish()
    assert ask(3) == 3


def test_previews_and_calls_without_a_request_are_answered_anew():
    preview = HttpRequest()
    preview.is_dummy = True
    assert [ask(1, preview), ask(2, preview)] == [1, 2]
    assert [epochs.kept(None, "key", iter([number]).__next__) for number in (1, 2)] == [1, 2]


def test_without_valkey_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(epochs, "_breaker", valkey.Breaker())
    monkeypatch.setattr(valkey, "client", lambda: redis.Redis.from_url("redis://127.0.0.1:1/0", **valkey.TIMEOUTS))
    assert [ask(1), ask(2)] == [1, 2]


def test_an_emptied_server_begins_a_new_epoch():
    assert ask(1) == 1
    with redis.Redis.from_url(settings.REDIS_URL) as other:
        other.flushdb()
    assert ask(2) == 2


@pytest.mark.django_db
def test_a_page_kept_after_a_purge_elsewhere_shows_the_new_menu_and_root():
    home = make.site_root()
    section = make.child(home, "section", show_in_menus=True)
    make.child(home, "one")
    assert b">Section</a>" in Client().get("/en/one/").content
    # As another process does it: neither signals nor purges reach this one.
    type(section).objects.filter(pk=section.pk).update(title="Renamed")
    with redis.Redis.from_url(settings.REDIS_URL) as other:
        other.flushdb()
    store.local.clear()
    assert b">Renamed</a>" in Client().get("/en/one/").content
