"""Counters and durations of all processes together, kept in Valkey and read by /metrics.

Each process adds up in memory; a thread carries the sums over every few seconds. So a request costs a microsecond,
web and workers need no shared folder, and a deployment does not start from zero. What is lost by a kill is a few
seconds of counts. Nothing is counted unless metrics are on.
"""

import atexit
import json
import os
import threading
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from core import valkey

KEY = "metrics:sums"
FLUSH_SECONDS = 5.0
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# What stands behind the bounds of a histogram: all that took longer, then the sum of seconds.
_WIDTH = len(BOUNDS) + 2

Name = tuple[str, ...]


def is_on() -> bool:
    """Whether anybody may read what would be counted."""
    return bool(settings.METRICS_TOKEN or settings.METRICS_ON_LOOPBACK)


class Sums:
    """What this process has counted since it last carried its sums over."""

    def __init__(self) -> None:
        self.start_afresh()

    def start_afresh(self) -> None:
        """Forget everything: a forked child must not carry its parent's sums over a second time."""
        self.lock = threading.Lock()
        self.rows: dict[Name, list[float]] = {}
        self.thread: threading.Thread | None = None
        self.breaker = valkey.Breaker()

    def observe(self, name: Name, seconds: float) -> None:
        with self.lock:
            row = self.rows.setdefault(name, [0.0] * _WIDTH)
            row[bisect_left(BOUNDS, seconds)] += 1
            row[-1] += seconds
            self._begin()

    def count(self, name: Name, amount: float = 1.0) -> None:
        with self.lock:
            self.rows.setdefault(name, [0.0])[0] += amount
            self._begin()

    def _begin(self) -> None:
        if self.thread is None:
            self.thread = threading.Thread(target=self._run, name="metrics", daemon=True)
            self.thread.start()

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(FLUSH_SECONDS):
            self.flush()

    def flush(self) -> None:
        """Carry the sums over; while Valkey is away they stay here."""
        with self.lock:
            rows, self.rows = self.rows, {}
        if rows and not self.breaker.call(lambda: _carry(rows), otherwise=False, insist=True):
            with self.lock:
                for name, row in rows.items():
                    mine = self.rows.setdefault(name, [0.0] * len(row))
                    self.rows[name] = [one + other for one, other in zip(mine, row, strict=True)]


def _carry(rows: dict[Name, list[float]]) -> bool:
    # One transaction, so that a sum is never carried over by half and then again.
    pipeline = valkey.client().pipeline(transaction=True)
    for name, row in rows.items():
        for place, amount in enumerate(row):
            if amount:
                pipeline.hincrbyfloat(KEY, json.dumps([*name, place]), amount)
    pipeline.execute()
    return True


_sums = Sums()
os.register_at_fork(after_in_child=_sums.start_afresh)


def observe(*name: str, seconds: float) -> None:
    """Note that something took so long; `name` is the metric and its labels' values."""
    if is_on():
        _sums.observe(name, seconds)


def count(*name: str) -> None:
    """Note that something happened once more."""
    if is_on():
        _sums.count(name)


@atexit.register
def flush() -> None:
    """Carry over what this process has counted; called before it ends."""
    if _sums.rows:
        _sums.flush()


def sums() -> dict[Name, dict[int, float]]:
    """Return all sums of all processes: by name, then by place."""
    found: dict[Name, dict[int, float]] = {}
    for *name, place, amount in _read():
        found.setdefault(tuple(name), {})[place] = amount
    return found


def _read() -> Iterator[list]:
    stored: dict[Any, Any] = _sums.breaker.call(lambda: dict(valkey.client().hgetall(KEY)), otherwise={}, insist=True)
    for field, amount in stored.items():
        yield [*json.loads(field), float(amount)]
