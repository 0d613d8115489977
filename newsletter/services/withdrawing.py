"""Ending a subscription whose row is locked: the row says so, and the log of consents says that none holds."""

from accounts.services.consents import record_consent
from core import clock
from newsletter import wording as wordings
from newsletter.enums import LeftWhy, SubscriberState
from newsletter.models import Subscriber


def withdraw_locked(
    subscriber: Subscriber, *, why: LeftWhy, channel: str, state: SubscriberState = SubscriberState.LEFT
) -> None:
    """End it in the caller's transaction; what waits in the outbox makes no sense any more and is not sent.

    Call it with the language active in which the sentence is to be logged.
    """
    if subscriber.is_confirmed:
        record_consent(
            purpose=wordings.PURPOSE,
            wording=wordings.leaving(),
            channel=channel,
            given=False,
            person=subscriber.person,
            email=subscriber.email,
        )
    subscriber.state, subscriber.left_at, subscriber.left_why = state, clock.now(), why
    subscriber.wording = {}
    subscriber.save()
