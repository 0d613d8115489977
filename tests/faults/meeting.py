"""Word that processes leave in a folder for each other, and for the test, of the step that they have come to."""

import os
from pathlib import Path


def come(folder: Path, job: str, what: str) -> None:
    """Leave word that this process came to the step, or that it was turned away."""
    (folder / f"{job}.{what}.{os.getpid()}").touch()


def came(folder: Path, job: str, what: str) -> int:
    """Return how many processes came to the step of a job, or were turned away."""
    return len(list(folder.glob(f"{job}.{what}.*")))
