"""Pages and records of the events app."""

from events.models.attendance import Attendance
from events.models.event import Event
from events.models.join_link import JoinLink
from events.models.pages import EventIndexPage, WebinarPage
from events.models.registration import Registration, RegistrationChange
from events.models.reminder import Reminder, ReminderRule, StaffMessage
from events.models.version import EventVersion

__all__ = [
    "Attendance",
    "Event",
    "EventIndexPage",
    "EventVersion",
    "JoinLink",
    "Registration",
    "RegistrationChange",
    "Reminder",
    "ReminderRule",
    "StaffMessage",
    "WebinarPage",
]
