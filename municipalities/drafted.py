"""Whom approving a coordinator invites: a slot that upper apps fill, in gkec/wiring.py alone."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping

from municipalities.models import Membership

# Somebody who waits to be approved, and the local government, by their keys.
Coordination = tuple[int, int]
# Given all requests of a page at once, so that it costs the same however many they are.
InvitedBy = Callable[[Collection[Coordination]], Mapping[Coordination, int]]

_providers: list[InvitedBy] = []


def provide_drafts(provider: InvitedBy) -> None:
    """Let `provider(coordinations)` tell how many people are written to once each is approved."""
    if provider not in _providers:
        _providers.append(provider)


def invited_by(memberships: Collection[Membership]) -> Counter[int]:
    """Return how many people approving each of these requests invites, by its key; a member's invites nobody."""
    asked = {one.pk: (one.person_id, one.local_government_id) for one in memberships if one.is_of_coordinator}
    found: Counter[int] = Counter()
    for provider in _providers if asked else ():
        numbers = provider(set(asked.values()))
        found.update({pk: numbers[which] for pk, which in asked.items() if which in numbers})
    return found
