"""Registering for the last seats of one event: over HTTP against a bare Django view, and in the service against SQL."""

import itertools
import multiprocessing
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.crowd import Rush, rush
from benchmarks.measure import compare, percentile
from benchmarks.servers import serving

CLIENTS = 32
ATTEMPTS = int(os.environ.get("BENCH_ATTEMPTS", "320"))
CAPACITY = 100
SERVICE_SECONDS = 4
PROCESSES = int(os.environ.get("BENCH_PROCESSES", "4"))
UNLIMITED = "1000000000"
NOTHING_LIMITED = {
    "REGISTRATIONS_PER_NETWORK_PER_HOUR": UNLIMITED,
    "REGISTRATIONS_PER_ADDRESS_PER_HOUR": UNLIMITED,
}
# Lock, check, update, insert, commit: five round trips on one hot row.
HOT_ROW = """BEGIN;
SELECT taken, capacity FROM bench_event WHERE id = 2 FOR UPDATE;
UPDATE bench_event SET taken = taken + 1 WHERE id = 2;
INSERT INTO bench_seat (event_id, email, waits) VALUES (2, md5(random()::text), false);
COMMIT;
"""
Line = dict[str, Any]
_numbers = itertools.count(1)


def run(folder: Path) -> Iterator[Line]:
    """Yield a line for the crowd at an event with a waiting list, one without, and one for the service alone."""
    from django.db import connection

    from benchmarks import bare_seats

    with connection.cursor() as cursor:
        cursor.execute(bare_seats.TABLES)
    yield from _over_http(folder)
    yield _in_service(folder)


def _over_http(folder: Path) -> Iterator[Line]:
    bare = serving("benchmarks.bare_seats:application", log=folder / "bare.log", environment={"BENCH_BARE": "1"})
    site = serving("gkec.wsgi:application", log=folder / "site.log", environment=NOTHING_LIMITED, ready="/healthz")
    with bare as bare_port, site as site_port:
        for has_list in (True, False):
            rounds: list[tuple[Rush, dict[str, int]]] = []
            measured = compare(
                lambda: _floor_round(bare_port).rate,
                lambda rounds=rounds, has_list=has_list: _site_round(site_port, has_list, rounds),
            )
            yield {
                "name": "registering_http" if has_list else "registering_http_no_list",
                "unit": "attempts/s",
                **measured,
                "bar": 0.4,
                "clients": CLIENTS,
                "attempts": ATTEMPTS,
                **_told(rounds),
                "limits": NOTHING_LIMITED,
            }


def _told(rounds: list[tuple[Rush, dict[str, int]]]) -> Line:
    """Return the outcome of one round, which is that of all, and the times of all together."""
    outcomes = [outcome for _rush, outcome in rounds]
    if any(outcome != outcomes[0] for outcome in outcomes):
        raise RuntimeError(f"Rounds ended differently: {outcomes}")
    times = [one for seen, _outcome in rounds for one in seen.times]
    return {
        **outcomes[0],
        "p50_ms": round(percentile(times, 0.5) * 1000, 1),
        "p99_ms": round(percentile(times, 0.99) * 1000, 1),
    }


def _floor_round(port: int) -> Rush:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE bench_seat")
    people = [{"email": f"p{number}@bench.example"} for number in range(ATTEMPTS)]
    seen = rush(port, "/", people, clients=CLIENTS, with_token=False)
    if set(seen.statuses) != {303}:
        raise RuntimeError(f"The floor answered {seen.statuses}")
    return seen


def _site_round(port: int, has_list: bool, rounds: list) -> float:
    event = new_event(capacity=CAPACITY, waiting_list=has_list)
    seen = rush(port, f"/en/events/{event.slug}/register/", _people(), clients=CLIENTS, with_token=True)
    rounds.append((seen, _checked(event, seen)))
    return seen.rate


def _people() -> list[dict[str, str]]:
    return [
        {
            "name": f"Person {number}",
            "email": f"p{number}@bench.example",
            "country": "CO",
            "organisation": "City of Bogotá",
            "organisation_type": "local-authority",
            "language": "en",
            "timezone": "America/Bogota",
            "website": "",
        }
        for number in range(ATTEMPTS)
    ]


def _checked(event: Any, seen: Rush) -> dict[str, int]:
    """Count what became of the attempts; raise when a seat was sold twice, somebody was lost, or order was not kept."""
    from mail.models import Message

    rows = list(event.registrations.order_by("registered_at").values_list("state", "waiting_number", "pk"))
    confirmed = sum(state == "confirmed" for state, _number, _pk in rows)
    numbers = sorted(number for state, number, _pk in rows if state == "waiting")
    refused = seen.statuses[409]
    mails = Message.objects.filter(params__registration__in=[pk for _state, _number, pk in rows]).count()
    is_right = (
        confirmed == CAPACITY
        and numbers == list(range(1, len(numbers) + 1))
        and confirmed + len(numbers) + refused == ATTEMPTS == sum(seen.statuses.values())
        and seen.statuses[303] == len(rows) == mails
    )
    if not is_right:
        raise RuntimeError(f"{confirmed} confirmed, {len(numbers)} waiting, {seen.statuses}, {mails} mails")
    return {"confirmed": confirmed, "waiting": len(numbers), "refused": refused}


def new_event(*, capacity: int | None, waiting_list: bool = True) -> Any:
    """Make a live event of its own for one round."""
    from core import clock
    from events.models import EventIndexPage, WebinarPage
    from events.services import project_event

    number = next(_numbers)
    start = clock.now() + timedelta(days=30)
    page = WebinarPage(
        title=f"Benchmark {number}",
        slug=f"benchmark-{os.getpid()}-{number}",
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        capacity=capacity,
        waiting_list=waiting_list,
        format=_term("event-format", "webinar"),
    )
    EventIndexPage.objects.get(locale__language_code="en").add_child(instance=page)
    return project_event(page=page)


def _term(vocabulary: str, slug: str) -> Any:
    from core.models import Term

    return Term.objects.get(vocabulary=vocabulary, slug=slug)


def _in_service(folder: Path) -> Line:
    script = folder / "hot.sql"
    script.write_text(HOT_ROW)
    context = multiprocessing.get_context("spawn")
    barrier, orders, results = context.Barrier(PROCESSES + 1), context.Queue(), context.Queue()
    crew = [
        context.Process(target=_register_for_ever, args=(number, barrier, orders, results), daemon=True)
        for number in range(PROCESSES)
    ]
    for process in crew:
        process.start()

    def program() -> float:
        event = new_event(capacity=CAPACITY)
        for _process in crew:
            orders.put(event.pk)
        barrier.wait(120)
        done = sum(results.get(timeout=120) for _process in crew)
        event.refresh_from_db()
        taken = event.registrations.confirmed().count()
        if done != event.registrations.count() or taken != min(CAPACITY, done):
            raise RuntimeError(f"{done} registered, {event.registrations.count()} kept, {taken} with a seat")
        return done / SERVICE_SECONDS

    measured = compare(lambda: _hot_row(script), program)
    for _process in crew:
        orders.put(None)
    return {
        "name": "registering_service",
        "unit": "registrations/s",
        **measured,
        "bar": 0.25,
        "clients": CLIENTS,
        "processes": PROCESSES,
    }


def _hot_row(script: Path) -> float:
    """Return pgbench's transactions a second on one hot row."""
    from django.conf import settings

    from gkec.devstack.postgres import binary

    command = [binary("pgbench"), "-n", "-f", script, "-c", CLIENTS, "-j", 2, "-T", SERVICE_SECONDS]
    command.append(os.environ.get("DATABASE_URL", str(settings.DATABASES["default"]["NAME"])))
    told = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    rate = re.search(r"tps = ([\d.]+)", told.stdout)
    if not rate:
        raise RuntimeError(f"pgbench told no rate: {told.stdout}")
    return float(rate[1])


def _register_for_ever(number: int, barrier: Any, orders: Any, results: Any) -> None:
    import django

    django.setup()
    type_id = _term("organisation-type", "local-authority").pk
    while (event_id := orders.get()) is not None:
        barrier.wait(120)
        stop_at = time.monotonic() + SERVICE_SECONDS
        counts = [0] * (CLIENTS // PROCESSES)
        threads = [
            threading.Thread(target=_register, args=(event_id, type_id, f"{number}.{lane}", stop_at, counts, lane))
            for lane in range(len(counts))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        results.put(sum(counts))


def _register(event_id: int, type_id: int, name: str, stop_at: float, counts: list[int], lane: int) -> None:
    from django.db import connection

    from events.services import Applicant, register

    while time.monotonic() < stop_at:
        applicant = Applicant(
            name="Ana Silva",
            email=f"p{name}.{counts[lane]}@bench.example",
            language="en",
            timezone="America/Bogota",
            country="CO",
            organisation="City of Bogotá",
            organisation_type_id=type_id,
        )
        register(event_id=event_id, applicant=applicant)
        counts[lane] += 1
    connection.close()
