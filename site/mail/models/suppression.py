"""Addresses that must not be written to, and the history of how they came there and left."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from mail.enums import REPORTED, STOPS_EVERYTHING, SuppressionReason, SuppressionStep
from mail.querysets import SuppressionQuerySet

_HASH = "^[0-9a-f]{64}$"


class Suppression(models.Model):
    """One reason not to write to one address, known by its hash alone once the person behind it has been erased.

    Each reason is a row of its own: a mailbox that bounced for a while must not make us forget that somebody there
    asked us not to write.
    """

    address_hash = models.CharField(_("hash of the address"), max_length=64)
    address = models.CharField(_("address"), max_length=254, blank=True)
    reason = models.CharField(_("reason"), max_length=16, choices=SuppressionReason.choices)
    note = models.CharField(_("note"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("since"), default=clock.now)
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        ordering = ["-created_at", "-id"]
        default_permissions = ["view", "add", "delete"]
        constraints = [
            models.UniqueConstraint(fields=["address_hash", "reason"], name="mail_suppression_once_per_reason"),
            models.CheckConstraint(
                condition=Q(reason__in=sorted(SuppressionReason.values)), name="mail_suppression_reason_known"
            ),
            models.CheckConstraint(condition=Q(address_hash__regex=_HASH), name="mail_suppression_has_hash"),
        ]

    def __str__(self) -> str:
        return self.address or self.address_hash

    @property
    def is_in_force(self) -> bool:
        """Whether it stops mail now."""
        return self.expires_at is None or self.expires_at > clock.now()

    @property
    def stops_everything(self) -> bool:
        """Whether it stops, while it is in force, also what the person asks for themselves."""
        return self.reason in STOPS_EVERYTHING


class SuppressionChange(models.Model):
    """One step in the history of an address on the list; written once and never changed."""

    address_hash = models.CharField(_("hash of the address"), max_length=64, db_index=True)
    reason = models.CharField(_("reason"), max_length=16, choices=SuppressionReason.choices)
    step = models.CharField(_("what happened"), max_length=8, choices=SuppressionStep.choices)
    note = models.CharField(_("note"), max_length=500, blank=True)
    at = models.DateTimeField(_("at"), default=clock.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("change of a suppressed address")
        verbose_name_plural = _("changes of suppressed addresses")
        ordering = ["-at", "-id"]
        default_permissions = []
        constraints = [
            models.CheckConstraint(
                condition=Q(step__in=sorted(SuppressionStep.values)), name="mail_suppression_step_known"
            ),
            models.CheckConstraint(condition=Q(address_hash__regex=_HASH), name="mail_suppression_step_has_hash"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.step}"

    @property
    def is_reported(self) -> bool:
        """Whether a mail server or a provider was behind it; other steps without a name were of whoever is gone."""
        return self.step != SuppressionStep.REMOVED and self.reason in REPORTED
