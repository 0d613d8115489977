"""Who may do what with events, as named predicates."""

from typing import TYPE_CHECKING

from wagtail.models import Page

if TYPE_CHECKING:
    from accounts.models import User
    from events.models import ReminderRule

VIEW_REGISTRATIONS = "events.view_registration"
CHANGE_REGISTRATIONS = "events.change_registration"
CHANGE_REMINDERS = "events.change_reminderrule"
WRITE_MESSAGES = "events.add_staffmessage"


def may_see_registrations(user: "User") -> bool:
    """Whether somebody may read the names and addresses of those who registered."""
    return user.is_active and user.has_perm(VIEW_REGISTRATIONS)


def may_change_registrations(user: "User") -> bool:
    """Whether somebody may cancel other people's registrations and move them up."""
    return may_see_registrations(user) and user.has_perm(CHANGE_REGISTRATIONS)


def may_call_off(user: "User", page: Page) -> bool:
    """Whether somebody may call the event of this page off, or let it take place after all: who may publish it."""
    return user.is_active and page.permissions_for_user(user).can_publish()


def may_change_reminders(user: "User") -> bool:
    """Whether somebody may write reminders and say that they shall leave; names and addresses are not shown there."""
    return user.is_active and user.has_perm(CHANGE_REMINDERS)


def may_write_to_registered(user: "User") -> bool:
    """Whether somebody may write to all who registered for an event."""
    return user.is_active and user.has_perm(WRITE_MESSAGES)


def may_arm(user: "User", rule: "ReminderRule") -> bool:
    """Whether somebody may let this reminder leave at its time: with words of its own it is a message to everybody."""
    return may_change_reminders(user) and (not rule.words or may_write_to_registered(user))


def may_clone(user: "User", page: Page) -> bool:
    """Whether somebody may make a new event out of this page, beside it."""
    if not page.permissions_for_user(user).can_copy():
        return False
    return page.get_parent().permissions_for_user(user).can_add_subpage()
