"""Calling a whole event off, and letting it take place after all."""

from typing import TYPE_CHECKING

from django.db import transaction

from events.enums import EventStatus
from events.errors import EventOver
from events.models import Event
from events.services import seats, versions
from events.services.promoting import hold_seats

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def cancel_event(*, event_id: int, by: "User", reason: str) -> Event:
    """Call an event off; doing so twice changes nothing. Raises EventOver once it has ended.

    Pages, feeds and the registration form know at once. People are told when the undo window has passed, unless
    `restore_event` was faster; only then are reminders dropped. Registrations stay as they are.
    """
    return _set(event_id, EventStatus.CANCELLED, by=by, reason=reason)


@transaction.atomic
def restore_event(*, event_id: int, by: "User", reason: str) -> Event:
    """Let an event that was called off take place after all, each in the seat they had; raises EventOver.

    Who is told, and who gets a seat that became free meanwhile, hears of it when the undo window has passed.
    """
    return _set(event_id, EventStatus.SCHEDULED, by=by, reason=reason)


def _set(event_id: int, status: EventStatus, *, by: "User", reason: str) -> Event:
    event = seats.lock(event_id)
    if event.status == status:
        return event
    if event.is_over:
        raise EventOver(EventOver.of_event)
    event.status = status
    event.revision += 1
    event.save(update_fields=["status", "revision"])
    version = versions.write(event, by=by, reason=reason)
    hold_seats(event, since=version.made_at)
    seats.purge(event)
    return event
