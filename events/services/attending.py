"""Being led into the meeting, and being counted as present."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from core import clock
from events.enums import AttendanceSource, JoinState
from events.errors import NotJoinable
from events.models import Event, JoinLink, Registration


def doors_open_at(event: Event) -> datetime:
    """Return from when on people are led into the meeting and counted."""
    return event.starts_at - timedelta(minutes=settings.EVENT_JOIN_OPENS_MINUTES)


def join_state(registration: Registration) -> JoinState:
    """Say what a person meets on the join page now: event and end first, then the registration, the doors, the link.

    Of what is over nobody is told that their registration is cancelled: that would invite them to register again.
    """
    event = registration.event
    if event.is_cancelled:
        return JoinState.CALLED_OFF
    if event.is_over:
        return JoinState.OVER
    if not registration.is_live:
        return JoinState.CANCELLED
    if registration.is_waiting:
        return JoinState.WAITING
    if clock.now() < doors_open_at(event):
        return JoinState.EARLY
    has_link = JoinLink.objects.filter(translation_key=event.translation_key).exists()
    return JoinState.OPEN if has_link else JoinState.NO_LINK


# Asks for no lock that cancelling holds while it waits for one of ours; what has no seat by now adds no row.
_SEEN = """
    INSERT INTO events_attendance (registration_id, event_id, source, first_seen_at, last_seen_at)
    SELECT id, event_id, %(source)s, %(now)s, %(now)s FROM events_registration
    WHERE id = %(registration)s AND state = 'confirmed'
    ON CONFLICT (registration_id, source) DO UPDATE
    SET last_seen_at = greatest(events_attendance.last_seen_at, excluded.last_seen_at)
"""


@transaction.atomic
def join(*, registration_id: int) -> str:
    """Count a confirmed person as present and return the meeting's link; raises NotJoinable at any other time."""
    registration = Registration.objects.select_related("event").get(pk=registration_id)
    state = join_state(registration)
    if state != JoinState.OPEN:
        raise NotJoinable(state)
    link = JoinLink.objects.get(translation_key=registration.event.translation_key)
    values: dict[str, Any] = {
        "registration": registration.pk,
        "source": AttendanceSource.JOIN.value,
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, values)
        if not cursor.rowcount:
            raise NotJoinable(JoinState.CANCELLED)
    return link.url
