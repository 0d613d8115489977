"""Choices of the learning app."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class UnitKind(models.TextChoices):
    """What a learner does in a unit."""

    READING = "reading", _("Reading")


class Admission(models.TextChoices):
    """How people come into a cohort."""

    OPEN = "open", _("Open to everybody")
    APPROVAL = "approval", _("By approval")


class CohortState(models.TextChoices):
    """What a visitor meets at a given moment: the seats, unless the dates say otherwise."""

    OPEN = "open", _("Seats free")
    FEW = "few", _("Few seats left")
    WAITING = "waiting", _("Waiting list")
    FULL = "full", _("Full")
    NOT_YET = "not-yet", _("Enrolment not open yet")
    CLOSED = "closed", _("Enrolment closed")
    RUNNING = "running", _("Running")
    PAST = "past", _("Past")
    CALLED_OFF = "called-off", pgettext_lazy("cohort", "Cancelled")


class TeamState(models.TextChoices):
    """How far a coordinator's wish to enrol a team has come."""

    DRAFT = "draft", _("Not sent yet")
    SENT = "sent", _("Enrolled")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Lapsed")


LIVE_TEAMS = (TeamState.DRAFT, TeamState.SENT)
# Nobody was ever written to: only who wrote them down knows of these people.
UNTOLD_TEAMS = (TeamState.DRAFT, TeamState.LAPSED)


class EnrolmentState(models.TextChoices):
    """Where one person's enrolment stands."""

    DRAFTED = "drafted", _("Not invited yet")
    INVITED = "invited", _("Invited")
    APPLIED = "applied", _("Applied")
    WAITLISTED = "waitlisted", _("On the waiting list")
    ACTIVE = "active", _("Takes part")
    COMPLETED = "completed", _("Completed")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    DECLINED = "declined", _("Declined")
    LAPSED = "lapsed", _("Lapsed")


# Of these the person has been told, or a moderator decides; a city has one for each address.
KNOWN_STATES = (
    EnrolmentState.INVITED,
    EnrolmentState.APPLIED,
    EnrolmentState.WAITLISTED,
    EnrolmentState.ACTIVE,
    EnrolmentState.COMPLETED,
)
LIVE_STATES = (EnrolmentState.DRAFTED, *KNOWN_STATES)
# What can end before its time; who has completed the course keeps the record.
LEAVABLE_STATES = tuple(state for state in LIVE_STATES if state != EnrolmentState.COMPLETED)
JOINED_STATES = (EnrolmentState.ACTIVE, EnrolmentState.COMPLETED)
SEATED_STATES = (EnrolmentState.INVITED, *JOINED_STATES)
# A draft holds a seat or, with a waiting number, waits for one; where a moderator decides it does neither.
WAITING_STATES = (EnrolmentState.DRAFTED, EnrolmentState.WAITLISTED)
ENDED_STATES = (
    EnrolmentState.COMPLETED,
    EnrolmentState.WITHDRAWN,
    EnrolmentState.DECLINED,
    EnrolmentState.LAPSED,
)


class Ending(models.TextChoices):
    """How an enrolment that is withdrawn came to its end, as those read it who answer for it."""

    DECLINED = "has-declined", _("Has declined")
    LEFT_LIST = "left-list", _("Has left the waiting list")
    TAKEN_BACK = "taken-back", _("Has taken the request back")
    LEFT = "left", _("Has left")
    REPLACED = "replaced", _("Replaced by somebody else")
    WITHDRAWN = "withdrawn", _("Withdrawn")


ENDINGS_BY_PERSON = (Ending.DECLINED, Ending.LEFT_LIST, Ending.TAKEN_BACK, Ending.LEFT)
DRAFT_WAITS = "drafted-waits"
# What those read, and ask for, who answer for enrolments: more than the state where who waits or who ended it matters.
SHOWN_STATES: dict[str, Any] = {
    EnrolmentState.DRAFTED.value: EnrolmentState.DRAFTED.label,
    DRAFT_WAITS: _("Not invited yet, waits for a seat"),
    **{state.value: state.label for state in KNOWN_STATES},
    **dict(Ending.choices),
    EnrolmentState.DECLINED.value: EnrolmentState.DECLINED.label,
    EnrolmentState.LAPSED.value: EnrolmentState.LAPSED.label,
}


class ChangeKind(models.TextChoices):
    """What happened to an enrolment."""

    DRAFTED = "drafted", _("Written down by a coordinator, not invited yet")
    INVITED = "invited", _("Invited")
    APPLIED = "applied", _("Applied")
    WAITLISTED = "waitlisted", _("Put on the waiting list")
    PROMOTED = "promoted", _("Given a seat from the waiting list")
    JOINED = "joined", pgettext_lazy("course", "Joined")
    CONFIRMED = "confirmed", _("Confirmed name and department")
    COMPLETED = "completed", _("Completed")
    REOPENED = "reopened", _("Reopened")
    REPLACED = "replaced", _("Replaced by somebody else")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    DECLINED = "declined", _("Declined")
    LAPSED = "lapsed", _("Lapsed")
    MOVED = "moved", _("Moved to another city")


# Whom a team enrolled that was sent has one of these steps; who never came further than a draft has none.
TOLD_KINDS = (ChangeKind.INVITED, ChangeKind.WAITLISTED, ChangeKind.APPLIED)


class Actor(models.TextChoices):
    """Who made a change when no account can be named."""

    PERSON = "person", _("The person")
    COORDINATOR = "coordinator", _("A coordinator")
    STAFF = "staff", _("Staff")
    SYSTEM = "system", _("The system")
