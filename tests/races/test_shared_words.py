"""Words that a worker takes up again while the purge deletes them: whatever it holds then exists."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import QuerySet

from core import clock, personal
from core.services import purging
from mail.mime import Content, pattern
from mail.models import Variant
from mail.rendering import SharedWords
from mail.services import writing
from tests.races.meeting import Later, meet

pytestmark = pytest.mark.django_db(transaction=True)


def is_there_after_both(at_once: Callable) -> bool:
    """Take words up while a purge is about to delete them; return whether what the worker got still exists."""
    content = Content("News", "Words", "<p>Words</p>")
    words = SharedWords("test-letter", "en", content, pattern(content, seed="s"), "0" * 64)
    writing._kept(words)
    Variant.objects.update(last_used_at=clock.now() - timedelta(days=400))
    [rule] = [one for one in personal.get("messages").rules if one.moment == "last_used_at"]
    held = replace(rule, forget=lambda keys: (meet(), rule.forget(keys)))
    forgotten, (_words, pk) = at_once([lambda: purging._forget(held, clock.now()), Later(lambda: writing._kept(words))])
    assert forgotten == 1
    return Variant.objects.filter(pk=pk).exists()


def test_words_that_are_used_again_while_they_are_purged_are_written_anew(at_once) -> None:
    assert is_there_after_both(at_once)


def test_without_the_lock_the_purge_would_take_them_out_of_a_workers_hand(at_once, monkeypatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **kwargs: rows)
    assert not is_there_after_both(at_once)
