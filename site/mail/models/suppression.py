"""Addresses that must not be written to."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from mail.enums import SuppressionReason
from mail.querysets import SuppressionQuerySet


class Suppression(models.Model):
    """One address, known by its hash alone once the person behind it has been erased."""

    address_hash = models.CharField(_("hash of the address"), max_length=64, unique=True)
    address = models.CharField(_("address"), max_length=254, blank=True)
    reason = models.CharField(_("reason"), max_length=16, choices=SuppressionReason.choices)
    note = models.CharField(_("note"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("since"), default=clock.now)
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        ordering = ["-created_at"]
        default_permissions = ["view"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=sorted(SuppressionReason.values)), name="mail_suppression_reason_known"
            ),
            models.CheckConstraint(condition=Q(address_hash__regex="^[0-9a-f]{64}$"), name="mail_suppression_has_hash"),
        ]

    def __str__(self) -> str:
        return self.address or self.address_hash
