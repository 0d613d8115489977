"""From asking for the newsletter to leaving it: the row says what holds, the log of consents what was decided."""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q
from django.utils import translation

from accounts.models import User
from accounts.services.consents import Wording, record_consent
from core import clock
from core.emailkeys import email_key, one_spelling
from core.models import Term
from mail.services import take_back_objections
from newsletter import wording as wordings
from newsletter.enums import GONE_STATES, LeftWhy, SubscriberState
from newsletter.errors import AskedOtherwise, NotAsked, NotSubscribed
from newsletter.models import Subscriber
from newsletter.models.subscriber import INTERESTS
from newsletter.services import notices, rowlock, withdrawing

# So long a second request for the same address brings no second mail.
BETWEEN_MAILS = timedelta(hours=1)
# Where consent was withdrawn, as the log keeps it.
BY_PROVIDER = "provider"
# In English, like the words of servers that stand in the same place.
SUBSCRIBED_SINCE = "Subscribed to the newsletter and confirmed it since."


@transaction.atomic
def ask(*, email: str, language: str, country: str, interests: Collection[str], channel: str, wording: Wording) -> None:
    """Take down that somebody asked for the newsletter at this address, and ask for the mail that finds out who.

    Nothing is sent to the address before its owner has confirmed, and nothing here tells whether it was known: one
    that is confirmed already keeps its choices and gets a mail that says so, one that is blocked gets none.
    """
    said = {**asdict(wording), "channel": channel}
    subscriber, is_new = _found_or_made(email, language, said)
    if subscriber.state == SubscriberState.BLOCKED:
        return
    if subscriber.is_confirmed:
        notices.say_known(subscriber, language)
        return
    now = clock.now()
    is_again = subscriber.state == SubscriberState.LEFT or now - subscriber.asked_at >= BETWEEN_MAILS
    # Without a new moment the question keeps its key, so the outbox takes it for the one that it has.
    if is_new or (is_again and not notices.has_been_asked_enough(subscriber)):
        subscriber.asked_at = now
    subscriber.email, subscriber.language, subscriber.country = email, language, country
    subscriber.wording = said
    subscriber.state, subscriber.confirmed_at = SubscriberState.ASKED, None
    subscriber.left_at, subscriber.left_why = None, ""
    subscriber.save()
    _choose(subscriber, interests)
    notices.ask_to_confirm(subscriber)


def asked_for(subscriber: Subscriber) -> str:
    """Return a mark of what somebody asked for, which changes with each of its words and choices."""
    topics = sorted(term.slug for term in subscriber.interests.all())
    asked = [subscriber.wording, subscriber.language, subscriber.country, topics]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def confirm(*, subscriber_id: int, shown: str | None = None) -> Subscriber:
    """Let the newsletter go to an address whose owner has said yes, and log the sentence they agreed to.

    Complaints and objections of former days are taken off the suppression list: they are older. Confirming twice
    changes nothing. Raises NotAsked for a subscription that has ended, and AskedOtherwise where `shown`, the mark of
    what the person has read, is not that of what they would agree to.
    """
    subscriber = rowlock.lock(subscriber_id)
    if subscriber.is_confirmed:
        return subscriber
    if subscriber.state != SubscriberState.ASKED:
        raise NotAsked
    if shown is not None and shown != asked_for(subscriber):
        raise AskedOtherwise
    said = subscriber.wording
    subscriber.person = subscriber.person or _owner(subscriber.email)
    record_consent(
        purpose=wordings.PURPOSE,
        wording=Wording(text=said["text"], version=said["version"], language=said["language"]),
        channel=said["channel"],
        person=subscriber.person,
        email=subscriber.email,
    )
    subscriber.state, subscriber.confirmed_at, subscriber.wording = SubscriberState.CONFIRMED, clock.now(), {}
    subscriber.save()
    # This yes is newer than any no that a provider told us.
    take_back_objections(address=subscriber.email, note=SUBSCRIBED_SINCE)
    return subscriber


@transaction.atomic
def change_preferences(*, subscriber_id: int, language: str, country: str, interests: Collection[str]) -> None:
    """Change what somebody reads and in which language; raises NotSubscribed unless they are confirmed."""
    subscriber = rowlock.lock(subscriber_id)
    if not subscriber.is_confirmed:
        raise NotSubscribed
    subscriber.language, subscriber.country = language, country
    subscriber.save(update_fields=["language", "country"])
    _choose(subscriber, interests)


@transaction.atomic
def leave(*, subscriber_id: int, why: LeftWhy, channel: str) -> None:
    """End a subscription, and log that the consent is withdrawn if there was one; leaving twice changes nothing.

    What waits in the outbox for this address makes no sense any more and is not sent. Call it with the language
    active in which the person said so.
    """
    subscriber = rowlock.lock(subscriber_id)
    if subscriber.state in GONE_STATES:
        return
    withdrawing.withdraw_locked(subscriber, why=why, channel=channel)


@transaction.atomic
def ask_no_more(*, subscriber_id: int, channel: str) -> None:
    """Block an address whose owner wants no question about the newsletter any more; whatever it had asked for ends.

    It stays so until staff lift the block. Doing it twice changes nothing, and neither does doing it where staff
    have blocked the address. Call it with the language active in which the person said so.
    """
    subscriber = rowlock.lock(subscriber_id)
    if subscriber.state == SubscriberState.BLOCKED:
        return
    withdrawing.withdraw_locked(subscriber, why=LeftWhy.UNWANTED, channel=channel, state=SubscriberState.BLOCKED)


@transaction.atomic
def leave_by_report(*, address: str, why: LeftWhy, kind: str, at: datetime) -> bool:
    """End the subscription of an address, if there is one, since a provider tells that its owner objected by `at`.

    `kind` is that of the mail they spoke of, empty where it is not known. Returns whether its owner has said yes since,
    which is the newer word, so that nothing has changed. A question that was asked since stays open too, but is no
    yes; one that they complain about is the last.
    """
    subscriber = rowlock.locked_by_address(email_key(address))
    if subscriber is None or subscriber.state in GONE_STATES:
        return False
    said_at = subscriber.confirmed_at if subscriber.is_confirmed else subscriber.asked_at
    if said_at is not None and said_at > at:
        return subscriber.is_confirmed
    # A question that is reported as spam went to somebody who had not asked: as if they had said so by its link.
    is_unwanted = why == LeftWhy.COMPLAINT and kind == notices.CONFIRM and not subscriber.is_confirmed
    state = SubscriberState.BLOCKED if is_unwanted else SubscriberState.LEFT
    with translation.override(subscriber.language):
        withdrawing.withdraw_locked(subscriber, why=why, channel=BY_PROVIDER, state=state)
    return False


@transaction.atomic
def claim_subscription(*, person: User, address: str) -> int:
    """Link the subscription under `address`, which the caller knows to be verified, to its account."""
    return Subscriber.objects.filter(email_key=email_key(address), person=None).update(person=person)


def _found_or_made(email: str, language: str, said: dict[str, str]) -> tuple[Subscriber, bool]:
    """Return the row of an address, locked, made now if there is none."""
    made = Subscriber(email=email, email_key=email_key(email), language=language, wording=said)
    subscriber = rowlock.lock(rowlock.found_or_made(made))
    return subscriber, subscriber.uuid == made.uuid


def _owner(email: str) -> User | None:
    found = EmailAddress.objects.filter(email=one_spelling(email), verified=True).select_related("user").first()
    return found.user if found else None


def _choose(subscriber: Subscriber, interests: Iterable[str]) -> None:
    # What was chosen before it was retired may stay: without any topic somebody would get all of them.
    open_to = Q(is_active=True) | Q(pk__in=list(subscriber.interests.values_list("pk", flat=True)))
    subscriber.interests.set(Term.objects.of(INTERESTS).filter(open_to, slug__in=list(interests)))
