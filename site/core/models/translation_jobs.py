"""Translations that were asked for and take longer than an editor should wait."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from core import clock

MOST_ATTEMPTS = 5


class TranslationJobQuerySet(models.QuerySet):
    def waiting(self) -> "TranslationJobQuerySet":
        """Return the jobs that are neither done nor given up, the oldest first."""
        return self.filter(finished_at__isnull=True, attempts__lt=MOST_ATTEMPTS).order_by("created_at", "pk")


class TranslationJob(models.Model):
    """The pages below one page, to be prepared for translation into some languages."""

    page = models.ForeignKey("wagtailcore.Page", verbose_name=_("page"), on_delete=models.CASCADE, related_name="+")
    languages = ArrayField(models.CharField(max_length=8), verbose_name=_("languages"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("asked by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(_("asked for"), default=clock.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = TranslationJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("translation job")
        verbose_name_plural = _("translation jobs")
        constraints = [
            models.CheckConstraint(condition=~models.Q(languages=[]), name="core_translation_job_has_languages"),
            models.CheckConstraint(
                condition=models.Q(attempts__lte=MOST_ATTEMPTS), name="core_translation_job_attempts_bounded"
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(finished_at__isnull=True),
                name="core_translation_job_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.page_id} → {', '.join(self.languages)}"
