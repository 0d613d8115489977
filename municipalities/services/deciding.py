"""Approving and declining: whoever decides is looked at under the lock, so that no former coordinator slips in."""

from typing import TYPE_CHECKING

from django.db import transaction

from core import clock
from municipalities import rules
from municipalities.enums import MembershipState, Standing
from municipalities.errors import (
    ChangedMeanwhile,
    DecidedAlready,
    IncompleteLocalGovernment,
    NotRepresentable,
    NotYours,
)
from municipalities.models import Membership
from municipalities.services import accepting, held, locks, notices
from municipalities.signals import membership_approved, membership_declined

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def approve_membership(*, membership_id: int, by: "User", seen: str | None = None) -> Membership:
    """Let somebody represent the local government from today; a proposed one is listed by that.

    `seen` is what whoever decides has read (`Membership.as_asked`). Raises NotYours, Gone, DecidedAlready,
    DecidedAndHeld, ChangedMeanwhile where the request says something else by now, NotRepresentable, and
    IncompleteLocalGovernment where a proposed one lacks what the directory needs. Approving twice changes nothing.
    """
    membership = locks.membership(membership_id)
    if is_approved(membership, by=by, seen=seen):
        return membership
    held.need_none_about_request(membership)
    if membership.local_government.standing == Standing.PENDING:
        accepting.accept_locked(membership.local_government)
    membership.state = MembershipState.APPROVED
    membership.starts_on = clock.now().date()
    _decide(membership, by)
    notices.tell_approved(membership)
    membership_approved.send(sender=Membership, membership=membership)
    return membership


def is_approved(membership: Membership, *, by: "User", seen: str | None) -> bool:
    """Return whether it is approved already, or refuse to approve it, as `approve_membership` would; it is locked."""
    if not rules.may_approve(by, membership):
        raise NotYours
    if membership.state == MembershipState.APPROVED:
        return True
    _need_asked(membership)
    if seen is not None and seen != membership.as_asked:
        raise ChangedMeanwhile
    city = membership.local_government
    if city.standing == Standing.RETIRED:
        raise NotRepresentable
    if city.standing == Standing.PENDING and not city.is_complete:
        raise IncompleteLocalGovernment
    return False


@transaction.atomic
def decline_membership(*, membership_id: int, by: "User", reason: str) -> Membership:
    """Decline what somebody asked; they read the reason. Raises NotYours, Gone, DecidedAlready and DecidedAndHeld."""
    membership = locks.membership(membership_id)
    if is_declined(membership, by=by):
        return membership
    held.need_none_about_request(membership)
    decline_locked(membership, by=by, reason=reason)
    return membership


def is_declined(membership: Membership, *, by: "User") -> bool:
    """Return whether it is declined already, or refuse to decline it, as `decline_membership` would; it is locked."""
    if not rules.may_approve(by, membership):
        raise NotYours
    if membership.state == MembershipState.DECLINED:
        return True
    _need_asked(membership)
    return False


def decline_locked(membership: Membership, *, by: "User", reason: str) -> None:
    """Decline what is asked; the caller holds the locks and has looked at who decides."""
    membership.state = MembershipState.DECLINED
    membership.reason = reason
    _decide(membership, by)
    notices.tell_declined(membership)
    membership_declined.send(sender=Membership, membership=membership)


def _need_asked(membership: Membership) -> None:
    if not membership.is_asked:
        raise DecidedAlready


def _decide(membership: Membership, by: "User") -> None:
    membership.decided_at = clock.now()
    membership.decided_by = by
    membership.save(update_fields=["state", "starts_on", "decided_at", "decided_by", "reason"])
