"""Asking for mails about memberships; the key says what the mail is for, so asking twice sends once."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.backends import ModelBackend

from core import clock
from mail.services import enqueue_to
from municipalities import rules
from municipalities.models import Membership

if TYPE_CHECKING:
    from accounts.models import User

APPROVED = "membership-approved"
DECLINED = "membership-declined"
ENDED = "membership-ended"
LAST_DAY = "membership-last-day"
APPOINTED = "membership-coordinator"
ASKED = "membership-asked"
QUEUE = "membership-queue"
# Whoever reads of a request or of the queue later finds it decided.
ASKED_LASTS = timedelta(days=14)
QUEUE_LASTS = timedelta(hours=20)


def tell_approved(membership: Membership) -> None:
    """Ask for the mail that says yes."""
    _ask(APPROVED, membership, membership.person)


def tell_declined(membership: Membership) -> None:
    """Ask for the mail that says no, with the reason."""
    _ask(DECLINED, membership, membership.person)


def tell_ended(membership: Membership) -> None:
    """Ask for the mail to somebody whose membership another person has ended."""
    _ask(ENDED, membership, membership.person)


def tell_last_day(membership: Membership) -> None:
    """Ask for the mail to somebody whose last day another person has noted; each change of the day is told."""
    enqueue_to(
        membership.person,
        key=f"{LAST_DAY}:{membership.pk}:{membership.ends_on}:{clock.now().isoformat()}",
        kind=LAST_DAY,
        params={"membership": membership.pk, "last_day": f"{membership.ends_on}"},
    )


def tell_appointed(membership: Membership) -> None:
    """Ask for the mail to somebody who answers for the team from now on."""
    _ask(APPOINTED, membership, membership.person)


def tell_coordinators(membership: Membership, *, due_at: datetime | None = None) -> None:
    """Ask for a mail to each current coordinator: a colleague would like to belong to the team.

    Who has taken the request back before it is due disturbs nobody.
    """
    coordinators = Membership.objects.deciding().select_related("person")
    for one in coordinators.filter(local_government_id=membership.local_government_id):
        if one.person_id != membership.person_id:
            _ask(ASKED, membership, one.person, expires_in=ASKED_LASTS, due_at=due_at)


def remind_staff() -> int:
    """Ask for one mail a day to each who may decide, while something waits for staff; return how many were asked."""
    if not Membership.objects.waiting_for_staff().exists():
        return 0
    now = clock.now()
    deciding = list(ModelBackend().with_perm(rules.CHANGE_MEMBERSHIPS).order_by("pk"))
    for person in deciding:
        key = f"{QUEUE}:{now:%Y%m%d}:{person.pk}"
        enqueue_to(person, key=key, kind=QUEUE, params={}, expires_at=now + QUEUE_LASTS)
    return len(deciding)


def _ask(
    kind: str,
    membership: Membership,
    to: "User",
    *,
    expires_in: timedelta | None = None,
    due_at: datetime | None = None,
) -> None:
    enqueue_to(
        to,
        key=f"{kind}:{membership.pk}:{to.pk}",
        kind=kind,
        params={"membership": membership.pk},
        due_at=due_at,
        expires_at=clock.now() + expires_in if expires_in else None,
    )
