"""What the newsletter refuses, each with a sentence for the person."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class NewsletterRefused(Exception):
    """Something that cannot be done; `sentence` says why and what to do instead."""

    sentence: str | Promise = ""

    def __init__(self) -> None:
        super().__init__(str(self.sentence))


class NotAsked(NewsletterRefused):
    """Nobody waits to be confirmed: the subscription has ended, or was never asked for."""

    sentence = _("This subscription has ended. You can subscribe again.")


class NotSubscribed(NewsletterRefused):
    """Only who gets the newsletter has preferences."""

    sentence = _("This subscription has ended. You can subscribe again.")
