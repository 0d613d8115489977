"""What tests that kill and restart services share."""

import os
import signal
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from gkec.devstack.processes import Child
from tests.services.nursery import Nursery, SiteProgram
from tests.services.worker import environment


@pytest.fixture
def start_beat(transactional_db: None, nursery: Nursery, tmp_path: Path) -> Generator[Callable[..., Child]]:
    """Start the real beat of the project: `start_beat(MAIL_SWEEP_SECONDS="1")`; it is stopped at the end.

    `application` names a module that loads something else besides the site.
    """
    children: list[Child] = []

    def start(application: str = "gkec", **variables: str) -> Child:
        number = len(children)
        command = ["celery", "-A", application, "beat", "--pidfile", "", "--loglevel=INFO"]
        program = SiteProgram(
            name="beat",
            command=[*command, "--schedule", str(tmp_path / f"schedule-{number}-{os.getpid()}")],
            log=tmp_path / f"beat-{number}.log",
            environment={**environment(), **variables},
            death_signal=signal.SIGKILL,
            folder=Path.cwd(),
        )
        children.append(nursery.start(program))
        return children[-1]

    yield start
    for child in children:
        child.kill()
