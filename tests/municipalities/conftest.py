"""What the upper apps would hear of memberships and cities, and a day that does not end meanwhile."""

from collections.abc import Generator
from functools import partial
from typing import Any

import pytest
import time_machine

from municipalities import signals

WHAT = {
    "approved": signals.membership_approved,
    "declined": signals.membership_declined,
    "ended": signals.membership_ended,
    "merged": signals.local_government_merged,
}


@pytest.fixture
def time() -> Generator[time_machine.Traveller]:
    """Let the clock stand, so that what is done and what is expected fall on the same day."""
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def heard() -> Generator[list[tuple[str, Any]]]:
    """Collect what upper apps would hear: its name, and the membership or the keys of two cities."""
    said: list[tuple[str, Any]] = []

    def listen(name: str, sender: type, **given: Any) -> None:
        said.append((name, given.get("membership") or (given["source_id"], given["target_id"])))

    receivers = {name: partial(listen, name) for name in WHAT}
    for name, receiver in receivers.items():
        WHAT[name].connect(receiver, weak=False)
    yield said
    for name, receiver in receivers.items():
        WHAT[name].disconnect(receiver)
