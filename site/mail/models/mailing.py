"""One message to many: what was asked for together, and can be taken back together."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock


class Mailing(models.Model):
    """A frozen audience: `total` is how many messages were asked for, whatever becomes of each.

    Nothing leaves before `leaves_at`, so until then taking it back reaches everybody. While it is paused no worker
    takes or begins any of it.
    """

    uuid = models.UUIDField(_("identifier"), unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=60)
    title = models.CharField(_("title"), max_length=255)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("asked for"), default=clock.now)
    leaves_at = models.DateTimeField(_("leaves"))
    total = models.PositiveIntegerField(_("recipients"), default=0)
    paused_at = models.DateTimeField(_("paused"), null=True)
    withdrawn_at = models.DateTimeField(_("taken back"), null=True)
    withdrawn = models.PositiveIntegerField(_("messages taken back"), default=0)

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        ordering = ["-id"]
        default_permissions = ["view"]
        # What each lease looks up: usually empty.
        indexes = [models.Index(fields=["id"], condition=Q(paused_at__isnull=False), name="mail_mailing_paused")]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=False) | Q(withdrawn=0), name="mail_mailing_withdrawn_has_moment"
            ),
            models.CheckConstraint(condition=Q(withdrawn__lte=F("total")), name="mail_mailing_withdrawn_at_most_all"),
            models.CheckConstraint(
                condition=Q(paused_at=None) | Q(withdrawn_at=None), name="mail_mailing_paused_or_withdrawn"
            ),
        ]

    def __str__(self) -> str:
        return self.title
