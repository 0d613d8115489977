"""What is kept about those who represent local governments, and for how long."""

from datetime import datetime
from typing import Any

from django.db.models import DateTimeField, QuerySet
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from core import personal
from core.personal import Column, Kind, Rule, Subject
from municipalities.enums import MembershipState
from municipalities.models import Membership


def register_kinds() -> None:
    """Make the app's kinds of personal data known; called once, when the app is ready."""
    personal.register(_MEMBERSHIPS)


def _over(before: datetime) -> QuerySet:
    """Return what ended, was declined or stayed without a decision before a moment, with that moment as `over_at`."""
    last_day = Cast("ends_on", DateTimeField())
    over = Membership.objects.exclude(state=MembershipState.APPROVED)
    return over.annotate(over_at=Coalesce(last_day, "decided_at", "asked_at")).filter(over_at__lt=before)


def _forget(keys: list[Any]) -> None:
    Membership.objects.filter(pk__in=keys).delete()


def _found(subject: Subject) -> QuerySet:
    return Membership.objects.filter(person_id=subject.person_id).select_related("local_government")


_MEMBERSHIPS = Kind(
    name="memberships",
    label=_("Representing a city"),
    about=_("Which cities you asked to represent, in which role and department, and what was decided."),
    # A decision that can still be taken back goes with who asked and with who decided (CASCADE), within minutes anyway.
    models=("municipalities.Membership", "municipalities.HeldDecision"),
    find=_found,
    columns=(
        Column("local_government", _("local government"), lambda one: one.local_government.display_name),
        "role",
        "state",
        "department",
        "starts_on",
        "ends_on",
        "asked_at",
        "decided_at",
        "reason",
    ),
    rules=(
        Rule(
            "RETENTION_MEMBERSHIP_DAYS",
            _(
                "That you represented a city, or asked to, is deleted %(period)s after it ended or was declined, or "
                "after you asked where nobody decided."
            ),
            "over_at",
            _over,
            _forget,
        ),
    ),
    order=30,
)
