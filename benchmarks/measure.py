"""Measuring fairly on a shared machine: floor and program in turn, several rounds, medians."""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))


def compare(floor: Callable[[], float], program: Callable[[], float], rounds: int = ROUNDS) -> dict[str, object]:
    """Run both in turn and return their medians, the median of the ratios pair by pair, and its spread.

    One warm-up of each goes before and is not counted. A pair shares what else the machine was doing at that moment,
    so the ratio of a pair says more than the ratio of two medians.
    """
    floor()
    program()
    pairs = [(floor(), program()) for _ in range(rounds)]
    ratios = [mine / limit for limit, mine in pairs]
    return {
        "figure": round(statistics.median(mine for _limit, mine in pairs), 1),
        "floor": round(statistics.median(limit for limit, _mine in pairs), 1),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_min": round(min(ratios), 3),
        "ratio_max": round(max(ratios), 3),
        "rounds": rounds,
        "load_average": round(os.getloadavg()[0], 2),
    }


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def bare_copy(table: str, which: str, values: list[Any]) -> float:
    """Return how long an INSERT … SELECT of some rows of a table takes, into one without indexes.

    That one is logged as all that is kept is: a temporary table leaves out the log, and is no floor of what commits.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bench_bare (LIKE {table})")
        try:
            # The names are those of our own tables.
            copy = f"INSERT INTO bench_bare SELECT * FROM {table} {which}"  # noqa: S608
            return seconds(lambda: cursor.execute(copy, values))
        finally:
            cursor.execute("DROP TABLE bench_bare")


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
