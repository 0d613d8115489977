"""Cancelling one registration, which frees its seat for the next in line."""

from typing import TYPE_CHECKING

from django.db import transaction

from core import clock
from events.enums import Actor, ChangeKind, RegistrationState
from events.errors import EventOver
from events.models import Registration, RegistrationChange
from events.services import notices, planning, seats
from events.services.promoting import fill_seats

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def cancel(
    *, registration_id: int, actor: Actor = Actor.PERSON, by: "User | None" = None, reason: str = ""
) -> Registration:
    """Cancel a registration and give its seat to the first in line; cancelling twice changes nothing.

    Raises EventOver once the event has ended: what people took part in stays as it was.
    """
    event_id = Registration.objects.values_list("event_id", flat=True).get(pk=registration_id)
    event = seats.lock(event_id)
    registration = Registration.objects.select_related("person").get(pk=registration_id)
    if not registration.is_live:
        return registration
    if event.is_over:
        raise EventOver
    now = clock.now()
    registration.state = RegistrationState.CANCELLED
    registration.cancelled_at = now
    registration.revision += 1
    registration.save(update_fields=["state", "cancelled_at", "revision"])
    RegistrationChange.objects.create(
        registration=registration, at=now, what=ChangeKind.CANCELLED, actor=actor, by=by, reason=reason
    )
    planning.plan(event_id=event.pk, registration_ids=[registration.pk])
    notices.withdraw_standing(registration)
    notices.say_cancelled(event, registration)
    fill_seats(event)
    return registration
