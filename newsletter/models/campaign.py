"""One sending of an issue: to whom, how far it has come, and what became of it."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from newsletter.enums import ENDED, UNDER_WAY, CampaignState


def no_limits() -> dict[str, list[str]]:
    """Return the audience of everybody who subscribed."""
    return {"interests": [], "languages": [], "countries": []}


class Campaign(models.Model):
    """An issue on its way to many. Its words and its audience are those of the moment at which it was started.

    `audience` narrows by interest, language and country; an empty list narrows nothing. `editions` holds, by language,
    the page, its revision and the words that leave. `counted` is who gets what, `closing` the books once nothing moves
    any more, counted again before the first message is deleted.
    """

    uuid = models.UUIDField(_("identifier"), unique=True, default=uuid.uuid4, editable=False)
    issue = models.UUIDField(_("issue"), db_index=True)
    title = models.CharField(_("title"), max_length=255)
    state = models.CharField(
        _("state"), max_length=12, choices=CampaignState.choices, default=CampaignState.DRAFT, editable=False
    )
    audience = models.JSONField(_("audience"), default=no_limits)
    editions = models.JSONField(_("editions"), default=dict, editable=False)
    counted = models.JSONField(_("recipients by language"), default=list, editable=False)
    closing = models.JSONField(_("closing books"), default=dict, editable=False)
    mailing = models.OneToOneField(
        "mail.Mailing", verbose_name=_("mailing"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    created_at = models.DateTimeField(_("prepared"), default=clock.now, editable=False)
    frozen_at = models.DateTimeField(_("frozen"), null=True, editable=False)
    starts_at = models.DateTimeField(_("leaves"), null=True, editable=False)
    paused_at = models.DateTimeField(_("paused"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-created_at", "-pk"]
        default_permissions = ["add", "change", "view"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=CampaignState.values), name="newsletter_campaign_state_known"),
            models.CheckConstraint(
                condition=Q(state=CampaignState.DRAFT, frozen_at=None, starts_at=None, mailing=None)
                | ~Q(state=CampaignState.DRAFT)
                & Q(frozen_at__isnull=False, starts_at__isnull=False, mailing__isnull=False),
                name="newsletter_campaign_frozen_has_mailing",
            ),
            models.CheckConstraint(
                condition=Q(state=CampaignState.PAUSED, paused_at__isnull=False)
                | ~Q(state=CampaignState.PAUSED) & Q(paused_at=None),
                name="newsletter_campaign_paused_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED, finished_at__isnull=False) | ~Q(state__in=ENDED) & Q(finished_at=None),
                name="newsletter_campaign_ended_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state=CampaignState.SENT) | ~Q(closing={}), name="newsletter_campaign_sent_has_books"
            ),
            models.UniqueConstraint(
                fields=["issue"], condition=Q(state__in=UNDER_WAY), name="newsletter_campaign_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_draft(self) -> bool:
        """Whether nobody has been asked to get it yet."""
        return self.state == CampaignState.DRAFT

    @property
    def is_under_way(self) -> bool:
        """Whether something may still leave, now or after a pause."""
        return self.state in UNDER_WAY

    @property
    def is_cancelled(self) -> bool:
        """Whether what had not begun to leave was taken back."""
        return self.state == CampaignState.CANCELLED

    @property
    def has_begun(self) -> bool:
        """Whether the moment of leaving has come."""
        return self.starts_at is not None and self.starts_at <= clock.now()

    @property
    def shown_state(self) -> Any:
        """The state in words; the moment of leaving counts even before the sweep has noticed it."""
        is_sending = self.state == CampaignState.FROZEN and self.has_begun
        return CampaignState.SENDING.label if is_sending else CampaignState(self.state).label
