"""Who was there."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.enums import AttendanceSource


class Attendance(models.Model):
    """That somebody with a seat was there, as one source tells it; a further sign of it moves `last_seen_at`."""

    registration = models.ForeignKey(
        "events.Registration", verbose_name=_("registration"), on_delete=models.CASCADE, related_name="attendances"
    )
    event = models.ForeignKey(
        "events.Event", verbose_name=_("event"), on_delete=models.PROTECT, related_name="attendances"
    )
    source = models.CharField(_("how we know"), max_length=16, choices=AttendanceSource.choices)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        ordering = ["first_seen_at", "pk"]
        default_permissions = ["view"]
        constraints = [
            models.UniqueConstraint(fields=["registration", "source"], name="events_attendance_once_per_source"),
            models.CheckConstraint(
                condition=Q(source__in=AttendanceSource.values), name="events_attendance_source_known"
            ),
            models.CheckConstraint(
                condition=Q(last_seen_at__gte=F("first_seen_at")), name="events_attendance_last_after_first"
            ),
        ]

    def __str__(self) -> str:
        return self.get_source_display()
