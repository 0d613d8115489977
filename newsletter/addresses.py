"""The addresses of a subscriber's own pages, made from the subscriber's UUID, whole, as mails need them."""

import uuid
from functools import cache

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from newsletter import tokens

# Stands for the token, which is of safe characters only, in addresses that are kept.
_TOKEN = "token-of-a-subscriber"  # noqa: S105  (no secret)


def confirm_url(identifier: uuid.UUID, language: str) -> str:
    """Return where the subscription is confirmed, in a language; it works for seven days from now."""
    return _in_language("newsletter_confirm", tokens.sign(identifier, "confirm"), language)


def unwanted_url(identifier: uuid.UUID, language: str) -> str:
    """Return where whoever was asked without having asked for it says that they want no further question."""
    return _in_language("newsletter_unwanted", tokens.sign(identifier, "unwanted"), language)


def preferences_url(identifier: uuid.UUID, language: str) -> str:
    """Return where language, country and topics are changed."""
    return _in_language("newsletter_preferences", tokens.sign(identifier, "preferences"), language)


def unsubscribe_url(identifier: uuid.UUID) -> str:
    """Return where the subscription ends: by the button of a mail program (RFC 8058) or by that of the page."""
    # The same whatever language is active: it lies outside those of the languages.
    return _in_language("newsletter_unsubscribe", tokens.sign(identifier, "unsubscribe"), "")


def _in_language(name: str, token: str, language: str) -> str:
    return settings.BASE_URL + _frame(name, language).replace(_TOKEN, token)


@cache
def _frame(name: str, language: str) -> str:
    # A mail to many needs two addresses for each reader, and asking Django for one costs as much as writing the rest.
    with translation.override(language or None):
        return reverse(name, args=[_TOKEN])
