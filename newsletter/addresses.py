"""The addresses of a subscriber's own pages, whole, as mails need them."""

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from newsletter import tokens
from newsletter.models import Subscriber


def confirm_url(subscriber: Subscriber, language: str) -> str:
    """Return where the subscription is confirmed, in a language; it works for seven days from now."""
    return _in_language("newsletter_confirm", tokens.sign(subscriber.uuid, "confirm"), language)


def preferences_url(subscriber: Subscriber, language: str) -> str:
    """Return where language, country and topics are changed."""
    return _in_language("newsletter_preferences", tokens.sign(subscriber.uuid, "preferences"), language)


def unsubscribe_url(subscriber: Subscriber) -> str:
    """Return where the subscription ends: by the button of a mail program (RFC 8058) or by that of the page."""
    path = reverse("newsletter_unsubscribe", args=[tokens.sign(subscriber.uuid, "unsubscribe")])
    return settings.BASE_URL + path


def _in_language(name: str, token: str, language: str) -> str:
    with translation.override(language):
        return settings.BASE_URL + reverse(name, args=[token])
