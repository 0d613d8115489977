"""How much waits for staff in the queue of requests, for the menu that stands on every page of the admin."""

from core.kept import Kept
from municipalities import running
from municipalities.models import LocalGovernment, Membership

# Kept for so long only, since other processes hear of a decision no earlier.
_kept: Kept[int] = Kept(seconds=20)


def number() -> int:
    """Return how many wait; may be some seconds old, the queue itself never is."""
    return _kept.get("waiting", _count)


def _count() -> int:
    left_alone = running.teams_of(LocalGovernment.objects.uncoordinated().values_list("pk", flat=True))
    return Membership.objects.waiting_for_staff().count() + len(left_alone)


def forget() -> None:
    """Count anew the next time."""
    _kept.clear()
