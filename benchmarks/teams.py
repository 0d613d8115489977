"""Teams: enrolling 50 people in a full-grown cohort, mails asked for, and reading 10,000 pasted lines.

The bar for a team is one second; the floor is a bare INSERT … SELECT of as many rows into a logged table. Several
coordinators at once share one process here, so that whoever comes last waits for the others' Python too.
"""

import itertools
import os
import statistics
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.measure import bare_copy, seconds

TEAM = 50
TEAMS = int(os.environ.get("BENCH_TEAMS", "20"))
AT_ONCE = int(os.environ.get("BENCH_COORDINATORS", "8"))
LINES = 10_000
_numbers = itertools.count(1)


def run(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield a line for teams one after the other, one for several at once, and one for reading lines."""
    yield _one_after_the_other()
    yield _at_once()
    yield _reading()


def _cohort(seats: int) -> Any:
    from wagtail.models import Locale

    from core import clock
    from learning.models import Cohort, Course
    from learning.services import save_cohort

    key = uuid.uuid4()
    course = Course.objects.create(translation_key=key, source_locale=Locale.objects.first(), title="Bench")
    starts = clock.now().date() + timedelta(days=30)
    return save_cohort(
        cohort=Cohort(
            course=course,
            slug=f"bench-{key.hex}",
            name="Bench",
            starts_on=starts,
            ends_on=starts + timedelta(days=28),
            timezone="UTC",
            languages=["en"],
            seats=seats,
            seats_per_local_government=2 * TEAM,
        )
    )


def _coordinator() -> Any:
    from accounts.services import create_person
    from core import clock
    from municipalities.models import LocalGovernment, Membership

    number = f"{next(_numbers)}-{uuid.uuid4().hex[:6]}"
    city = LocalGovernment.objects.create(slug=f"bench-{number}", name="Bench", country="SE", standing="pending")
    return Membership.objects.create(
        person=create_person(email=f"coordinator{number}@example.org", language="en"),
        local_government=city,
        role="coordinator",
        state="approved",
        starts_on=clock.now().date() - timedelta(days=1),
        decided_at=clock.now(),
    )


def _enrol(cohort: Any, by: Any) -> float:
    from learning.services import Invitee, enrol_team

    people = [Invitee(email=f"p{number}-{uuid.uuid4().hex[:8]}@example.org", name="Bench") for number in range(TEAM)]
    return seconds(
        lambda: enrol_team(
            cohort_id=cohort.pk,
            local_government_id=by.local_government_id,
            coordinator=by.person,
            people=people,
        )
    )


def _one_after_the_other() -> dict[str, Any]:
    # Half of them find a seat and half a place on the waiting list.
    cohort = _cohort(seats=TEAM * TEAMS // 2)
    times = [_enrol(cohort, _coordinator()) for _ in range(TEAMS)]
    floor = bare_copy("learning_enrolment", "ORDER BY id DESC LIMIT %s", [TEAM])
    return {
        "name": "enrolling_a_team_of_50",
        "figure": round(statistics.median(times), 3),
        "unit": "s",
        "bar": 1,
        "worst": round(max(times), 3),
        "floor": round(floor, 4),
        "ratio": round(statistics.median(times) / floor, 1),
        "floor_is": "a bare INSERT … SELECT of as many rows into a logged table",
        "teams": TEAMS,
        "in_cohort": cohort.enrolments.count(),
        "seats_held": cohort.enrolments.seated().count(),
        "load_average": round(os.getloadavg()[0], 2),
    }


def _at_once() -> dict[str, Any]:
    from django.db import connection

    cohort = _cohort(seats=TEAM * AT_ONCE // 2)
    coordinators = [_coordinator() for _ in range(AT_ONCE)]
    times: list[float] = []

    def enrol(by: Any) -> None:
        try:
            times.append(_enrol(cohort, by))
        finally:
            connection.close()

    alone = _enrol(_cohort(seats=TEAM // 2), _coordinator())
    threads = [threading.Thread(target=enrol, args=[by]) for by in coordinators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "name": "enrolling_teams_at_once",
        "figure": round(max(times), 3),
        "unit": "s",
        "median": round(statistics.median(times), 3),
        "floor": round(AT_ONCE * alone, 3),
        "ratio": round(max(times) / AT_ONCE / alone, 2),
        "floor_is": "as many teams one after the other",
        "coordinators": AT_ONCE,
        "seats": cohort.seats,
        "seats_held": cohort.enrolments.seated().count(),
        "waiting": cohort.enrolments.waiting().count(),
        "load_average": round(os.getloadavg()[0], 2),
    }


def _reading() -> dict[str, Any]:
    from learning.services import preview_team

    cohort, by = _cohort(seats=TEAM), _coordinator()
    lines = [f'"Person, {number}" <p{number}@example.org>' for number in range(LINES)]

    def read(text: str) -> float:
        return seconds(
            lambda: preview_team(
                cohort_id=cohort.pk, local_government_id=by.local_government_id, lines=text, coordinator=by.person
            )
        )

    short, long = read("\n".join(lines[: LINES // 10])), read("\n".join(lines))
    return {
        "name": "reading_ten_thousand_lines",
        "figure": round(long, 3),
        "unit": "s",
        "floor": round(10 * short, 3),
        "ratio": round(long / short / 10, 2),
        "floor_is": "ten times a tenth of them",
        "load_average": round(os.getloadavg()[0], 2),
    }
