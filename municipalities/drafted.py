"""Whom deciding about coordinators writes to: slots that upper apps fill, in gkec/wiring.py alone."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mail.rehearsal import Audience
from municipalities.models import LocalGovernment, Membership
from municipalities.running import RunningTeam

if TYPE_CHECKING:
    from accounts.models import User

# Somebody who waits to be approved, and the local government, by their keys.
Coordination = tuple[int, int]
# Given all requests of a page at once, so that it costs the same however many they are.
InvitedBy = Callable[[Collection[Coordination]], Mapping[Coordination, int]]


@dataclass(frozen=True)
class Mailed:
    """One of the mails that a decision asks for: who would get it and how it would read.

    `name` tells it from the others of the same decision, in addresses too. `cities` are those, by their keys, of the
    people of a mail to others than the city's own, None for who has none.
    """

    name: str
    heading: Any
    audience: Audience
    cities: Sequence[int | None] | None = None


@dataclass(frozen=True)
class Sending:
    """Somebody's drafts that are sent: for which cities they were written, the last being the one that they belong to
    by then.
    """

    coordinator: "User"
    cities: Sequence[int]
    city: LocalGovernment


@dataclass(frozen=True)
class Fate:
    """What becomes of drafts by a decision: those that are sent and those that are let go.

    `merged` are two cities, by their keys, where all that belongs to the first one belongs to the second by then.
    """

    sent: Sequence[Sending] = ()
    let_go: Collection[Coordination] = ()
    merged: tuple[int, int] | None = None


@dataclass(frozen=True)
class Drafts:
    """What is mailed since drafts are sent or let go, and how many people of theirs apply, who hear of it later.

    `teams` answers, with addresses in the language of the moment, all that are under way in the city by then; nothing
    where no draft is sent. `hurried` is how many more would be told were it done at once, and not when the undo window
    has passed.
    """

    mails: Sequence[Mailed] = ()
    applying: int = 0
    teams: Callable[[], Sequence[RunningTeam]] = tuple
    hurried: int = 0


DraftsAfter = Callable[[Fate], Drafts]

_counting: list[InvitedBy] = []
_rehearsing: list[DraftsAfter] = []


def provide_drafts(counting: InvitedBy, rehearsing: DraftsAfter) -> None:
    """Let upper apps tell how many people approving each of many requests invites, and whom one decision writes to."""
    if counting not in _counting:
        _counting.append(counting)
    if rehearsing not in _rehearsing:
        _rehearsing.append(rehearsing)


def invited_by(memberships: Collection[Membership]) -> Counter[int]:
    """Return how many people approving each of these requests invites, by its key; a member's invites nobody."""
    asked = {one.pk: (one.person_id, one.local_government_id) for one in memberships if one.is_of_coordinator}
    found: Counter[int] = Counter()
    for provider in _counting if asked else ():
        numbers = provider(set(asked.values()))
        found.update({pk: numbers[which] for pk, which in asked.items() if which in numbers})
    return found


def drafts_after(fate: Fate) -> Drafts:
    """Return what is mailed once this has become of drafts."""
    found = [provider(fate) for provider in _rehearsing]
    return Drafts(
        [mail for one in found for mail in one.mails],
        sum(one.applying for one in found),
        lambda: [team for one in found for team in one.teams()],
        sum(one.hurried for one in found),
    )
