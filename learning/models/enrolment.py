"""One person's enrolment in a cohort, what happened to it, and the units that the person has read."""

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from core.models import HistoryStep
from learning import tokens
from learning.enums import (
    ENDED_STATES,
    ENDINGS_BY_PERSON,
    JOINED_STATES,
    KNOWN_STATES,
    LIVE_STATES,
    SEATED_STATES,
    SHOWN_STATES,
    WAITING_STATES,
    Actor,
    ChangeKind,
    Ending,
    EnrolmentState,
)
from learning.models.cohort import Cohort, TeamRequest
from learning.models.records import Unit
from learning.querysets_enrolments import EnrolmentQuerySet


class Enrolment(models.Model):
    """One person's row in one cohort, on a city's seat or on their own.

    Two cities may invite the same address, so that no coordinator learns from an invitation where somebody learns
    already; the person joins a cohort once. Whoever comes back after leaving gets a new row.
    """

    uuid = models.UUIDField(_("identifier"), unique=True, default=uuid.uuid4, editable=False)
    cohort = models.ForeignKey(Cohort, verbose_name=_("cohort"), on_delete=models.PROTECT, related_name="enrolments")
    local_government = models.ForeignKey(
        "municipalities.LocalGovernment",
        verbose_name=_("local government"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="enrolments",
    )
    team = models.ForeignKey(
        TeamRequest,
        verbose_name=_("team"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="enrolments",
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("account"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="enrolments",
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail address"))
    email_key = models.CharField(_("address, normalised"), max_length=254, editable=False)
    language = models.CharField(_("language"), max_length=8)
    department = models.CharField(_("department"), max_length=120, blank=True)

    state = models.CharField(_("state"), max_length=16, choices=EnrolmentState.choices)
    has_seat = models.BooleanField(_("holds a seat"), default=False, editable=False)
    waiting_number = models.PositiveIntegerField(_("waiting number"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("enrolled"), default=clock.now)
    invited_at = models.DateTimeField(_("invited"), null=True, blank=True)
    joined_at = models.DateTimeField(_("joined"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("details confirmed"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    erased_at = models.DateTimeField(_("person erased"), null=True, blank=True, editable=False)
    replaced = models.OneToOneField(
        "self",
        verbose_name=_("in place of"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="successor",
    )

    # Not stored: `services.join` sets it on what it returns.
    made_account = False

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(fields=["cohort", "local_government", "state"], name="learning_enrolment_by_team"),
            models.Index(fields=["email_key"], name="learning_enrolment_by_email"),
        ]
        # A comparison with nothing is neither true nor false, which a check lets pass: hence the many "isnull".
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "local_government", "email_key"],
                condition=Q(state__in=KNOWN_STATES),
                nulls_distinct=False,
                name="learning_enrolment_once_per_city",
            ),
            models.UniqueConstraint(
                fields=["team", "email_key"],
                condition=Q(state__in=LIVE_STATES),
                name="learning_enrolment_once_per_team",
            ),
            models.UniqueConstraint(
                fields=["cohort", "person"],
                condition=Q(state__in=JOINED_STATES),
                name="learning_enrolment_joined_once",
            ),
            models.UniqueConstraint(fields=["cohort", "waiting_number"], name="learning_enrolment_waiting_order"),
            models.CheckConstraint(condition=Q(state__in=EnrolmentState.values), name="learning_enrolment_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=SEATED_STATES, has_seat=True)
                | Q(state=EnrolmentState.DRAFTED)
                | (~Q(state__in=[*SEATED_STATES, EnrolmentState.DRAFTED]) & Q(has_seat=False)),
                name="learning_enrolment_seat_by_state",
            ),
            models.CheckConstraint(
                condition=~Q(state=EnrolmentState.WAITLISTED) | Q(waiting_number__isnull=False),
                name="learning_enrolment_waits_with_number",
            ),
            models.CheckConstraint(
                condition=~Q(state=EnrolmentState.DRAFTED) | Q(team__isnull=False),
                name="learning_enrolment_draft_of_team",
            ),
            models.CheckConstraint(
                condition=Q(team=None) | Q(local_government__isnull=False), name="learning_enrolment_team_has_city"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=JOINED_STATES) | Q(joined_at__isnull=False),
                name="learning_enrolment_joined_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED_STATES, ended_at__isnull=False)
                | (~Q(state__in=ENDED_STATES) & Q(ended_at=None)),
                name="learning_enrolment_ended_has_moment",
            ),
            models.CheckConstraint(condition=~Q(email_key=""), name="learning_enrolment_has_address"),
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | Q(
                    person=None,
                    department="",
                    email_key__endswith="@erased.invalid",
                    email__endswith="@erased.invalid",
                ),
                name="learning_enrolment_erased_is_nobodys",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def waits(self) -> bool:
        """Whether the person, or a draft, is on the waiting list; the number alone stays with the row afterwards."""
        return self.state in WAITING_STATES and not self.has_seat and self.waiting_number is not None

    @property
    def state_in_words(self) -> str:
        """What those read who answer for it; needs `with_shown_state`."""
        return str(SHOWN_STATES[self.shown_state])

    @property
    def ending(self) -> Ending | None:
        """How it ended, where it is withdrawn; needs `with_shown_state`."""
        return Ending(self.shown_state) if self.shown_state in Ending.values else None

    @property
    def was_ended_by_person(self) -> bool:
        """Whether the person has ended it: declined, given up waiting, or left; needs `with_shown_state`."""
        return self.ending in ENDINGS_BY_PERSON

    @property
    def is_live(self) -> bool:
        """Whether the person takes part, may join, or waits."""
        return self.state in LIVE_STATES

    @property
    def was_told(self) -> bool:
        """Whether the person knows of it: neither a draft, nor what moderators have yet to decide for a team.

        As `querysets_enrolments.UNTOLD` asks the database.
        """
        if self.state == EnrolmentState.APPLIED:
            return self.team_id is None
        return self.state != EnrolmentState.DRAFTED

    @property
    def has_joined(self) -> bool:
        """Whether the person takes part or has finished."""
        return self.state in JOINED_STATES

    @property
    def token(self) -> str:
        """What signs the address of the person's own door."""
        return tokens.make(self.uuid)

    @property
    def short_name(self) -> str:
        """What to greet the person by; empty where no name is known."""
        return self.name.split(" ")[0]

    @property
    def units_due(self) -> int:
        """How many units somebody who keeps pace has done by today; needs `with_progress`."""
        return self.cohort.units_due(self.units, since=self.joined_on)

    @property
    def joined_on(self) -> date | None:
        """The day on which the person joined, in the cohort's zone."""
        return self.joined_at.astimezone(self.cohort.zone).date() if self.joined_at else None

    @property
    def is_behind(self) -> bool:
        """Whether the person takes part and has done fewer units than are due; needs `with_progress`.

        Nobody is once the cohort is over: what nobody can do any more is not due.
        """
        return self.state == EnrolmentState.ACTIVE and self.units_done < self.units_due and not self.cohort.is_over()


class EnrolmentChange(HistoryStep):
    """One step in an enrolment's history; written once, never changed."""

    enrolment = models.ForeignKey(
        Enrolment, verbose_name=_("enrolment"), on_delete=models.CASCADE, related_name="changes"
    )
    what = models.CharField(_("what"), max_length=16, choices=ChangeKind.choices)
    actor = models.CharField(_("by whom"), max_length=16, choices=Actor.choices)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta(HistoryStep.Meta):
        verbose_name = _("change of an enrolment")
        verbose_name_plural = _("changes of enrolments")
        default_permissions = ["view"]
        constraints = [
            models.CheckConstraint(condition=Q(what__in=ChangeKind.values), name="learning_change_what_known"),
            models.CheckConstraint(condition=Q(actor__in=Actor.values), name="learning_change_actor_known"),
        ]


class UnitProgress(models.Model):
    """That a learner has read a unit, in which revision and language, and whether it is marked complete.

    Once complete, the revision stays: a learner is judged by what they were taught.
    """

    enrolment = models.ForeignKey(
        Enrolment, verbose_name=_("enrolment"), on_delete=models.CASCADE, related_name="progress"
    )
    unit = models.ForeignKey(Unit, verbose_name=_("unit"), on_delete=models.PROTECT, related_name="progress")
    revision_id = models.BigIntegerField(_("revision read"), null=True, editable=False)
    language = models.CharField(_("language"), max_length=8)
    read_at = models.DateTimeField(_("first read"), default=clock.now)
    last_read_at = models.DateTimeField(_("last read"), default=clock.now)
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)

    class Meta:
        verbose_name = _("progress in a unit")
        verbose_name_plural = _("progress in units")
        ordering = ["read_at", "pk"]
        default_permissions = ["view"]
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "unit"], name="learning_progress_once_per_unit"),
            models.CheckConstraint(
                condition=Q(last_read_at__gte=F("read_at")), name="learning_progress_last_after_first"
            ),
            models.CheckConstraint(
                condition=Q(completed_at=None) | Q(completed_at__gte=F("read_at")),
                name="learning_progress_completed_after_read",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment_id} {self.unit_id}"
