"""What an event said at each of its revisions, so that everybody can be told what changed since they last heard."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from events.enums import EventStatus
from events.models.event import SCHEDULE, WHEN_AND_WHERE, Event
from events.querysets import VersionQuerySet
from events.venues import LONGEST

# What people are told about when it changes.
TOLD = (*WHEN_AND_WHERE, "status")


class EventVersion(models.Model):
    """The schedule, venue and status of an event under one revision; `told_at` stays empty until people have been told.

    Written by services in the transaction of the change, never changed afterwards but for `told_at`. A registration's
    `told_revision` names the version by which its mails are written.
    """

    event = models.ForeignKey(
        "events.Event", verbose_name=_("event"), on_delete=models.CASCADE, related_name="versions"
    )
    revision = models.PositiveIntegerField(_("revision"))
    made_at = models.DateTimeField(_("when"), default=clock.now)
    told_at = models.DateTimeField(_("told"), null=True, blank=True)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    timezone = models.CharField(_("time zone"), max_length=64)
    venue = models.CharField(_("venue"), max_length=LONGEST, blank=True, default="", db_default="")
    status = models.CharField(_("status"), max_length=16, choices=EventStatus.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("account"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of an event")
        verbose_name_plural = _("versions of events")
        ordering = ["event", "revision"]
        default_permissions = ["view"]
        indexes = [models.Index(fields=["made_at"], condition=Q(told_at=None), name="events_version_untold")]
        constraints = [
            models.UniqueConstraint(fields=["event", "revision"], name="events_version_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="events_version_ends_after_start"),
            models.CheckConstraint(condition=Q(status__in=EventStatus.values), name="events_version_status_known"),
            models.CheckConstraint(
                condition=Q(told_at=None) | Q(told_at__gte=F("made_at")), name="events_version_told_after_made"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id}.{self.revision}"

    @property
    def is_cancelled(self) -> bool:
        """Whether the event was called off under this revision."""
        return self.status == EventStatus.CANCELLED

    @property
    def schedule(self) -> tuple:
        """The part of it that says when, by which reminders are planned."""
        return tuple(getattr(self, name) for name in SCHEDULE)

    @property
    def when_and_where(self) -> tuple:
        """The part of it that a new invitation is sent for."""
        return tuple(getattr(self, name) for name in WHEN_AND_WHERE)

    def lay_over(self, event: Event) -> None:
        """Set what this version says on an event in memory, never to be saved, for mails and calendar files."""
        for name in (*TOLD, "revision"):
            setattr(event, name, getattr(self, name))

    def lay_when_and_where_over(self, said: "Event | EventVersion") -> None:
        """Set date, time, zone and venue of this version on an event or version in memory, never to be saved."""
        for name in WHEN_AND_WHERE:
            setattr(said, name, getattr(self, name))
