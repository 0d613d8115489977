"""Ending memberships: by those concerned, or because the last day has passed."""

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction

from core import clock
from municipalities import rules, running
from municipalities.enums import MembershipState
from municipalities.errors import (
    DecidedAlready,
    EndsBeforeStart,
    Gone,
    MembershipGone,
    NotDecidedYet,
    NotYours,
)
from municipalities.models import Membership
from municipalities.querysets import MembershipQuerySet
from municipalities.services import held, locks, notices
from municipalities.signals import membership_ended

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def end_membership(*, membership_id: int, by: "User", ends_on: date | None = None) -> Membership:
    """End a membership today, or note the last day where that lies ahead; what was only asked its person takes back.

    Raises NotYours for strangers, MembershipGone, DecidedAlready for what has been declined, NotDecidedYet for what
    somebody else has asked, EndsBeforeStart for a day before the first, and for that of a coordinator who is needed,
    unless staff end it, TeamNeedsCoordinator, TeamOutlastsCoordinators, RequestNeedsCoordinator,
    RequestOutlastsCoordinators or DecisionNeedsCoordinator. Ending twice changes nothing. The person is told of what
    somebody else does, at once in either case.
    """
    membership = locks.membership(membership_id, gone=MembershipGone)
    if not rules.may_end(by, membership):
        raise NotYours
    if membership.state == MembershipState.ENDED:
        return membership
    if membership.state == MembershipState.DECLINED:
        raise DecidedAlready
    if membership.is_asked and by != membership.person:
        # It would read that they belong to the team no longer: whoever decides declines, with a reason.
        raise NotDecidedYet
    today = clock.now().date()
    last = ends_on or today
    if membership.starts_on and last < membership.starts_on:
        raise EndsBeforeStart
    _refuse_abandoning(membership, last, by)
    if membership.state == MembershipState.APPROVED and last >= today and ends_on is not None:
        _note_last_day(membership, last, by)
        return membership
    _end(membership, min(last, today))
    if by != membership.person:
        notices.tell_ended(membership)
    return membership


def end_overdue() -> int:
    """End what has passed its last day, one by one; return how many."""
    ended = 0
    for key in list(Membership.objects.overdue().values_list("pk", flat=True)):
        # One whose person is being erased keeps nobody else's waiting.
        with suppress(Gone), transaction.atomic():
            locks.membership(key)
            ended += close_overdue(Membership.objects.filter(pk=key))
    return ended


def close_overdue(memberships: MembershipQuerySet) -> int:
    """End those of some memberships whose last day has passed; the local government is locked by the caller."""
    found = list(memberships.overdue().select_related("person", "local_government"))
    for membership in found:
        _end(membership, membership.ends_on)
    return len(found)


def _refuse_abandoning(membership: Membership, last: date, by: "User") -> None:
    # Under the city's lock, so that of two coordinators who leave at once one stays. Whose account is closed answers
    # for nothing any more.
    if not (membership.is_of_coordinator and membership.person.is_active):
        return
    is_own = by == membership.person
    if not is_own and rules.may_decide_all(by):
        # What waits comes to staff then. Their own page names beforehand the teams that nobody would coordinate; the
        # city's does not, where one of them ends a colleague's membership.
        return
    city = membership.local_government_id
    teams = running.teams_of([city]).get(city, [])
    if refusal := rules.refusal_to_end(membership, rules.colleagues_of(membership), teams, last, is_own=is_own):
        raise refusal


def _note_last_day(membership: Membership, last: date, by: "User") -> None:
    # The day itself belongs to the membership; the nightly sweep ends it afterwards and writes to nobody.
    if membership.ends_on == last:
        return
    membership.ends_on = last
    membership.save(update_fields=["ends_on"])
    if by != membership.person:
        notices.tell_last_day(membership)


def _end(membership: Membership, last: date) -> None:
    was_asked = membership.is_asked
    membership.state = MembershipState.ENDED
    membership.ends_on = last
    membership.save(update_fields=["state", "ends_on"])
    if was_asked:
        held.drop_decision(membership)
        held.drop_what_nobody_asks(membership.local_government_id)
    membership_ended.send(sender=Membership, membership=membership)
