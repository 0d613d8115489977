"""What the upper apps would hear of memberships and cities."""

from collections.abc import Generator
from functools import partial
from typing import Any

import pytest

from municipalities import signals

WHAT = {
    "approved": signals.membership_approved,
    "declined": signals.membership_declined,
    "ended": signals.membership_ended,
    "merged": signals.local_government_merged,
}


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
