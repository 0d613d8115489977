"""What messages were for and what is planned for somebody: slots that upper apps fill, in gkec/wiring.py alone."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mail.models import Message


@dataclass(frozen=True)
class Purpose:
    """The thing that a message is about, such as a registration, and its page in the admin."""

    label: str
    url: str = ""


@dataclass(frozen=True)
class Planned:
    """A mail that is not in the outbox: its time has not come, or it never leaves, and `why_not` says why."""

    what: str
    due_at: datetime
    about: Purpose | None = None
    why_not: str = ""


# Given all messages of a page at once, so that a list costs the same whatever its length.
PurposesOf = Callable[[Sequence[Message]], Mapping[int, Purpose]]
# Given lower-case addresses and the account, if there is one.
PlannedFor = Callable[[Collection[str], Any], Sequence[Planned]]

_purposes: list[PurposesOf] = []
_planned: list[PlannedFor] = []


def provide_purposes(provider: PurposesOf) -> None:
    """Let `provider(messages)` tell, by message id, what those it knows are about."""
    if provider not in _purposes:
        _purposes.append(provider)


def provide_planned(provider: PlannedFor) -> None:
    """Let `provider(addresses, person)` tell what is planned for somebody."""
    if provider not in _planned:
        _planned.append(provider)


def of(messages: Sequence[Message]) -> dict[int, Purpose]:
    """Return what the messages are about, by id; those that no app knows are left out."""
    found: dict[int, Purpose] = {}
    for provider in _purposes:
        found.update(provider(messages))
    return found


def planned(addresses: Collection[str], person: Any) -> list[Planned]:
    """Return what is planned for somebody, the next first."""
    everything = [one for provider in _planned for one in provider(addresses, person)]
    return sorted(everything, key=lambda one: one.due_at)
