"""What races share: many calls at once, each on a connection of its own."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection

PATIENCE = 60


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Make all calls at the same moment in threads of their own; return answers, or the exceptions they raised."""
    gate = threading.Barrier(len(calls))
    answers: list[Any] = [None] * len(calls)

    def run(number: int, call: Callable[[], Any]) -> None:
        try:
            gate.wait(PATIENCE)
            answers[number] = call()
        except Exception as problem:  # noqa: BLE001  (what a call raises is its answer)
            answers[number] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "a call did not come back: probably a deadlock"
    return answers


@pytest.fixture(name="at_once")
def at_once_fixture() -> Callable[[Sequence[Callable[[], Any]]], list[Any]]:
    """Run calls at once."""
    return at_once
