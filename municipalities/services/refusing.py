"""Refusing a proposed local government, or finding that it is one we know already."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from core import clock
from municipalities import rules
from municipalities.enums import MembershipRole, MembershipState, Standing
from municipalities.errors import NotProposed, NotRepresentable, NotYours
from municipalities.models import LocalGovernment, Membership
from municipalities.services import closing, deciding, foreseeing, held, locks, notices
from municipalities.signals import local_government_merged, membership_approved, membership_declined

if TYPE_CHECKING:
    from accounts.models import User


# Why whoever is a member there does not become coordinator by a merge.
BELONGS_ALREADY = _(
    "You belong to this city's team already. A coordinator of the city, or we, can let you coordinate it too."
)


@transaction.atomic
def refuse_local_government(
    *, local_government_id: int, by: "User", same_as: int | None = None, reason: str = ""
) -> LocalGovernment:
    """Take a proposal out of the directory's way; with `same_as` all that hangs from it moves to that one first.

    Without it what people asked is declined, for the reason given. The record stays, retired, so that nothing that
    points to it breaks. Raises NotYours, NotProposed, DecidedAndHeld, and NotRepresentable where `same_as` is not
    listed.
    """
    local_government, target = locked_to_refuse(local_government_id, by=by, same_as=same_as)
    held.need_none_about_city(local_government_id)
    if target is None:
        for asked in local_government.memberships.asked().select_for_update(of=("self",)).select_related("person"):
            asked.local_government = local_government
            deciding.decline_locked(asked, by=by, reason=reason)
    else:
        _move(local_government, target, by)
    local_government.standing = Standing.RETIRED
    local_government.save()
    return local_government


def locked_to_refuse(
    local_government_id: int, *, by: "User", same_as: int | None
) -> tuple[LocalGovernment, LocalGovernment | None]:
    """Return the proposal, and the city that it is found to be, both locked, once somebody may refuse the one so.

    Raises as `refuse_local_government` does.
    """
    # In the order of their keys, so that two merges never wait for each other.
    wanted = {local_government_id} if same_as is None else {local_government_id, same_as}
    locked = {city.pk: city for city in locks.local_governments(wanted)}
    if wanted != locked.keys():
        raise NotRepresentable
    local_government = locked[local_government_id]
    if not rules.may_decide_all(by):
        raise NotYours
    if local_government.standing != Standing.PENDING:
        raise NotProposed
    if same_as is None:
        return local_government, None
    target = locked[same_as]
    if target.standing != Standing.ACTIVE or target.pk == local_government_id:
        raise NotRepresentable
    return local_government, target


def _move(source: LocalGovernment, target: LocalGovernment, by: "User") -> None:
    # Whose last day has passed belongs to the team no longer, and what they ask anew is not approved by that.
    closing.close_overdue(target.memberships.filter(person__in=source.memberships.values("person")))
    there = {one.person_id: one for one in target.memberships.open().select_related("person")}
    doubled = []
    for membership in source.memberships.select_for_update(of=("self",)).select_related("person"):
        membership.local_government = target
        if membership.is_open and membership.person_id in there:
            first = there[membership.person_id]
            _fold(membership, first, by)
            doubled.append((membership, first))
        membership.save(
            update_fields=["local_government", "state", "ends_on", "decided_at", "decided_by", "reason"],
        )
        if membership.is_asked:
            notices.tell_coordinators(membership)
    local_government_merged.send(sender=LocalGovernment, source_id=source.pk, target_id=target.pk)
    for second, first in doubled:
        first.local_government = target
        _say(second, first)


def _fold(second: Membership, first: Membership, by: "User") -> None:
    """Close the second of two open requests of one person for one city under two names."""
    if foreseeing.is_declined_by_merging(second, first):
        second.state, second.decided_at, second.decided_by = MembershipState.DECLINED, clock.now(), by
        with translation.override(second.person.language):
            second.reason = str(BELONGS_ALREADY)
        return
    today = clock.now().date()
    second.state = MembershipState.ENDED
    second.ends_on = max(today, second.starts_on or today)
    if first.is_asked and second.is_of_coordinator and not first.is_of_coordinator:
        first.role = MembershipRole.COORDINATOR
        first.save(update_fields=["role"])


def _say(second: Membership, first: Membership) -> None:
    """Tell upper apps what becomes of what hung from the second request, which has moved by now."""
    if second.state == MembershipState.DECLINED:
        notices.tell_declined(second)
        membership_declined.send(sender=Membership, membership=second)
    elif first.state == MembershipState.APPROVED:
        membership_approved.send(sender=Membership, membership=first)
