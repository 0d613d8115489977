"""States and choices of the newsletter app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SubscriberState(models.TextChoices):
    """Where a subscription stands; only a confirmed one gets mail."""

    ASKED = "asked", _("Not confirmed yet")
    CONFIRMED = "confirmed", _("Confirmed")
    LEFT = "left", _("Unsubscribed")
    BLOCKED = "blocked", _("Blocked")


# Those who get nothing, whatever is sent, and since when.
GONE_STATES = (SubscriberState.LEFT, SubscriberState.BLOCKED)


class LeftWhy(models.TextChoices):
    """How a subscription ended."""

    LINK = "link", _("the link in a mail")
    ONE_CLICK = "one-click", _("the button of a mail program")
    PREFERENCES = "preferences", _("the page of preferences")
    COMPLAINT = "complaint", _("a complaint about a mail")
    STAFF = "staff", _("staff")
