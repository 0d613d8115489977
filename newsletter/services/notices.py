"""Asking for the mails about a subscription; the key says what the mail is for, so asking twice sends once."""

from core import clock
from mail.services import enqueue
from newsletter import tokens
from newsletter.models import Subscriber

CONFIRM = "newsletter-confirm"
KNOWN = "newsletter-known"


def ask_to_confirm(subscriber: Subscriber) -> None:
    """Ask for the mail with the link that confirms, one for each time that somebody asked."""
    _ask(CONFIRM, subscriber, f"{subscriber.asked_at:%Y%m%d%H%M%S%f}")


def say_known(subscriber: Subscriber, language: str) -> None:
    """Ask for the mail that says what this address has already; at most one an hour, so that nobody is bombed."""
    _ask(KNOWN, subscriber, f"{clock.now():%Y%m%d%H}", language=language)


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
