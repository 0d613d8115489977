"""What a visitor is told of seats, of an event as of a cohort."""

from django.db import models
from django.utils.translation import gettext_lazy as _

FEW_AT_LEAST = 3
FEW_SHARE = 10  # a tenth of the seats


class SeatState(models.TextChoices):
    """What the seats alone say; the services keep it on the record so that a listing counts nothing."""

    OPEN = "open", _("Seats free")
    FEW = "few", _("Few seats left")
    WAITING = "waiting", _("Waiting list")
    FULL = "full", _("Full")


def state_of(*, seats: int | None, left: int | None, waiting_list: bool) -> SeatState:
    """Return the state of so many seats of which `left` are for whoever comes now; None where there is no limit.

    None are left for a newcomer, even without a limit, as long as others wait for theirs.
    """
    if left == 0:
        return SeatState.WAITING if waiting_list else SeatState.FULL
    if seats is None or left is None:
        return SeatState.OPEN
    few = max(FEW_AT_LEAST, -(-seats // FEW_SHARE))
    return SeatState.FEW if left <= few else SeatState.OPEN
