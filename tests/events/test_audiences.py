"""Who a reminder is for: the sweep's SQL, the queryset and the mail that is about to leave say the same of everybody."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest
from django.db import connection

from core import clock
from events import mails_to_many
from events.models import Attendance, Event, Registration
from events.services import planning, reminding
from mail.kinds import NoLongerMakesSense
from tests.factories import events as make

pytestmark = pytest.mark.django_db

AUDIENCES = ("confirmed", "waiting", "attended", "absent")
STATES = ("confirmed", "waiting", "cancelled")
# Audience, state, seen at the event, event ended, person erased: of all cases those in which a reminder is for them.
IS_FOR = {
    *product(["confirmed"], ["confirmed"], [True, False], [True, False], [False]),
    *product(["waiting"], ["waiting"], [True, False], [True, False], [False]),
    ("attended", "confirmed", True, True, False),
    ("absent", "confirmed", False, True, False),
}


def by_sweep(audience: str, registration: Registration) -> bool:
    """Ask as the sweep does, and as planning does apart from who was there."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {planning.FITS} AND {reminding.WAS_OR_WAS_NOT_THERE}"
            " FROM events_registration AS registration JOIN events_event AS event ON event.id = registration.event_id,"
            " (SELECT %(audience)s AS audience, now() AS armed_at) AS rule WHERE registration.id = %(registration)s",
            {"audience": audience, "registration": registration.pk, "now": clock.now()},
        )
        return cursor.fetchone()[0]


def by_queryset(audience: str, registration: Registration) -> bool:
    """Ask as a dry run and a message of staff do, which both want to know first whether the event has ended."""
    is_known = registration.event.ends_at <= clock.now() or audience not in {"attended", "absent"}
    return is_known and registration in Registration.objects.of_audience(audience)


def by_mail(audience: str, registration: Registration) -> bool:
    """Ask as the mail does when it is about to leave."""
    try:
        mails_to_many._need_audience(registration, audience)
    except NoLongerMakesSense:
        return False
    return True


def somebody(event: Event, state: str, *, was_seen: bool, is_erased: bool) -> Registration:
    number = Registration.objects.count()
    address = f"guest-{number}@{'erased.invalid' if is_erased else 'example.org'}"
    registration = Registration.objects.create(
        event=event,
        name="Guest",
        email=address,
        email_key=address,
        language="en",
        timezone="UTC",
        state=state,
        waiting_number=number + 1,
        cancelled_at=clock.now() if state == "cancelled" else None,
        erased_at=clock.now() if is_erased else None,
    )
    if was_seen:
        seen = {"first_seen_at": event.starts_at, "last_seen_at": event.starts_at}
        Attendance.objects.create(registration=registration, event=event, source="join", **seen)
    return registration


@pytest.mark.parametrize("decides", [by_sweep, by_queryset, by_mail])
def test_a_reminder_is_for_the_same_people_whoever_asks(decides: Callable[[str, Registration], bool]) -> None:
    now = clock.now()
    over, to_come = (make.bare_event(starts_at=now + timedelta(days=days)) for days in (-2, 2))
    found = set()
    for state, was_seen, has_ended, is_erased in product(STATES, *[[True, False]] * 3):
        registration = somebody(over if has_ended else to_come, state, was_seen=was_seen, is_erased=is_erased)
        case = (state, was_seen, has_ended, is_erased)
        found |= {(audience, *case) for audience in AUDIENCES if decides(audience, registration)}
    assert found == IS_FOR
