"""A decision that writes to more than one person, for as long as it can be taken back."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from municipalities.enums import ABOUT_CITIES, DecisionKind
from municipalities.querysets import HeldDecisionQuerySet


class HeldDecision(models.Model):
    """What somebody decided about one request, or about a proposed city, and of which nothing has happened yet.

    Carried out or taken back, the row goes. Whoever decided goes with it: then nobody has decided.
    """

    kind = models.CharField(_("what"), max_length=16, choices=DecisionKind.choices)
    # Of an approval, or of what is declined.
    membership = models.OneToOneField(
        "municipalities.Membership",
        verbose_name=_("membership"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="held_decision",
    )
    # What an approved person asked for when whoever approves read it, as `Membership.as_asked`.
    seen = models.CharField(max_length=160, blank=True)
    # Of a refusal or a merge.
    local_government = models.OneToOneField(
        "municipalities.LocalGovernment",
        verbose_name=_("local government"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="held_decision",
    )
    same_as = models.ForeignKey(
        "municipalities.LocalGovernment",
        verbose_name=_("the same as"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("decided by"), on_delete=models.CASCADE, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), default=clock.now)
    takes_effect_at = models.DateTimeField(_("takes effect"), db_index=True)

    objects = HeldDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("held decision")
        verbose_name_plural = _("held decisions")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=DecisionKind.values), name="municipalities_held_decision_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(kind=DecisionKind.APPROVE, membership__isnull=False, local_government=None)
                | Q(kind=DecisionKind.DECLINE, membership__isnull=False, local_government=None, seen="")
                | Q(kind__in=ABOUT_CITIES, membership=None, local_government__isnull=False, seen=""),
                name="municipalities_held_decision_about_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(kind=DecisionKind.MERGE, same_as__isnull=False)
                | Q(~Q(kind=DecisionKind.MERGE), same_as=None),
                name="municipalities_held_decision_same_as_of_merge",
            ),
            models.CheckConstraint(
                condition=Q(same_as=None) | ~Q(same_as=F("local_government")),
                name="municipalities_held_decision_not_same_as_itself",
            ),
            models.CheckConstraint(
                condition=Q(reason="") | Q(kind__in=[DecisionKind.DECLINE, DecisionKind.REFUSE]),
                name="municipalities_held_decision_reason_of_refusal",
            ),
            models.CheckConstraint(
                condition=Q(takes_effect_at__gte=F("decided_at")),
                name="municipalities_held_decision_effect_after_decision",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_due(self) -> bool:
        """Whether the undo window has passed."""
        return self.takes_effect_at <= clock.now()
