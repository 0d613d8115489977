"""Whom approving a coordinator invites: slots that upper apps fill, in gkec/wiring.py alone."""

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

    `name` tells it from the others of the same decision, in addresses too.
    """

    name: str
    heading: Any
    audience: Audience


@dataclass(frozen=True)
class Drafts:
    """What is mailed once somebody's drafts are sent, and how many people of theirs apply, who hear of it later.

    `teams` answers, with addresses in the language of the moment, all that are under way in the city by then; nothing
    where no draft is sent.
    """

    mails: Sequence[Mailed] = ()
    applying: int = 0
    teams: Callable[[], Sequence[RunningTeam]] = tuple


# Given the coordinator, the cities for which they have written people down, and the city that those then belong to.
DraftsOf = Callable[["User", Collection[int], LocalGovernment], Drafts]

_counting: list[InvitedBy] = []
_rehearsing: list[DraftsOf] = []


def provide_drafts(counting: InvitedBy, rehearsing: DraftsOf) -> None:
    """Let upper apps tell whom approving writes to: how many, of many requests; who and how, of one."""
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


def drafts_of(coordinator: "User", cities: Collection[int], city: LocalGovernment) -> Drafts:
    """Return what is mailed once somebody coordinates `city` who has written people down for some of `cities`."""
    found = [provider(coordinator, cities, city) for provider in _rehearsing]
    return Drafts(
        [mail for one in found for mail in one.mails],
        sum(one.applying for one in found),
        lambda: [team for one in found for team in one.teams()],
    )
