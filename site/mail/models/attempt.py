"""Each hand-over that was begun and what came of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Attempt(models.Model):
    """One hand-over of one message. Written once, when its end is known, and never changed.

    Without `answered_at` no answer ever came: the worker died or the connection broke.
    """

    message = models.ForeignKey(
        "mail.Message",
        verbose_name=_("message"),
        on_delete=models.CASCADE,
        related_name="tries",
        # The unique constraint's index begins with this column.
        db_index=False,
    )
    number = models.PositiveSmallIntegerField(_("number"))
    started_at = models.DateTimeField(_("started"))
    answered_at = models.DateTimeField(_("answered"), null=True)
    code = models.PositiveSmallIntegerField(_("code"), null=True)
    reply = models.TextField(_("the server's words"), blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["message", "number"]
        constraints = [
            models.UniqueConstraint(fields=["message", "number"], name="mail_attempt_once_per_number"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="mail_attempt_counts_from_one"),
            models.CheckConstraint(
                condition=models.Q(code__isnull=True) | models.Q(answered_at__isnull=False),
                name="mail_attempt_code_needs_answer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.code or '–'} {self.reply}"
