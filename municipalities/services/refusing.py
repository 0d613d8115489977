"""Refusing a proposed local government, or finding that it is one we know already."""

from typing import TYPE_CHECKING

from django.db import transaction

from core import clock
from municipalities import rules
from municipalities.enums import MembershipState, Standing
from municipalities.errors import NotProposed, NotRepresentable, NotYours
from municipalities.models import LocalGovernment
from municipalities.services import deciding, locks, notices
from municipalities.signals import local_government_merged

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
    there = set(target.memberships.open().values_list("person_id", flat=True))
    moving = list(source.memberships.select_for_update(of=("self",)).select_related("person"))
    for membership in moving:
        membership.local_government = target
        if membership.is_open and membership.person_id in there:
            # They asked for the same city twice, under two names: the request that was there first stands.
            membership.state = MembershipState.ENDED
            membership.ends_on = max(clock.now().date(), membership.starts_on or clock.now().date())
        membership.save(update_fields=["local_government", "state", "ends_on"])
        if membership.is_asked:
            notices.tell_coordinators(membership)
    local_government_merged.send(sender=LocalGovernment, source_id=source.pk, target_id=target.pk)
