"""States and choices of the newsletter app."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


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
    UNWANTED = "unwanted", _("a question that was unwanted")
    STAFF = "staff", _("staff")


class SubscriberStep(models.TextChoices):
    """What staff did about an address."""

    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
    BLOCKED = "blocked", _("Blocked")
    UNBLOCKED = "unblocked", _("Unblocked")


class CampaignStep(models.TextChoices):
    """What staff did with a campaign."""

    STARTED = "started", _("Started")
    PAUSED = "paused", _("Paused")
    RESUMED = "resumed", _("Resumed")
    CANCELLED = "cancelled", pgettext_lazy("campaign", "Cancelled")


class CampaignState(models.TextChoices):
    """How far the sending of an issue has come."""

    DRAFT = "draft", _("Draft")
    FROZEN = "frozen", _("Frozen, not leaving yet")
    SENDING = "sending", _("Being sent")
    PAUSED = "paused", _("Paused")
    SENT = "sent", _("Sent")
    CANCELLED = "cancelled", pgettext_lazy("campaign", "Cancelled")


# An issue has at most one campaign in these, so that nobody is on two lists at once.
UNDER_WAY = (CampaignState.FROZEN, CampaignState.SENDING, CampaignState.PAUSED)
ENDED = (CampaignState.SENT, CampaignState.CANCELLED)
