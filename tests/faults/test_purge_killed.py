"""A process killed in the nightly purge: whole batches are forgotten, and the next night finds the rest."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core import clock, personal
from core.services import purging
from mail.models import Message
from tests.factories.mail import ask
from tests.faults import steps

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
NUMBER = 7
BATCH = 3


def with_words() -> int:
    return Message.objects.filter(blanked_at=None).exclude(text="").count()


def test_a_batch_that_was_cut_is_whole_and_found_the_next_night(monkeypatch):
    monkeypatch.setattr(purging, "BATCH", BATCH)
    for _one in range(NUMBER):
        ask(text="Words")
    Message.objects.update(state="cancelled", reason="withdrawn", finished_at=clock.now() - timedelta(days=100))
    rule = next(one for one in personal.get("messages").rules if one.moment == "finished_at")
    seen = iter(range(100))

    def forget(keys: Collection[Any]) -> None:
        rule.forget(keys)
        if next(seen) == 1:
            steps.end_this_process()

    steps.die_in_a_fork(lambda: purging._forget(replace(rule, forget=forget), clock.now()))
    assert with_words() == NUMBER - BATCH
    assert purging._forget(rule, clock.now()) == NUMBER - BATCH
    assert with_words() == 0
