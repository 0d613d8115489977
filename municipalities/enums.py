"""States and choices of local governments."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Standing(models.TextChoices):
    """Whether a local government is part of the directory."""

    ACTIVE = "active", _("Listed")
    PENDING = "pending", _("Proposed, to be checked")
    RETIRED = "retired", _("No longer listed")


class Precision(models.TextChoices):
    """How exactly a date is known."""

    DAY = "day", _("Day")
    MONTH = "month", _("Month")


class MembershipRole(models.TextChoices):
    """What somebody is for a local government's team."""

    COORDINATOR = "coordinator", _("Coordinator")
    MEMBER = "member", _("Member of the team")


class MembershipState(models.TextChoices):
    """How far somebody's wish to represent a local government has come."""

    ASKED = "asked", _("Waiting for a decision")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    ENDED = "ended", _("Ended")


class DecisionKind(models.TextChoices):
    """What is decided about a request to represent a city, or about a city that somebody proposed."""

    APPROVE = "approve", _("Approval")
    DECLINE = "decline", _("Declined request")
    REFUSE = "refuse", _("Refusal")
    MERGE = "merge", _("Merge")


# About a proposed city, and so about all who ask for it; the others are about one request.
ABOUT_CITIES = (DecisionKind.REFUSE, DecisionKind.MERGE)


# Of these there is at most one for each person and local government.
OPEN_STATES = (MembershipState.ASKED, MembershipState.APPROVED)
