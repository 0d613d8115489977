"""What a provider told us about a message after it had accepted it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core import clock
from mail.enums import ReportKind


class Report(models.Model):
    """One notice of a provider. It never changes the message's state: accepted was true when it was said."""

    message = models.ForeignKey(
        "mail.Message",
        verbose_name=_("message"),
        on_delete=models.CASCADE,
        related_name="reports",
        # The unique constraint's index begins with this column.
        db_index=False,
    )
    what = models.CharField(_("what"), max_length=16, choices=ReportKind.choices)
    event_id = models.CharField(_("the provider's id"), max_length=200)
    at = models.DateTimeField(_("at"), default=clock.now)
    words = models.TextField(_("the provider's words"), blank=True)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["message", "at", "id"]
        default_permissions = []
        constraints = [
            # Providers tell everything at least once.
            models.UniqueConstraint(fields=["message", "what", "event_id"], name="mail_report_once"),
            models.CheckConstraint(
                condition=models.Q(what__in=sorted(ReportKind.values)), name="mail_report_what_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.words}"
