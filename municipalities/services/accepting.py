"""Taking a proposed local government into the directory."""

from typing import TYPE_CHECKING

from django.db import transaction

from municipalities import rules
from municipalities.enums import Standing
from municipalities.errors import IncompleteLocalGovernment, NotProposed, NotYours
from municipalities.models import LocalGovernment
from municipalities.services import held, locks

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def accept_local_government(*, local_government_id: int, by: "User") -> LocalGovernment:
    """List a proposed local government; one that is listed already stays as it is.

    Raises NotYours, NotProposed for one that was refused, DecidedAndHeld for one of which that can still be taken back,
    IncompleteLocalGovernment where facts are missing.
    """
    local_government = locks.local_government(local_government_id)
    if not rules.may_decide_all(by):
        raise NotYours
    if local_government.standing == Standing.RETIRED:
        raise NotProposed
    if local_government.standing == Standing.PENDING:
        held.need_not_refused(local_government_id)
        accept_locked(local_government)
    return local_government


def accept_locked(local_government: LocalGovernment) -> None:
    """List a proposed local government; the caller holds its lock and has looked at who decides."""
    if not local_government.is_complete:
        raise IncompleteLocalGovernment
    local_government.standing = Standing.ACTIVE
    local_government.save()
