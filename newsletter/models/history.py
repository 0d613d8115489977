"""What staff did about subscribers and campaigns: who, when and why. Rows are added, never changed."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from newsletter.enums import CampaignStep, SubscriberStep


class Step(models.Model):
    """One thing that staff did; the database refuses every change but the one that forgets who it was."""

    at = models.DateTimeField(_("when"), default=clock.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        abstract = True
        ordering = ["at", "pk"]
        default_permissions = []

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the step; a written one is never written again."""
        if not self._state.adding:
            raise TypeError("A history is only ever added to.")
        super().save(*args, **kwargs)


class SubscriberChange(Step):
    """What staff did about one address, with their reason; it goes with the subscriber."""

    subscriber = models.ForeignKey(
        "newsletter.Subscriber", verbose_name=_("subscriber"), on_delete=models.CASCADE, related_name="changes"
    )
    what = models.CharField(_("what"), max_length=16, choices=SubscriberStep.choices)
    reason = models.CharField(_("reason"), max_length=300)

    class Meta(Step.Meta):
        verbose_name = _("change of a subscriber")
        verbose_name_plural = _("changes of subscribers")
        constraints = [
            models.CheckConstraint(
                condition=Q(what__in=SubscriberStep.values), name="newsletter_subscriber_change_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="newsletter_subscriber_change_has_reason"),
        ]

    def __str__(self) -> str:
        return self.get_what_display()


class CampaignChange(Step):
    """One step of a campaign that somebody took; what time alone brings is told by the campaign's own moments."""

    campaign = models.ForeignKey(
        "newsletter.Campaign", verbose_name=_("campaign"), on_delete=models.CASCADE, related_name="changes"
    )
    what = models.CharField(_("what"), max_length=16, choices=CampaignStep.choices)

    class Meta(Step.Meta):
        verbose_name = _("change of a campaign")
        verbose_name_plural = _("changes of campaigns")
        constraints = [
            models.CheckConstraint(condition=Q(what__in=CampaignStep.values), name="newsletter_campaign_change_known"),
        ]

    def __str__(self) -> str:
        return self.get_what_display()
