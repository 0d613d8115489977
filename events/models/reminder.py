"""Reminders, with a row for each person whom one concerns, and messages of staff: what staff decided for an event."""

import hashlib
import json
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from events.enums import ReminderAnchor, ReminderAudience, ReminderState
from events.models.registration import Registration
from events.querysets import ReminderQuerySet

MOST_MINUTES = 366 * 24 * 60
MOST_DAYS = 366


class ReminderRule(models.Model):
    """One reminder of an occasion: when, to whom, in which words. Nothing is planned before staff arm it.

    It hangs from the occasion's translation key, since a clone has rules before it has an event. The time is either
    so many minutes from the start or the end (negative: before), or a wall-clock time in the event's zone, so many
    days from the day of the start or the end. `due_at` and `expires_at` are what that means for the event's present
    date; `services.planning` keeps them.
    """

    translation_key = models.UUIDField(_("occasion"), db_index=True, editable=False)
    anchor = models.CharField(
        _("reckoned from"), max_length=8, choices=ReminderAnchor.choices, default=ReminderAnchor.START
    )
    offset_minutes = models.IntegerField(_("minutes after"), null=True, blank=True)
    day_offset = models.SmallIntegerField(_("days after"), null=True, blank=True)
    clock_time = models.TimeField(_("time of day"), null=True, blank=True)
    audience = models.CharField(
        _("to whom"), max_length=16, choices=ReminderAudience.choices, default=ReminderAudience.CONFIRMED
    )
    words = models.JSONField(_("words"), default=dict, blank=True)

    armed_at = models.DateTimeField(_("armed"), null=True, editable=False)
    armed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("armed by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    due_at = models.DateTimeField(_("due"), null=True, editable=False)
    expires_at = models.DateTimeField(_("makes no sense after"), null=True, editable=False)
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)

    @property
    def mark(self) -> str:
        """What tells whether its time, people or words are others than when somebody read them."""
        said = [self.anchor, self.offset_minutes, self.day_offset, str(self.clock_time), self.audience, self.words]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["due_at", "pk"]
        default_permissions = ["view", "change"]
        constraints = [
            models.CheckConstraint(
                condition=Q(offset_minutes__isnull=False, day_offset=None, clock_time=None)
                | Q(offset_minutes=None, day_offset__isnull=False, clock_time__isnull=False),
                name="events_rule_has_one_time",
            ),
            models.CheckConstraint(
                condition=Q(offset_minutes=None) | Q(offset_minutes__range=(-MOST_MINUTES, MOST_MINUTES)),
                name="events_rule_offset_within_a_year",
            ),
            models.CheckConstraint(
                condition=Q(day_offset=None) | Q(day_offset__range=(-MOST_DAYS, MOST_DAYS)),
                name="events_rule_days_within_a_year",
            ),
            models.CheckConstraint(
                condition=Q(due_at=None, expires_at=None) | Q(expires_at__gt=F("due_at")),
                name="events_rule_expires_after_due",
            ),
            models.CheckConstraint(
                condition=Q(armed_at=None) | Q(due_at__isnull=False), name="events_rule_armed_has_moment"
            ),
            models.CheckConstraint(condition=Q(anchor__in=ReminderAnchor.values), name="events_rule_anchor_known"),
            models.CheckConstraint(
                condition=Q(audience__in=ReminderAudience.values), name="events_rule_audience_known"
            ),
            models.CheckConstraint(
                condition=~Q(audience__in=[ReminderAudience.ATTENDED, ReminderAudience.ABSENT])
                | Q(
                    # A check that comes to NULL holds, so what is not set is named.
                    Q(offset_minutes__isnull=False, offset_minutes__gte=0)
                    | Q(day_offset__isnull=False, day_offset__gte=0),
                    anchor=ReminderAnchor.END,
                ),
                name="events_rule_presence_after_end",
            ),
            models.UniqueConstraint(
                fields=["translation_key", "audience", "anchor", "offset_minutes", "day_offset", "clock_time"],
                nulls_distinct=False,
                name="events_rule_once_per_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.anchor} {self.offset_minutes or self.day_offset} {self.audience}"

    @property
    def is_armed(self) -> bool:
        """Whether staff have said that it shall leave."""
        return self.armed_at is not None


class Reminder(models.Model):
    """One person's reminder by one rule. `revision` grows each time a new date lets it leave once more."""

    registration = models.ForeignKey(
        Registration, verbose_name=_("registration"), on_delete=models.CASCADE, related_name="reminders"
    )
    rule = models.ForeignKey(
        ReminderRule, verbose_name=_("rule"), on_delete=models.PROTECT, related_name="reminders", db_index=False
    )
    state = models.CharField(_("state"), max_length=8, choices=ReminderState.choices, default=ReminderState.PLANNED)
    due_at = models.DateTimeField(_("due"))
    expires_at = models.DateTimeField(_("makes no sense after"))
    revision = models.PositiveIntegerField(_("revision"), default=0, db_default=0)
    asked_at = models.DateTimeField(_("put into the outbox"), null=True)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("planned reminder")
        verbose_name_plural = _("planned reminders")
        ordering = ["due_at", "pk"]
        default_permissions = ["view"]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(state="planned"), name="events_reminder_due"),
            models.Index(fields=["rule", "state"], name="events_reminder_by_rule"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["registration", "rule"], name="events_reminder_once_per_rule"),
            models.CheckConstraint(condition=Q(state__in=ReminderState.values), name="events_reminder_state_known"),
            models.CheckConstraint(
                condition=Q(state=ReminderState.ASKED, asked_at__isnull=False)
                | (~Q(state=ReminderState.ASKED) & Q(asked_at=None)),
                name="events_reminder_asked_has_moment",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("due_at")), name="events_reminder_expires_after_due"),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} {self.rule_id} {self.state}"


class StaffMessage(models.Model):
    """What staff write to those registered for an event: words in one or more languages, sent once as one mailing."""

    uuid = models.UUIDField(_("identifier"), unique=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(
        "events.Event", verbose_name=_("event"), on_delete=models.PROTECT, related_name="staff_messages"
    )
    audience = models.CharField(
        _("to whom"), max_length=16, choices=ReminderAudience.choices, default=ReminderAudience.CONFIRMED
    )
    words = models.JSONField(_("words"), default=dict)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("written by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    created_at = models.DateTimeField(_("written"), default=clock.now, editable=False)
    mailing = models.OneToOneField(
        "mail.Mailing", verbose_name=_("mailing"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("message of staff")
        verbose_name_plural = _("messages of staff")
        ordering = ["-created_at", "-pk"]
        default_permissions = ["add", "view"]
        constraints = [
            models.CheckConstraint(
                condition=Q(audience__in=ReminderAudience.values), name="events_staffmessage_audience_known"
            ),
            models.CheckConstraint(condition=~Q(words={}), name="events_staffmessage_has_words"),
        ]

    def __str__(self) -> str:
        return str(self.uuid)
