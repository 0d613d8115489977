"""Refusing a proposed local government, or finding that it is one we know already."""

from typing import TYPE_CHECKING

from django.db import transaction

from core import clock
from municipalities import rules
from municipalities.enums import MembershipRole, MembershipState, Standing
from municipalities.errors import NotProposed, NotRepresentable, NotYours
from municipalities.models import LocalGovernment, Membership
from municipalities.services import deciding, locks, notices
from municipalities.signals import local_government_merged, membership_approved

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def refuse_local_government(
    *, local_government_id: int, by: "User", same_as: int | None = None, reason: str = ""
) -> LocalGovernment:
    """Take a proposal out of the directory's way; with `same_as` all that hangs from it moves to that one first.

    Without it what people asked is declined, for the reason given. The record stays, retired, so that nothing that
    points to it breaks. Raises NotYours, NotProposed, and NotRepresentable where `same_as` is not listed.
    """
    # In the order of their keys, so that two merges never wait for each other.
    wanted = {local_government_id} if same_as is None else {local_government_id, same_as}
    locked = {city.pk: city for city in locks.local_governments(wanted)}
    if wanted != locked.keys():
        raise NotRepresentable
    place = locked[local_government_id]
    if not rules.may_decide_all(by):
        raise NotYours
    if place.standing != Standing.PENDING:
        raise NotProposed
    if same_as is None:
        for asked in place.memberships.asked().select_for_update(of=("self",)).select_related("person"):
            asked.local_government = place
            deciding.decline_locked(asked, by=by, reason=reason)
    else:
        _move(place, locked[same_as])
    place.standing = Standing.RETIRED
    place.save()
    return place


def _move(source: LocalGovernment, target: LocalGovernment) -> None:
    if target.standing != Standing.ACTIVE or target.pk == source.pk:
        raise NotRepresentable
    there = {one.person_id: one for one in target.memberships.open().select_related("person")}
    known = []
    for membership in source.memberships.select_for_update(of=("self",)).select_related("person"):
        membership.local_government = target
        if membership.is_open and membership.person_id in there:
            known.append(_fold(membership, there[membership.person_id]))
        membership.save(update_fields=["local_government", "state", "ends_on"])
        if membership.is_asked:
            notices.tell_coordinators(membership)
    local_government_merged.send(sender=LocalGovernment, source_id=source.pk, target_id=target.pk)
    for membership in known:
        # What hung from their request hangs from a membership that is approved already.
        if membership.state == MembershipState.APPROVED:
            membership.local_government = target
            membership_approved.send(sender=Membership, membership=membership)


def _fold(second: Membership, first: Membership) -> Membership:
    """Close the second of two open requests of one person for one city under two names; return the one that stands."""
    today = clock.now().date()
    second.state = MembershipState.ENDED
    second.ends_on = max(today, second.starts_on or today)
    if first.is_asked and second.is_of_coordinator and not first.is_of_coordinator:
        first.role = MembershipRole.COORDINATOR
        first.save(update_fields=["role"])
    return first
