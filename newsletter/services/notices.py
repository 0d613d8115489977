"""Asking for the mails about a subscription; the key says what the mail is for, so asking twice sends once."""

from django.db.models.functions import Lower

from core import clock
from mail.addresses import envelope_address
from mail.models import Message
from mail.services import enqueue
from newsletter import tokens
from newsletter.models import Subscriber

CONFIRM = "newsletter-confirm"
KNOWN = "newsletter-known"
# So many questions an address gets while the first of them can still be answered.
MOST_QUESTIONS = 3


def ask_to_confirm(subscriber: Subscriber) -> None:
    """Ask for the mail with the link that confirms, one for each time that somebody asked."""
    _ask(CONFIRM, subscriber, f"{subscriber.asked_at:%Y%m%d%H%M%S%f}")


def has_been_asked_enough(subscriber: Subscriber) -> bool:
    """Whether an address has had so many questions of late that whoever asks again is hardly its owner."""
    # As the outbox keeps it, which differs from what was typed where the domain is international.
    address = envelope_address(subscriber.email).lower()
    asked = Message.objects.alias(address=Lower("to_address")).filter(address=address, kind=CONFIRM)
    return asked.filter(created_at__gt=clock.now() - tokens.LASTS["confirm"]).count() >= MOST_QUESTIONS


def say_known(subscriber: Subscriber, language: str) -> None:
    """Ask for the mail that says what this address has already; at most one a day, so that nobody is bombed."""
    _ask(KNOWN, subscriber, f"{clock.now():%Y%m%d}", language=language)


def _ask(kind: str, subscriber: Subscriber, occasion: str, *, language: str = "") -> None:
    enqueue(
        key=f"{kind}:{subscriber.uuid}:{occasion}",
        kind=kind,
        to=subscriber.email,
        language=language or subscriber.language,
        params={"subscriber": subscriber.pk},
        expires_at=clock.now() + tokens.LASTS["confirm"],
        person=subscriber.person,
    )
