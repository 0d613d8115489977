"""When each periodic job last ran, and how that ended."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Outcome(models.TextChoices):
    """How a run ended; empty while it is under way, or when its worker was killed."""

    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Heartbeat(models.Model):
    """The last run of one periodic job, one row a job. Written by `core.services.sweeping` alone."""

    name = models.CharField(_("task"), max_length=100, unique=True)
    started_at = models.DateTimeField(_("last started"))
    ended_at = models.DateTimeField(_("last ended"), null=True)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices, blank=True, default="")
    # The kind of exception alone: its words may hold what people typed.
    problem = models.CharField(_("problem"), max_length=100, blank=True, default="")
    succeeded_at = models.DateTimeField(_("last succeeded"), null=True)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        ordering = ["name"]
        default_permissions = ["view"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="core_heartbeat_has_name"),
            models.CheckConstraint(
                condition=Q(outcome="", ended_at__isnull=True)
                | Q(outcome__in=sorted(Outcome.values), ended_at__isnull=False),
                name="core_heartbeat_ended_has_outcome",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.FAILED) & ~Q(problem="") | ~Q(outcome=Outcome.FAILED) & Q(problem=""),
                name="core_heartbeat_failed_has_problem",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_overdue(self, *, now: datetime, interval: timedelta, grace: timedelta) -> bool:
        """Whether the job should have started again by now: three intervals and some grace have passed."""
        return now - self.started_at > interval * 3 + grace
