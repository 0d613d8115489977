"""Storing what staff write about a local government."""

from django.db import transaction

from municipalities.enums import Standing
from municipalities.errors import StandingChanged
from municipalities.models import LocalGovernment
from municipalities.services import held, locks


@transaction.atomic
def save_local_government(*, local_government: LocalGovernment, seen: str = "") -> LocalGovernment:
    """Store what staff wrote about a new or known local government.

    `seen` is the standing that whoever writes has read of a known one: raises StandingChanged where it is another by
    now, so that nobody takes back by an old form what approving, refusing or merging has made of a proposal. Raises
    DecidedAndHeld where the new one would be in the way of what is decided and can still be taken back.
    """
    if not local_government._state.adding:
        before = locks.local_government(local_government.pk).standing
        if before != seen:
            raise StandingChanged
        if local_government.standing != before:
            _need_nothing_otherwise(local_government)
    local_government.save()
    return local_government


def _need_nothing_otherwise(local_government: LocalGovernment) -> None:
    # Approving somebody only lists the city too.
    if local_government.standing == Standing.ACTIVE:
        held.need_not_refused(local_government.pk)
    else:
        held.need_none_about_city(local_government.pk)
