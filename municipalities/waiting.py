"""How many requests wait for staff, for the menu that stands on every page of the admin."""

from core.kept import Kept
from municipalities.models import Membership

# Kept for so long only, since other processes hear of a decision no earlier.
_kept: Kept[int] = Kept(seconds=20)


def number() -> int:
    """Return how many wait; may be some seconds old, the queue itself never is."""
    return _kept.get("waiting", lambda: Membership.objects.waiting_for_staff().count())


def forget() -> None:
    """Count anew the next time."""
    _kept.clear()
