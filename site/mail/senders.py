"""Who mail of a stream comes from and where its answers go."""

from django.conf import settings

from mail.addresses import split


def sender(stream: str) -> tuple[str, str]:
    """Return (name, address) of the stream's sender: its own, or the site's."""
    return split(settings.MAIL_SENDERS.get(stream) or settings.DEFAULT_FROM_EMAIL)


def reply_to(stream: str) -> str:
    """Return where answers to mail of the stream go; empty when they go to the sender."""
    return settings.MAIL_REPLY_TOS.get(stream) or settings.MAIL_REPLY_TO
