"""The cohort: a group that takes a course together, and the teams that cities send into it."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock, timezones
from core.seats import SeatState
from core.years import YEARS
from learning.enums import Admission, CohortState, TeamState
from learning.querysets_cohorts import CohortQuerySet, TeamQuerySet

LAST_DAY = date(YEARS[1], 12, 31)


class Cohort(models.Model):
    """A group that takes a course together between two days of its own time zone.

    Whoever takes or frees a seat locks this row first (`services.seats.lock`). What it is called does not depend on
    the language of its course.
    """

    course = models.ForeignKey(
        "learning.Course", verbose_name=_("course"), on_delete=models.PROTECT, related_name="cohorts"
    )
    slug = models.SlugField(_("slug"), max_length=120, unique=True)
    name = models.CharField(_("name"), max_length=160, help_text=_("Tells the cohorts of a course apart."))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    timezone = models.CharField(_("time zone"), max_length=64, validators=[timezones.validate])
    languages = ArrayField(models.CharField(max_length=8), verbose_name=_("languages"))

    seats = models.PositiveIntegerField(_("seats"), null=True, blank=True, help_text=_("Empty: no limit."))
    seats_per_local_government = models.PositiveIntegerField(
        _("seats for each city"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    waiting_list = models.BooleanField(_("waiting list"), default=True)
    admission = models.CharField(_("admission"), max_length=16, choices=Admission.choices, default=Admission.OPEN)
    opens_at = models.DateTimeField(_("enrolment opens"), null=True, blank=True, help_text=_("Empty: at once."))
    closes_at = models.DateTimeField(
        _("enrolment closes"), null=True, blank=True, help_text=_("Empty: when the first day begins.")
    )
    moderators = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("moderators"), blank=True, related_name="moderated_cohorts"
    )

    called_off_at = models.DateTimeField(_("called off"), null=True, blank=True, editable=False)
    # Last time; called off again within the undo window, who knows already is not told anew.
    restored_at = models.DateTimeField(_("restored"), null=True, blank=True, editable=False)
    seat_state = models.CharField(
        _("seats"), max_length=16, choices=SeatState.choices, default=SeatState.OPEN, editable=False
    )
    last_waiting_number = models.PositiveIntegerField(_("last waiting number"), default=0, editable=False)
    # Staff have changed what gives seats to those who wait, and can take it back until then. Empty: at once.
    fills_at = models.DateTimeField(_("free seats are given from"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    objects = CohortQuerySet.as_manager()

    class Meta:
        verbose_name = _("cohort")
        verbose_name_plural = _("cohorts")
        ordering = ["starts_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="learning_cohort_ends_after_start"),
            models.CheckConstraint(
                condition=Q(opens_at=None) | Q(closes_at=None) | Q(closes_at__gt=F("opens_at")),
                name="learning_cohort_closes_after_opening",
            ),
            models.CheckConstraint(
                condition=~Q(slug="") & ~Q(name="") & ~Q(timezone=""), name="learning_cohort_has_name_and_zone"
            ),
            models.CheckConstraint(condition=Q(languages__len__gte=1), name="learning_cohort_has_language"),
            models.CheckConstraint(condition=Q(admission__in=Admission.values), name="learning_cohort_admission_known"),
            models.CheckConstraint(
                condition=Q(seat_state__in=SeatState.values), name="learning_cohort_seat_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The cohort's own time zone."""
        return ZoneInfo(self.timezone)

    @property
    def starts_at(self) -> datetime:
        """The moment at which the first day begins."""
        return datetime.combine(self.starts_on, time(), self.zone)

    @property
    def ends_at(self) -> datetime:
        """The moment at which the last day is over; beyond the years that a form takes, the end of those."""
        last = min(self.ends_on, LAST_DAY)
        return datetime.combine(last + timedelta(days=1), time(), self.zone)

    @property
    def enrolment_closes_at(self) -> datetime:
        """The moment from which nobody can be enrolled any more."""
        return min(self.closes_at or self.starts_at, self.ends_at)

    @property
    def seats_given_until(self) -> datetime:
        """The moment from which seats that become free go to nobody."""
        return max(self.enrolment_closes_at, self.starts_at)

    @property
    def is_called_off(self) -> bool:
        """Whether it does not take place."""
        return self.called_off_at is not None

    @property
    def holds_seats_back(self) -> bool:
        """Whether its free seats go to nobody yet, since staff can still take back what freed them."""
        return self.fills_at is not None and clock.now() < self.fills_at

    def has_started(self, at: datetime | None = None) -> bool:
        """Whether its first day has begun."""
        return (at or clock.now()) >= self.starts_at

    def is_over(self, at: datetime | None = None) -> bool:
        """Whether its last day has passed."""
        return (at or clock.now()) >= self.ends_at

    def takes_enrolments(self, at: datetime | None = None) -> bool:
        """Whether people can be enrolled at that moment, be it on the waiting list."""
        at = at or clock.now()
        opened = self.opens_at is None or self.opens_at <= at
        return not self.is_called_off and opened and at < self.enrolment_closes_at

    def gives_seats(self, at: datetime | None = None) -> bool:
        """Whether applications can be accepted and people move up from the waiting list: after closing still, until
        the first day begins.
        """
        at = at or clock.now()
        opened = self.opens_at is None or self.opens_at <= at
        return not self.is_called_off and opened and at < self.seats_given_until

    def has_given_its_seats(self, at: datetime | None = None) -> bool:
        """Whether the time in which seats are given has passed: whoever has none gets none any more."""
        return (at or clock.now()) >= self.seats_given_until

    def state_at(self, at: datetime) -> CohortState:
        """Return what a visitor meets at a moment; a cohort that runs may still take people."""
        if self.is_called_off:
            return CohortState.CALLED_OFF
        if self.is_over(at):
            return CohortState.PAST
        if self.takes_enrolments(at):
            return CohortState(self.seat_state)
        if self.has_started(at):
            return CohortState.RUNNING
        return CohortState.CLOSED if at >= self.enrolment_closes_at else CohortState.NOT_YET

    @property
    def state(self) -> CohortState:
        """What a visitor meets now."""
        return self.state_at(clock.now())

    @property
    def by_approval(self) -> bool:
        """Whether a moderator decides on each who wants to take part."""
        return self.admission == Admission.APPROVAL

    def units_due(self, units: int, on: date | None = None, *, since: date | None = None) -> int:
        """Return how many of its units somebody who keeps pace has done before that day, today unless given.

        Who takes part only `since` a later day than the first has the days that are left for all of them.
        """
        today = on or clock.now().astimezone(self.zone).date()
        begins = max(self.starts_on, since or self.starts_on)
        whole = max((self.ends_on - begins).days + 1, 1)
        passed = (today - begins).days
        return units * min(max(passed, 0), whole) // whole


class TeamRequest(models.Model):
    """That a coordinator enrols people of one city; a draft until the coordinator is approved and the undo window over.

    `sends_at` is when an approved coordinator's draft leaves, `withdraws_at` when a whole team ends, a draft or not:
    until then either can be taken back, and nobody has been told. A draft that is to be withdrawn is not sent.
    """

    cohort = models.ForeignKey(Cohort, verbose_name=_("cohort"), on_delete=models.PROTECT, related_name="teams")
    local_government = models.ForeignKey(
        "municipalities.LocalGovernment",
        verbose_name=_("local government"),
        on_delete=models.PROTECT,
        related_name="learning_teams",
    )
    coordinator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("coordinator"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="learning_teams",
    )
    created_at = models.DateTimeField(_("created"), default=clock.now)
    holds_until = models.DateTimeField(_("holds seats until"), null=True, blank=True)
    sends_at = models.DateTimeField(_("invitations leave"), null=True, blank=True, editable=False)
    withdraws_at = models.DateTimeField(_("is withdrawn"), null=True, blank=True, editable=False)
    withdraws_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("withdrawn by"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    state = models.CharField(_("state"), max_length=16, choices=TeamState.choices)

    objects = TeamQuerySet.as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["created_at", "pk"]
        default_permissions = ["view"]
        indexes = [
            models.Index(fields=["holds_until"], condition=Q(state="draft"), name="learning_team_drafts"),
            models.Index(
                fields=["withdraws_at"], condition=Q(withdraws_at__isnull=False), name="learning_team_withdraws"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "local_government", "coordinator"],
                condition=Q(state=TeamState.DRAFT),
                name="learning_team_one_draft_per_coordinator",
            ),
            models.CheckConstraint(condition=Q(state__in=TeamState.values), name="learning_team_state_known"),
            models.CheckConstraint(
                condition=Q(state=TeamState.DRAFT, holds_until__isnull=False)
                | (~Q(state=TeamState.DRAFT) & Q(holds_until=None)),
                name="learning_team_draft_holds_until",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cohort_id} {self.local_government_id} {self.state}"

    @property
    def is_draft(self) -> bool:
        """Whether nobody has been invited yet."""
        return self.state == TeamState.DRAFT
