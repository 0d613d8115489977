"""What staff do about an address: end its subscription, block it, lift the block; each with a reason that is kept.

A blocked address gets no newsletter and cannot ask for it: whoever tries gets the answer that everybody gets, and no
mail. Lifting the block brings no subscription back; the address may ask anew.
"""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import translation

from accounts.enums import Channel
from core import clock, languages
from core.emailkeys import email_key
from newsletter.enums import GONE_STATES, LeftWhy, SubscriberState, SubscriberStep
from newsletter.errors import BlockedAlready, EndedAlready, NotBlocked
from newsletter.models import Subscriber, SubscriberChange
from newsletter.services import rowlock, withdrawing

if TYPE_CHECKING:
    from accounts.models import User

# As the database keeps it; what is noted with an entry of the suppression list may be longer.
LONGEST_REASON = 300


@transaction.atomic
def unsubscribe_by_staff(*, subscriber_id: int, by: "User", reason: str) -> Subscriber:
    """End a subscription that its person did not end, and log that the consent does not hold any more.

    Raises EndedAlready, and Subscriber.DoesNotExist for one that was erased meanwhile.
    """
    subscriber = rowlock.lock(subscriber_id)
    if subscriber.state in GONE_STATES:
        raise EndedAlready
    _end(subscriber, SubscriberState.LEFT)
    _note(subscriber, SubscriberStep.UNSUBSCRIBED, by, reason)
    return subscriber


@transaction.atomic
def unsubscribe_address(*, email: str, by: "User | None", reason: str) -> None:
    """End the subscription of an address, if there is one, whose owner asked staff for no mail to many."""
    subscriber = rowlock.locked_by_address(email_key(email))
    if subscriber is None or subscriber.state in GONE_STATES:
        return
    _end(subscriber, SubscriberState.LEFT)
    _note(subscriber, SubscriberStep.UNSUBSCRIBED, by, reason)


@transaction.atomic
def block_address(*, email: str, by: "User", reason: str) -> Subscriber:
    """Let no newsletter go to an address, whether it is known or not, and let nobody subscribe it.

    Raises BlockedAlready.
    """
    subscriber = _found_or_made(email)
    if subscriber.state == SubscriberState.BLOCKED:
        raise BlockedAlready
    _end(subscriber, SubscriberState.BLOCKED)
    _note(subscriber, SubscriberStep.BLOCKED, by, reason)
    return subscriber


@transaction.atomic
def unblock_subscriber(*, subscriber_id: int, by: "User", reason: str) -> Subscriber:
    """Let an address ask for the newsletter again; until it does and confirms, nothing is sent there.

    Raises NotBlocked, and Subscriber.DoesNotExist for one that was erased meanwhile.
    """
    subscriber = rowlock.lock(subscriber_id)
    if subscriber.state != SubscriberState.BLOCKED:
        raise NotBlocked
    # From now on it is kept as long as any other that has ended.
    subscriber.state, subscriber.left_at = SubscriberState.LEFT, clock.now()
    subscriber.save(update_fields=["state", "left_at"])
    _note(subscriber, SubscriberStep.UNBLOCKED, by, reason)
    return subscriber


def _found_or_made(email: str) -> Subscriber:
    """Return the row of an address, locked; one that nobody knew stands as left, since nobody asked for it."""
    made = Subscriber(
        email=email,
        email_key=email_key(email),
        language=languages.current(),
        state=SubscriberState.LEFT,
        left_at=clock.now(),
        left_why=LeftWhy.STAFF,
    )
    return rowlock.lock(rowlock.found_or_made(made))


def _end(subscriber: Subscriber, state: SubscriberState) -> None:
    # The log speaks the language in which the person agreed, not that of whoever acts for them.
    with translation.override(subscriber.language):
        withdrawing.withdraw_locked(subscriber, why=LeftWhy.STAFF, channel=Channel.STAFF, state=state)


def _note(subscriber: Subscriber, what: SubscriberStep, by: "User | None", reason: str) -> None:
    SubscriberChange.objects.create(subscriber=subscriber, what=what, by=by, reason=reason[:LONGEST_REASON])
