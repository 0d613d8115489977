"""Word that processes leave in a folder for each other, and for the test, of the step that they have come to."""

from pathlib import Path


def come(folder: Path, job: str, what: str) -> int:
    """Leave word that a run of the job came to the step, or was turned away; return how many had before it."""
    number = 0
    while not _is_first(folder / f"{job}.{what}.{number}"):
        number += 1
    return number


def came(folder: Path, job: str, what: str) -> int:
    """Return how many runs of a job came to the step, or were turned away."""
    return len(list(folder.glob(f"{job}.{what}.*")))


def _is_first(word: Path) -> bool:
    try:
        word.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
