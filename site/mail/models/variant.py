"""The words that many messages share, kept once."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core import clock


class Variant(models.Model):
    """A mail to many in one language, as it went out; `[[to_name]]` and its like stand where each got their own.

    It goes when no message needs it any more: see mail/personal.py.
    """

    digest = models.CharField(_("digest"), max_length=64)
    kind = models.CharField(_("kind"), max_length=60)
    language = models.CharField(_("language"), max_length=8)
    subject = models.TextField(_("subject"), blank=True)
    text = models.TextField(_("text"), blank=True)
    html = models.TextField(_("HTML"), blank=True)
    created_at = models.DateTimeField(_("written"), default=clock.now)
    # Whoever writes the same words again gets this row, so it must not go while they have it in hand.
    last_used_at = models.DateTimeField(_("last used"), default=clock.now, db_default=Now())

    class Meta:
        verbose_name = _("words of a mail to many")
        verbose_name_plural = _("words of mails to many")
        default_permissions = []
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="mail_variant_once"),
            models.CheckConstraint(condition=models.Q(digest__regex="^[0-9a-f]{64}$"), name="mail_variant_has_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.language}): {self.subject}"
