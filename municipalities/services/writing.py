"""Storing what staff write about a local government."""

from django.db import transaction

from municipalities.errors import StandingChanged
from municipalities.models import LocalGovernment
from municipalities.services import locks


@transaction.atomic
def save_local_government(*, local_government: LocalGovernment, seen: str = "") -> LocalGovernment:
    """Store what staff wrote about a new or known local government.

    `seen` is the standing that whoever writes has read of a known one: raises StandingChanged where it is another by
    now, so that nobody takes back by an old form what approving, refusing or merging has made of a proposal.
    """
    if not local_government._state.adding and locks.local_government(local_government.pk).standing != seen:
        raise StandingChanged
    local_government.save()
    return local_government
