"""Handing over: a coordinator makes a colleague a coordinator too."""

from typing import TYPE_CHECKING

from django.db import transaction

from municipalities import rules
from municipalities.enums import MembershipRole
from municipalities.errors import MembershipGone, NotYours
from municipalities.models import Membership
from municipalities.services import locks, notices

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def make_coordinator(*, membership_id: int, by: "User") -> Membership:
    """Let a current member of the team answer for it too, from now on; who did so before still does.

    Raises MembershipGone, and NotYours for strangers and where the membership does not hold today. Twice changes
    nothing.
    """
    membership = locks.membership(membership_id, gone=MembershipGone)
    holds = Membership.objects.current().filter(pk=membership.pk).exists()
    if not holds or not rules.may_approve(by, membership):
        raise NotYours
    if not membership.is_of_coordinator:
        membership.role = MembershipRole.COORDINATOR
        membership.save(update_fields=["role"])
        notices.tell_appointed(membership)
    return membership
