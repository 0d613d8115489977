"""What staff did about subscribers and campaigns: who, when and why.

The database too refuses every change of a row but the one that forgets who it was.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import HistoryStep
from newsletter.enums import CampaignStep, SubscriberStep


class SubscriberChange(HistoryStep):
    """What staff did about one address, with their reason; it goes with the subscriber."""

    subscriber = models.ForeignKey(
        "newsletter.Subscriber", verbose_name=_("subscriber"), on_delete=models.CASCADE, related_name="changes"
    )
    what = models.CharField(_("what"), max_length=16, choices=SubscriberStep.choices)
    reason = models.CharField(_("reason"), max_length=300)

    class Meta(HistoryStep.Meta):
        default_permissions = []
        verbose_name = _("change of a subscriber")
        verbose_name_plural = _("changes of subscribers")
        constraints = [
            models.CheckConstraint(
                condition=Q(what__in=SubscriberStep.values), name="newsletter_subscriber_change_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="newsletter_subscriber_change_has_reason"),
        ]


class CampaignChange(HistoryStep):
    """One step of a campaign that somebody took; what time alone brings is told by the campaign's own moments."""

    campaign = models.ForeignKey(
        "newsletter.Campaign", verbose_name=_("campaign"), on_delete=models.CASCADE, related_name="changes"
    )
    what = models.CharField(_("what"), max_length=16, choices=CampaignStep.choices)

    class Meta(HistoryStep.Meta):
        default_permissions = []
        verbose_name = _("change of a campaign")
        verbose_name_plural = _("changes of campaigns")
        constraints = [
            models.CheckConstraint(condition=Q(what__in=CampaignStep.values), name="newsletter_campaign_change_known"),
        ]
