"""Reminders: planning and freezing 10,000 of them, and what planning adds to registering.

The bar is 5 seconds for both together, in constant memory; the floor is a bare INSERT … SELECT of as many registrations
into a table without indexes that is logged as theirs is.
"""

import os
import statistics
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks import bulkmail, memory
from benchmarks.measure import bare_copy, seconds

REMINDERS = int(os.environ.get("BENCH_REMINDERS", "10000"))
WRITTEN = int(os.environ.get("BENCH_WRITTEN_REMINDERS", "5000"))
REGISTRATIONS = int(os.environ.get("BENCH_REGISTRATIONS", "200"))


@dataclass(frozen=True, slots=True)
class Measured:
    """What planning and freezing took: seconds, the floor's too, and the memory that it grew by at its peak."""

    asked: int
    floor: float
    planning: float
    again: float
    freezing: float
    grown_mb: float


def run(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield a line for planning and freezing, one for registering with and without reminders, and one for writing."""
    yield _plan_and_freeze()
    yield _registering()
    yield _writing()


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
    tenth, whole = (_planned_and_frozen(number) for number in (REMINDERS // 10, REMINDERS))
    both = whole.planning + whole.freezing
    return {
        "name": "reminders_planned_and_frozen",
        "figure": round(both, 2),
        "unit": "s",
        "bar": 5,
        "floor": round(whole.floor, 3),
        "ratio": round(both / whole.floor, 1),
        "floor_is": "a bare INSERT … SELECT of as many rows into a logged table",
        "reminders": whole.asked,
        "planning_s": round(whole.planning, 2),
        "planning_again_s": round(whole.again, 2),
        "freezing_s": round(whole.freezing, 2),
        "grown_mb": whole.grown_mb,
        "grown_mb_by_a_tenth": tenth.grown_mb,
        "load_average": round(os.getloadavg()[0], 2),
    }


def _planned_and_frozen(number: int) -> Measured:
    """Plan and freeze this many reminders of one event."""
    from django.db import connection

    from core import clock
    from events.models import ReminderRule
    from events.services import plan, remind, send_now

    event = _event(is_armed=False)
    _people(event, number)
    floor = bare_copy("events_registration", "WHERE event_id = %s", [event.pk])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE events_registration")
    rule = ReminderRule.objects.filter(translation_key=event.translation_key).first()
    before = memory.forget_peak()
    planning = seconds(lambda: send_now(rule_id=rule.pk))
    again = seconds(lambda: plan(event_id=event.pk))
    with connection.cursor() as cursor:
        past = {"at": clock.now() - timedelta(seconds=1), "rule": rule.pk}
        cursor.execute("UPDATE events_reminderrule SET due_at = %(at)s WHERE id = %(rule)s", past)
        cursor.execute("UPDATE events_reminder SET due_at = %(at)s WHERE rule_id = %(rule)s", past)
    asked: list[int] = []
    freezing = seconds(lambda: asked.append(remind()))
    return Measured(asked[0], floor, planning, again, freezing, round(memory.peak() - before, 1))


def _people(event: Any, number: int) -> None:
    from events.models import Registration

    languages = ("en", "fr", "es", "pt", "ar")
    for first in range(0, number, 1000):
        Registration.objects.bulk_create(
            Registration(
                event=event,
                name=f"Guest {one}",
                email=f"guest{one}@example.org",
                email_key=f"guest{one}@example.org",
                language=languages[one % 5],
                timezone="America/Bogota",
                state="confirmed",
            )
            for one in range(first, min(first + 1000, number))
        )


def _registering() -> dict[str, Any]:
    """Register in turn for an event with three armed rules and for one without, which is the floor."""
    events = {True: _event(is_armed=True), False: _event(is_armed=False)}
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number in range(REGISTRATIONS):
        for is_armed, event in events.items():
            taken[is_armed].append(seconds(lambda event=event, number=number: _register(event, number)))
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


def _writing() -> dict[str, Any]:
    """Write reminders one by one, each with its calendar file, up to the bytes that a server would get.

    The floor is a letter that is written once and filled for each, as an issue of the newsletter is.
    """
    from core import clock
    from events.models import Reminder, ReminderRule
    from events.services import remind, send_now
    from mail import rendering
    from mail.models import Message

    # What the lines before asked for would be written with it.
    Message.objects.waiting().filter(stream="bulk").delete()
    event = _event(is_armed=False)
    _people(event, WRITTEN)
    rule = ReminderRule.objects.filter(translation_key=event.translation_key).first()
    send_now(rule_id=rule.pk)
    past = clock.now() - timedelta(seconds=1)
    ReminderRule.objects.filter(pk=rule.pk).update(due_at=past)
    Reminder.objects.filter(rule=rule).update(due_at=past)
    remind()
    # The first brings the site's addresses and templates along.
    rendering.render(Message.objects.filter(kind="event-reminder").first())
    singly = _written_all()
    _ask_for_letters()
    filled = _written_all()
    return {
        "name": "reminders_written",
        "unit": "ms",
        "figure": round(1000 * singly / WRITTEN, 2),
        "floor": round(1000 * filled / WRITTEN, 2),
        "ratio": round(singly / filled, 1),
        "floor_is": "a letter written once and filled for each",
        "reminders": WRITTEN,
        "all_s": round(singly, 1),
        "floor_all_s": round(filled, 1),
        "load_average": round(os.getloadavg()[0], 2),
    }


def _ask_for_letters() -> None:
    from django.db import transaction

    from mail.services.asking_many import Asked, enqueue_many

    bulkmail.register()
    for first in range(0, WRITTEN, 200):
        asked = [
            Asked(
                key=f"letter:{uuid.uuid4()}",
                to=f"p{n}@example.org",
                to_name=f"P {n}",
                language="en",
                params={"issue": 1, "person": n},
            )
            for n in range(first, min(first + 200, WRITTEN))
        ]
        with transaction.atomic():
            enqueue_many(kind="bench-letter", asked=asked)


def _written_all() -> float:
    """Write all mail to many that is due as a worker does, without handing it over; return the seconds of writing."""
    from mail.models import Message
    from mail.services import ledger
    from mail.services.writing import Desk

    seconds, written = 0.0, 0
    while (lease := ledger.lease(stream="bulk", limit=200)).messages:
        start = time.perf_counter()
        desk = Desk(lease)
        while ready := desk.next_group(20):
            written += len(ready)
        seconds += time.perf_counter() - start
        Message.objects.filter(lease_id=lease.id).delete()
    if written != WRITTEN:
        raise RuntimeError(f"{written} of {WRITTEN} mails were written.")
    return seconds


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
