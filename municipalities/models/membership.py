"""Who represents a local government: as whom, in which department, from when to when."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from municipalities.enums import OPEN_STATES, MembershipRole, MembershipState
from municipalities.querysets import MembershipQuerySet


class Membership(models.Model):
    """One person's wish to represent a local government, and what became of it.

    Asking again after it was declined or has ended makes a new row, so that what was decided stays as it was.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="memberships"
    )
    local_government = models.ForeignKey(
        "municipalities.LocalGovernment",
        verbose_name=_("local government"),
        on_delete=models.PROTECT,
        related_name="memberships",
    )
    role = models.CharField(_("role"), max_length=16, choices=MembershipRole.choices)
    state = models.CharField(_("state"), max_length=16, choices=MembershipState.choices, default=MembershipState.ASKED)
    department = models.CharField(_("department"), max_length=120, blank=True)
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True, help_text=_("The last day, itself included."))
    asked_at = models.DateTimeField(_("asked"), default=clock.now)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["asked_at", "pk"]
        default_permissions = ["view", "change"]
        indexes = [
            models.Index(
                fields=["asked_at"],
                name="municipalities_asked",
                condition=Q(state=MembershipState.ASKED),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "local_government"],
                condition=Q(state__in=OPEN_STATES),
                name="municipalities_membership_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=MembershipState.values), name="municipalities_membership_state_known"
            ),
            models.CheckConstraint(
                condition=Q(role__in=MembershipRole.values), name="municipalities_membership_role_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=MembershipState.APPROVED) | Q(starts_on__isnull=False, decided_at__isnull=False),
                name="municipalities_membership_approved_has_start",
            ),
            models.CheckConstraint(
                condition=~Q(state=MembershipState.DECLINED) | Q(decided_at__isnull=False),
                name="municipalities_membership_declined_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state=MembershipState.ENDED) | Q(ends_on__isnull=False),
                name="municipalities_membership_ended_has_end",
            ),
            models.CheckConstraint(
                condition=~Q(state=MembershipState.ASKED) | Q(starts_on=None, ends_on=None, decided_at=None),
                name="municipalities_membership_asked_is_undecided",
            ),
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="municipalities_membership_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.local_government}"

    @property
    def is_asked(self) -> bool:
        """Whether somebody has still to decide."""
        return self.state == MembershipState.ASKED

    @property
    def as_asked(self) -> str:
        """What its person asks for, as a page shows it; whoever approves says which they read."""
        return f"{self.role}:{self.department}"

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision or is approved."""
        return self.state in OPEN_STATES

    def holds_on(self, day: date) -> bool:
        """Whether it is approved, has begun and is not over on a day; as `MembershipQuerySet.current`."""
        has_begun = self.starts_on is not None and self.starts_on <= day
        return self.state == MembershipState.APPROVED and has_begun and (self.ends_on is None or self.ends_on >= day)

    @property
    def is_of_coordinator(self) -> bool:
        """Whether this is the role that answers for the team."""
        return self.role == MembershipRole.COORDINATOR

    def coordinates_beyond(self, day: date) -> bool:
        """Whether its person answers for the team today and still does after a day, as far as anybody has said."""
        answers = self.is_of_coordinator and self.person.is_active and self.holds_on(clock.now().date())
        return answers and (self.ends_on is None or self.ends_on > day)
