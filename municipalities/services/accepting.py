"""Taking a proposed local government into the directory."""

from typing import TYPE_CHECKING

from django.db import transaction

from municipalities import rules
from municipalities.enums import Standing
from municipalities.errors import IncompleteLocalGovernment, NotProposed, NotYours
from municipalities.models import LocalGovernment
from municipalities.services import locks

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def accept_local_government(*, local_government_id: int, by: "User") -> LocalGovernment:
    """List a proposed local government; one that is listed already stays as it is.

    Raises NotYours, NotProposed for one that was refused, IncompleteLocalGovernment where facts are missing.
    """
    place = locks.local_government(local_government_id)
    if not rules.may_decide_all(by):
        raise NotYours
    if place.standing == Standing.RETIRED:
        raise NotProposed
    if place.standing == Standing.PENDING:
        accept_locked(place)
    return place


def accept_locked(place: LocalGovernment) -> None:
    """List a proposed local government; the caller holds its lock and has looked at who decides."""
    if not place.is_complete:
        raise IncompleteLocalGovernment
    place.standing = Standing.ACTIVE
    place.save()
