"""Messages that staff sent once more."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock


class Resend(models.Model):
    """Who sent which message once more, when and why. Written once and never changed.

    `original` is always the first of all: a copy of a copy is counted with it.
    """

    original = models.ForeignKey(
        "mail.Message",
        verbose_name=_("message"),
        on_delete=models.CASCADE,
        related_name="resends",
        # The unique constraint's index begins with this column.
        db_index=False,
    )
    number = models.PositiveSmallIntegerField(_("number"))
    copy = models.OneToOneField(
        "mail.Message", verbose_name=_("copy"), on_delete=models.CASCADE, related_name="resent_from"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by whom"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(_("when"), default=clock.now)
    reason = models.CharField(_("reason"), max_length=300)

    class Meta:
        verbose_name = _("message sent again")
        verbose_name_plural = _("messages sent again")
        ordering = ["original", "number"]
        default_permissions = ["add", "view"]
        constraints = [
            models.UniqueConstraint(fields=["original", "number"], name="mail_resend_once_per_number"),
            models.CheckConstraint(condition=Q(number__gte=1), name="mail_resend_counts_from_one"),
            models.CheckConstraint(condition=~Q(reason=""), name="mail_resend_has_reason"),
            models.CheckConstraint(condition=~Q(copy=models.F("original")), name="mail_resend_is_another_message"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.reason}"
