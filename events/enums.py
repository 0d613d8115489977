"""States and choices of the events app."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class EventStatus(models.TextChoices):
    """Whether the event takes place."""

    SCHEDULED = "scheduled", _("Scheduled")
    CANCELLED = "cancelled", _("Cancelled")


class Availability(models.TextChoices):
    """What a visitor meets at a given moment: the seats, unless the clock or the status say otherwise."""

    OPEN = "open", _("Seats free")
    FEW = "few", _("Few seats left")
    WAITING = "waiting", _("Waiting list")
    FULL = "full", _("Full")
    NOT_YET = "not-yet", _("Registration not open yet")
    CLOSED = "closed", _("Registration closed")
    LIVE = "live", _("Live now")
    PAST = "past", _("Past")
    CANCELLED = "cancelled", _("Cancelled")


class RegistrationState(models.TextChoices):
    """Where a registration stands; only the first two are live."""

    CONFIRMED = "confirmed", _("Confirmed")
    WAITING = "waiting", _("On the waiting list")
    CANCELLED = "cancelled", pgettext_lazy("registration", "Cancelled")


LIVE_STATES = (RegistrationState.CONFIRMED, RegistrationState.WAITING)


class ChangeKind(models.TextChoices):
    """What happened to a registration."""

    CONFIRMED = "confirmed", _("Registered with a seat")
    WAITING = "waiting", _("Put on the waiting list")
    PROMOTED = "promoted", _("Given a seat from the waiting list")
    CANCELLED = "cancelled", pgettext_lazy("registration", "Cancelled")
    PREFERENCES = "preferences", _("Changed language or time zone")
    CLAIMED = "claimed", _("Linked to an account")
    LINKS = "links", _("Given new links")


class JoinState(models.TextChoices):
    """What somebody meets on their join page."""

    OPEN = "open", _("Open")
    EARLY = "early", _("Not open yet")
    NO_LINK = "no-link", _("Without a meeting link")
    WAITING = "waiting", _("On the waiting list")
    CANCELLED = "cancelled", _("Registration cancelled")
    CALLED_OFF = "called-off", _("Event cancelled")
    OVER = "over", _("Past")


class AttendanceSource(models.TextChoices):
    """How we know that somebody was there."""

    JOIN = "join", _("Join page")


class Actor(models.TextChoices):
    """Who made a change when no account can be named."""

    PERSON = "person", _("The person")
    STAFF = "staff", _("Staff")
    SYSTEM = "system", _("The system")


class ReminderAnchor(models.TextChoices):
    """What a reminder's time is reckoned from."""

    START = "start", _("the start")
    END = "end", _("the end")


class ReminderAudience(models.TextChoices):
    """Who a reminder or a message of staff goes to."""

    CONFIRMED = "confirmed", _("those with a seat")
    WAITING = "waiting", _("those on the waiting list")
    ATTENDED = "attended", _("those who were there")
    ABSENT = "absent", _("those with a seat who were not there")

    @property
    def state(self) -> RegistrationState:
        """The state that all of them have."""
        return RegistrationState.WAITING if self is ReminderAudience.WAITING else RegistrationState.CONFIRMED

    @property
    def is_of_the_past(self) -> bool:
        """Whether nobody knows who they are before the event has ended."""
        return self in {ReminderAudience.ATTENDED, ReminderAudience.ABSENT}


class ReminderState(models.TextChoices):
    """How far one person's reminder has come."""

    PLANNED = "planned", _("planned")
    ASKED = "asked", _("handed to the outbox")
    MISSED = "missed", _("its time had passed before it could leave")
    DROPPED = "dropped", _("its reason had ended")
