"""The occasion people sign up to: one record, whatever the number of languages."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from core import clock, timezones
from core.seats import SeatState
from events.enums import Availability, EventStatus
from events.querysets import EventQuerySet
from events.venues import LONGEST, validate_venue

SCHEDULE = ("starts_at", "ends_at", "timezone")
# What a new invitation is sent for.
WHEN_AND_WHERE = (*SCHEDULE, "venue")
# What the source page alone says, in whatever language people read. Title and address each page has of its own.
TAKEN_FROM_SOURCE = (
    *WHEN_AND_WHERE,
    "format_id",
    "capacity",
    "waiting_list",
    "registration_opens_at",
    "registration_closes_at",
    "spoken_languages",
    "interpretation",
    "captions",
)
TAKEN_OVER = (*TAKEN_FROM_SOURCE, "title", "slug")


class Event(models.Model):
    """An occasion with its schedule and seats: the only truth about both.

    Publishing the page in `source_locale` writes it (`services.project_event`); no page is ever asked for a date.
    It outlives its pages: unpublishing, moving or deleting them leaves what people did untouched.
    """

    translation_key = models.UUIDField(_("translation key"), unique=True, editable=False)
    slug = models.SlugField(_("slug"), max_length=255, unique=True, allow_unicode=True)
    source_locale = models.ForeignKey(
        "wagtailcore.Locale", verbose_name=_("source language"), on_delete=models.PROTECT, related_name="+"
    )
    source_revision_id = models.BigIntegerField(_("projected revision"), null=True, editable=False)
    title = models.CharField(_("title in the source language"), max_length=255)
    format = models.ForeignKey(
        "core.Term",
        verbose_name=_("format"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        limit_choices_to={"vocabulary": "event-format"},
    )

    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    timezone = models.CharField(_("time zone"), max_length=64, validators=[timezones.validate])
    venue = models.CharField(
        _("venue"),
        max_length=LONGEST,
        blank=True,
        default="",
        db_default="",
        validators=[validate_venue],
        help_text=_("Empty: online."),
    )

    capacity = models.PositiveIntegerField(_("seats"), null=True, blank=True, help_text=_("Empty: no limit."))
    waiting_list = models.BooleanField(_("waiting list"), default=True)
    registration_opens_at = models.DateTimeField(_("registration opens"), null=True, blank=True)
    registration_closes_at = models.DateTimeField(_("registration closes"), null=True, blank=True)

    spoken_languages = ArrayField(models.CharField(max_length=8), verbose_name=_("languages spoken"), default=list)
    interpretation = ArrayField(models.CharField(max_length=8), verbose_name=_("interpretation into"), default=list)
    captions = ArrayField(models.CharField(max_length=8), verbose_name=_("captions in"), default=list)

    status = models.CharField(_("status"), max_length=16, choices=EventStatus.choices, default=EventStatus.SCHEDULED)
    revision = models.PositiveIntegerField(_("revision"), default=0, editable=False)
    seat_state = models.CharField(
        _("seats"), max_length=16, choices=SeatState.choices, default=SeatState.OPEN, editable=False
    )
    # Staff have changed what gives seats to those who wait, and can take it back until then. Empty: at once.
    fills_at = models.DateTimeField(_("free seats are given from"), null=True, blank=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["starts_at", "pk"]
        indexes = [models.Index(fields=["ends_at"], name="events_event_ends_at")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="events_event_ends_after_start"),
            models.CheckConstraint(
                condition=Q(registration_opens_at=None)
                | Q(registration_closes_at=None)
                | Q(registration_closes_at__gt=F("registration_opens_at")),
                name="events_event_closes_after_opening",
            ),
            models.CheckConstraint(
                condition=Q(capacity=None) | Q(capacity__gte=0), name="events_event_capacity_not_negative"
            ),
            models.CheckConstraint(condition=~Q(timezone=""), name="events_event_has_timezone"),
            models.CheckConstraint(condition=Q(status__in=EventStatus.values), name="events_event_status_known"),
            models.CheckConstraint(condition=Q(seat_state__in=SeatState.values), name="events_event_seat_state_known"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def zone(self) -> ZoneInfo:
        """The event's own time zone."""
        return ZoneInfo(self.timezone)

    @property
    def schedule(self) -> tuple:
        """The part of it that says when."""
        return tuple(getattr(self, name) for name in SCHEDULE)

    @property
    def local_start(self) -> datetime:
        """The start on the clocks of the event's own zone."""
        return self.starts_at.astimezone(self.zone)

    @property
    def is_cancelled(self) -> bool:
        """Whether the event has been called off."""
        return self.status == EventStatus.CANCELLED

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return clock.now() >= self.ends_at

    @property
    def gives_seats(self) -> bool:
        """Whether whoever waits can still move up: no longer once it has been called off or has begun."""
        return self.gives_seats_at(clock.now())

    def gives_seats_at(self, moment: datetime) -> bool:
        """Whether a seat that becomes free at that moment goes to whoever waits."""
        return not self.is_cancelled and moment < self.starts_at

    @property
    def takes_registrations(self) -> bool:
        """Whether somebody can register now, a place on the waiting list included."""
        return self.availability() in {Availability.OPEN, Availability.FEW, Availability.WAITING}

    @property
    def is_closed(self) -> bool:
        """Whether nobody can register any more, though the event is still to come."""
        return self.availability() == Availability.CLOSED

    def take_over(self, page: Page) -> bool:
        """Set what an event page says, without saving; return whether its start, end, zone or venue is another now."""
        is_moved = any(getattr(self, name) != getattr(page, name) for name in WHEN_AND_WHERE)
        for name in TAKEN_OVER:
            setattr(self, name, getattr(page, name))
        return is_moved

    def availability(self, at: datetime | None = None) -> Availability:
        """Say what a visitor meets at a moment (now, unless given): the clock first, then the seats."""
        at = at or clock.now()
        if self.is_cancelled:
            return Availability.CANCELLED
        if at >= self.ends_at:
            return Availability.PAST
        if at >= self.starts_at:
            return Availability.LIVE
        if self.registration_closes_at and at >= self.registration_closes_at:
            return Availability.CLOSED
        if self.registration_opens_at and at < self.registration_opens_at:
            return Availability.NOT_YET
        return Availability(self.seat_state)
