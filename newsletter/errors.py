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


class AskedOtherwise(NewsletterRefused):
    """Somebody has typed the address into the form again since the page with the button was opened."""

    sentence = _("Somebody has asked for this address again in the meantime. This is what would hold now.")


class EndedAlready(NewsletterRefused):
    """There is nothing to end: nobody asked, or the newsletter goes there no more."""

    sentence = _("This subscription has ended already.")


class BlockedAlready(NewsletterRefused):
    """Somebody of staff was faster."""

    sentence = _("This address is blocked already.")


class NotBlocked(NewsletterRefused):
    """Only a block can be lifted."""

    sentence = _("This address is not blocked.")


class NotSubscribed(NewsletterRefused):
    """Only who gets the newsletter has preferences."""

    sentence = _("This subscription has ended. You can subscribe again.")
