"""What a record's history is made of: steps that are written once."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core import clock


class HistoryStep(models.Model):
    """One step of a history; its heir adds the record, `what` with its choices, and who or why as far as it is kept."""

    at = models.DateTimeField(_("when"), default=clock.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("account"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        abstract = True
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.get_what_display()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the step; a written one is never written again."""
        if not self._state.adding:
            raise TypeError("A history is only ever added to.")
        super().save(*args, **kwargs)
