"""Deciding what writes to more than one person: read first, held for the undo window, carried out or taken back."""

import logging
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from accounts.services.ending import may_be_given
from core import clock
from mail import undo
from municipalities import rules
from municipalities.enums import DecisionKind
from municipalities.errors import DecidedAndHeld, MembershipError, NotRehearsed, NotYours, TooLateToTakeBack
from municipalities.models import HeldDecision, LocalGovernment, Membership
from municipalities.services import deciding, locks, refusing
from municipalities.services.foreseeing import (
    ToBeTold,
    foresee_approving,
    foresee_declining,
    foresee_merging,
    foresee_refusing,
)

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)


@transaction.atomic
def approve_or_hold(
    *, membership_id: int, by: "User", seen: str | None = None, rehearsed: str = ""
) -> Membership | HeldDecision:
    """Approve a request at once where that writes to its person alone, or else when the undo window has passed.

    `rehearsed` is what whoever decides has read of whom it tells (`ToBeTold.mark`). Raises as `approve_membership`
    does, and NotRehearsed where it tells others. Deciding so twice changes nothing.
    """
    membership = locks.membership(membership_id)
    if deciding.is_approved(membership, by=by, seen=seen):
        return membership
    wanted = HeldDecision(kind=DecisionKind.APPROVE, membership=membership, seen=membership.as_asked, by=by)
    if known := _known(wanted, HeldDecision.objects.about_request(membership)):
        return known
    if _is_held(wanted, foresee_approving(membership), rehearsed):
        return wanted
    return deciding.approve_membership(membership_id=membership_id, by=by, seen=seen)


@transaction.atomic
def decline_or_hold(*, membership_id: int, by: "User", reason: str, rehearsed: str = "") -> Membership | HeldDecision:
    """Decline a request at once where that writes to its person alone, or else when the undo window has passed.

    It tells others where the seats that its drafts hold go to those who wait. Raises as `decline_membership` does, and
    NotRehearsed as `approve_or_hold` does. Twice changes nothing.
    """
    membership = locks.membership(membership_id)
    if deciding.is_declined(membership, by=by):
        return membership
    wanted = HeldDecision(kind=DecisionKind.DECLINE, membership=membership, reason=reason, by=by)
    if known := _known(wanted, HeldDecision.objects.about_request(membership)):
        return known
    if _is_held(wanted, foresee_declining(membership, reason=reason), rehearsed):
        return wanted
    return deciding.decline_membership(membership_id=membership_id, by=by, reason=reason)


@transaction.atomic
def refuse_or_hold(
    *, local_government_id: int, by: "User", same_as: int | None = None, reason: str = "", rehearsed: str = ""
) -> LocalGovernment | HeldDecision:
    """Refuse or merge a proposed city at once where that writes to one person, or else when the window has passed.

    Raises as `refuse_local_government` does, and NotRehearsed as `approve_or_hold` does. Twice changes nothing.
    """
    city, target = refusing.locked_to_refuse(local_government_id, by=by, same_as=same_as)
    if target is None:
        found = foresee_refusing(city, reason=reason)
        wanted = HeldDecision(kind=DecisionKind.REFUSE, local_government=city, reason=reason, by=by)
    else:
        found = foresee_merging(city, target)
        wanted = HeldDecision(kind=DecisionKind.MERGE, local_government=city, same_as=target, by=by)
    if known := _known(wanted, HeldDecision.objects.about_city(city.pk)):
        return known
    if _is_held(wanted, found, rehearsed):
        return wanted
    return refusing.refuse_local_government(local_government_id=city.pk, by=by, same_as=same_as, reason=reason)


def _known(wanted: HeldDecision, about: Any) -> HeldDecision | None:
    """Return what is held already where it is the very decision that is wanted; raises DecidedAndHeld for another."""
    same = ("kind", "membership_id", "seen", "local_government_id", "same_as_id", "reason")
    for one in about:
        if all(getattr(one, name) == getattr(wanted, name) for name in same):
            return one
        raise DecidedAndHeld
    return None


def _is_held(wanted: HeldDecision, found: ToBeTold, rehearsed: str) -> bool:
    """Hold a decision that tells many, once it has been read whom; one that tells one person is not held."""
    if not found.is_to_many:
        return False
    if rehearsed != found.mark:
        raise NotRehearsed
    wanted.decided_at = clock.now()
    wanted.takes_effect_at = undo.leaves_at(since=wanted.decided_at)
    if wanted.takes_effect_at == wanted.decided_at:
        return False
    if not may_be_given(person_id=wanted.by_id):
        # Whoever ends the account of who decides has looked for what goes with it already. That of who asked is ended
        # under the lock of their city.
        raise NotYours
    wanted.save()
    return True


@transaction.atomic
def take_back_decision(*, decision_id: int, by: "User") -> None:
    """Take back what has not taken effect: as if nobody had decided. Raises NotYours and TooLateToTakeBack."""
    decision = _locked(decision_id)
    if decision is None:
        raise TooLateToTakeBack
    if not _may_take_back(by, decision):
        raise NotYours
    decision.delete()


def _may_take_back(person: "User", decision: HeldDecision) -> bool:
    if decision.membership is not None:
        return rules.may_approve(person, decision.membership)
    return rules.may_decide_all(person)


def let_decisions_go() -> int:
    """Take back all that is held, in nobody's name; return how much it was.

    For a site that was restored: the lost one may have carried it out after the backup, and written to everybody.
    """
    if HeldDecision._meta.db_table not in connection.introspection.table_names():
        # The backup is of an earlier release, which held none.
        return 0
    return HeldDecision.objects.all().delete()[0]


def carry_out_decisions() -> list[int]:
    """Carry out, one by one, what was held for the undo window; return the keys of what was done.

    What cannot be done any more, since somebody has left or whoever decided has lost the right, is dropped: it waits in
    the queue as if nobody had decided.
    """
    done = []
    for key in list(HeldDecision.objects.due().order_by("takes_effect_at", "pk").values_list("pk", flat=True)):
        try:
            if _carry_out(key):
                done.append(key)
        except Exception:
            # The others shall not wait for this one; the next sweep tries again, and it can be taken back.
            logger.exception("What was decided under number %s could not be carried out", key)
    return done


@transaction.atomic
def _carry_out(key: int) -> bool:
    """Carry out one decision, unless another sweep has, or somebody has taken it back."""
    decision = _locked(key)
    if decision is None or not decision.is_due:
        return False
    if not may_be_given(person_id=decision.by_id):
        # Whoever ends the account of who decided would wait for the row that is locked here, and what is written here
        # leads to the account. The decision goes with it, or is found by the next sweep.
        return False
    # First: nothing may be decided by hand while something is held.
    decision.delete()
    try:
        with transaction.atomic():
            _decide(decision)
    except MembershipError as refusal:
        logger.warning("What was decided under number %s is dropped: %s", key, type(refusal).__name__)
        return False
    return True


def _decide(decision: HeldDecision) -> None:
    if decision.membership_id is not None:
        if decision.kind == DecisionKind.APPROVE:
            deciding.approve_membership(membership_id=decision.membership_id, by=decision.by, seen=decision.seen)
        else:
            deciding.decline_membership(membership_id=decision.membership_id, by=decision.by, reason=decision.reason)
    elif decision.local_government_id is not None:
        refusing.refuse_local_government(
            local_government_id=decision.local_government_id,
            by=decision.by,
            same_as=decision.same_as_id,
            reason=decision.reason,
        )


def _locked(key: int) -> HeldDecision | None:
    """Return a decision, locked after all that it is about, in the order of `locks`; None where it went."""
    found = HeldDecision.objects.filter(pk=key).first()
    if found is None:
        return None
    if found.membership_id is not None:
        try:
            locks.membership(found.membership_id)
        except MembershipError:
            return None
    else:
        locks.local_governments([one for one in (found.local_government_id, found.same_as_id) if one is not None])
    return HeldDecision.objects.filter(pk=key).locked().select_related("by", "membership").first()
