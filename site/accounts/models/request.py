"""The log of requests about personal data: that one was met, when and on what ground, never whose it was."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import Channel, Ground, Right
from core import clock


class DataRequest(models.Model):
    """One export or erasure, proof under GDPR Article 5(2). It names nobody, so nothing in it must ever be erased."""

    what = models.CharField(_("what"), max_length=16, choices=Right.choices)
    channel = models.CharField(_("how it was asked"), max_length=16, choices=Channel.choices)
    ground = models.CharField(_("ground"), max_length=16, choices=Ground.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("member of staff"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    counts = models.JSONField(_("rows"), default=dict)
    at = models.DateTimeField(_("when"), default=clock.now)

    class Meta:
        verbose_name = _("request about personal data")
        verbose_name_plural = _("requests about personal data")
        ordering = ["-at", "-pk"]
        default_permissions = ["view"]
        permissions = [("handle_personal_data", _("Can find, export and erase the data of a person"))]
        constraints = [
            models.CheckConstraint(condition=Q(what__in=Right.values), name="accounts_request_what_known"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="accounts_request_channel_known"),
            models.CheckConstraint(condition=Q(ground__in=Ground.values), name="accounts_request_ground_known"),
            models.CheckConstraint(
                condition=Q(channel=Channel.STAFF) | Q(by=None), name="accounts_request_by_staff_only"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.at:%Y-%m-%d}"
