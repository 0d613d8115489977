"""The memory that a process takes at most while it works, as Linux counts it, from a moment of one's choice on."""

from pathlib import Path


def forget_peak() -> float:
    """Have Linux count this process' peak from now on, and return what it takes now, in MB."""
    Path("/proc/self/clear_refs").write_text("5")
    return _megabytes("VmRSS")


def peak() -> float:
    """Return the most that this process has taken since its peak was forgotten, in MB."""
    return _megabytes("VmHWM")


def _megabytes(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


class Peaks:
    """The most that any of the processes took in each round of the program; the floor's rounds are not among them."""

    def __init__(self) -> None:
        self._rounds: list[float] = []

    def note(self, order: str, megabytes: list[float]) -> None:
        """Keep what the processes took at most in one round."""
        if order == "program":
            self._rounds.append(max(megabytes))

    def told(self) -> dict[str, float]:
        """Return the peak of the round that warms up, of the last one, and their ratio: flat memory makes it 1."""
        first, last = self._rounds[0], self._rounds[-1]
        return {
            "worker_mb_warm": round(first, 1),
            "worker_mb_last": round(last, 1),
            "worker_mb_ratio": round(last / first, 3),
        }
