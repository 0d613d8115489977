"""What somebody has decided and can still take back: nobody decides otherwise meanwhile.

All that looks or writes here holds the lock of the local government.
"""

from municipalities.errors import DecidedAndHeld
from municipalities.models import HeldDecision, Membership


def need_none_about_request(membership: Membership) -> None:
    """Raise DecidedAndHeld where a request, or the whole city that it asks for, is decided about already."""
    if HeldDecision.objects.about_request(membership).exists():
        raise DecidedAndHeld


def need_none_about_city(local_government_id: int) -> None:
    """Raise DecidedAndHeld where a proposed city, or a request for it, is decided about already."""
    if HeldDecision.objects.about_city(local_government_id).exists():
        raise DecidedAndHeld


def need_not_refused(local_government_id: int) -> None:
    """Raise DecidedAndHeld where a proposed city is refused or merged; approving somebody only lists it too."""
    if HeldDecision.objects.filter(local_government=local_government_id).exists():
        raise DecidedAndHeld


def drop_decision(membership: Membership) -> None:
    """Let go what somebody decided about a request that is taken back, or says something else from now on."""
    for decision in HeldDecision.objects.filter(membership=membership).locked():
        decision.delete()


def drop_what_nobody_asks(local_government_id: int) -> None:
    """Let go what somebody decided about a proposed city that nobody asks for any more: no row could take it back."""
    if not Membership.objects.asked().filter(local_government=local_government_id).exists():
        for decision in HeldDecision.objects.filter(local_government=local_government_id).locked():
            decision.delete()
