"""Reminders: planning and freezing 10,000 of them, and what planning adds to registering.

The bar is 5 seconds for both together, in constant memory; the floor is a bare INSERT … SELECT of as many rows.
"""

import os
import resource
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

REMINDERS = int(os.environ.get("BENCH_REMINDERS", "10000"))
REGISTRATIONS = int(os.environ.get("BENCH_REGISTRATIONS", "200"))


def run(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield one line for planning and freezing, and one for registering with and without reminders."""
    yield _plan_and_freeze()
    yield _registering()


def _event(*, is_armed: bool) -> Any:
    from wagtail.models import Locale

    from core import clock
    from events.models import Event
    from events.services import arm, propose_rules

    start = clock.now() + timedelta(days=30)
    number = uuid.uuid4()
    event = Event.objects.create(
        translation_key=number,
        slug=f"bench-{number.hex}",
        source_locale=Locale.objects.first(),
        title="Bench",
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        timezone="Europe/Brussels",
    )
    propose_rules(translation_key=number)
    if is_armed:
        from events.models import ReminderRule

        for rule in ReminderRule.objects.filter(translation_key=number):
            arm(rule_id=rule.pk)
    return event


def _plan_and_freeze() -> dict[str, Any]:
    from django.db import connection

    from core import clock
    from events.models import ReminderRule
    from events.services import plan, remind, send_now

    event = _event(is_armed=False)
    _people(event)
    with connection.cursor() as cursor:
        floor = _seconds(lambda: cursor.execute("CREATE TEMP TABLE bare AS SELECT * FROM events_registration"))
        cursor.execute("ANALYZE events_registration")
    rule = ReminderRule.objects.filter(translation_key=event.translation_key).first()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    planning = _seconds(lambda: send_now(rule_id=rule.pk))
    again = _seconds(lambda: plan(event_id=event.pk))
    with connection.cursor() as cursor:
        past = {"at": clock.now() - timedelta(seconds=1), "rule": rule.pk}
        cursor.execute("UPDATE events_reminderrule SET due_at = %(at)s WHERE id = %(rule)s", past)
        cursor.execute("UPDATE events_reminder SET due_at = %(at)s WHERE rule_id = %(rule)s", past)
    asked: list[int] = []
    freezing = _seconds(lambda: asked.append(remind()))
    return {
        "name": "reminders_planned_and_frozen",
        "figure": round(planning + freezing, 2),
        "unit": "s",
        "bar": 5,
        "reminders": asked[0],
        "planning_s": round(planning, 2),
        "planning_again_s": round(again, 2),
        "freezing_s": round(freezing, 2),
        "floor_copy_s": round(floor, 3),
        "grown_mb": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1),
        "load_average": round(os.getloadavg()[0], 2),
    }


def _people(event: Any) -> None:
    from events.models import Registration

    languages = ("en", "fr", "es", "pt", "ar")
    for first in range(0, REMINDERS, 1000):
        Registration.objects.bulk_create(
            Registration(
                event=event,
                name=f"Guest {number}",
                email=f"guest{number}@example.org",
                email_key=f"guest{number}@example.org",
                language=languages[number % 5],
                timezone="America/Bogota",
                state="confirmed",
            )
            for number in range(first, min(first + 1000, REMINDERS))
        )


def _registering() -> dict[str, Any]:
    """Register in turn for an event with three armed rules and for one without, which is the floor."""
    events = {True: _event(is_armed=True), False: _event(is_armed=False)}
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number in range(REGISTRATIONS):
        for is_armed, event in events.items():
            taken[is_armed].append(_seconds(lambda event=event, number=number: _register(event, number)))
    with_rules, without = (1000 * statistics.median(taken[armed]) for armed in (True, False))
    return {
        "name": "registering_with_reminders",
        "figure": round(with_rules, 3),
        "unit": "ms",
        "floor": round(without, 3),
        "ratio": round(with_rules / without, 3),
        "registrations": REGISTRATIONS,
        "load_average": round(os.getloadavg()[0], 2),
    }


def _register(event: Any, number: int) -> None:
    from events.services import Applicant, register

    register(
        event_id=event.pk,
        applicant=Applicant(
            name=f"Guest {number}",
            email=f"guest{number}-{uuid.uuid4().hex[:6]}@example.org",
            language="en",
            timezone="UTC",
        ),
    )


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
