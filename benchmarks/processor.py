"""Processor time of everything that a measurement runs: it tells what work costs, whatever else the machine does."""

import statistics
from collections import Counter, defaultdict

import psutil

# What a process is called, as the kernel shows it, and whose time it is; all others are the workers'.
_PARTS = {"postgres": "database", "smtp-sink": "sink"}


def spent() -> Counter[str]:
    """Return the seconds that the children of this process have spent so far, by part."""
    seconds: Counter[str] = Counter()
    for one in psutil.Process().children(recursive=True):
        try:
            times, part = one.cpu_times(), _PARTS.get(one.name(), "workers")
        except psutil.NoSuchProcess:
            continue
        seconds[part] += times.user + times.system
    return seconds


class Meter:
    """Collects what each kind of run has spent for each message."""

    def __init__(self) -> None:
        self._runs: dict[str, list[Counter[str]]] = defaultdict(list)

    def note(self, order: str, before: Counter[str], after: Counter[str], messages: int) -> None:
        """Keep what was spent between two readings."""
        self._runs[order].append(
            Counter({part: 1000 * (seconds - before[part]) / messages for part, seconds in after.items()})
        )

    def told(self) -> dict[str, float]:
        """Return medians in milliseconds a message: the floor's, the program's, the program's parts, and the ratio."""
        floor, program = (self._median(order, None) for order in ("floor", "program"))
        parts = {f"cpu_{part}_ms": round(self._median("program", part), 3) for part in ("workers", "database", "sink")}
        return {
            "cpu_ms": round(program, 3),
            **parts,
            "floor_cpu_ms": round(floor, 3),
            "floor_cpu_workers_ms": round(self._median("floor", "workers"), 3),
            "cpu_ratio": round(floor / program, 3),
        }

    def _median(self, order: str, part: str | None) -> float:
        # The first run of each warms up.
        runs = self._runs[order][1:]
        return statistics.median(run.total() if part is None else run[part] for run in runs)
