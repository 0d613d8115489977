"""What tests that kill and restart services share."""

import os
import signal
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from gkec.devstack.processes import Child, Program
from tests.services.worker import environment


@pytest.fixture
def start_beat(transactional_db: None, tmp_path: Path) -> Generator[Callable[..., Child]]:
    """Start the real beat of the project: `start_beat(MAIL_SWEEP_SECONDS="1")`; it is stopped at the end."""
    children: list[Child] = []

    def start(**variables: str) -> Child:
        number = len(children)
        command = [sys.executable, "-m", "celery", "-A", "gkec", "beat", "--pidfile", "", "--loglevel=INFO"]
        program = Program(
            name="beat",
            command=[*command, "--schedule", str(tmp_path / f"schedule-{number}-{os.getpid()}")],
            log=tmp_path / f"beat-{number}.log",
            environment={**environment(), **variables},
            death_signal=signal.SIGKILL,
            folder=Path.cwd(),
        )
        children.append(program.start())
        return children[-1]

    yield start
    for child in children:
        child.kill()
