"""Real Celery workers on the test's own database and broker, to be watched, starved and killed."""

import os
import signal
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
from django.db import connection

from gkec.devstack.processes import Child, wait_until
from tests.services.nursery import Nursery, SiteProgram

READY_SECONDS = 60
QUEUES = ("transactional", "bulk", "default")


def database_url() -> str:
    """Return the address of the database that this test uses, for another process."""
    values = connection.settings_dict
    login = quote(values["USER"] or "", safe="")
    if values["PASSWORD"]:
        login += ":" + quote(values["PASSWORD"], safe="")
    host = quote(values["HOST"] or "", safe="")
    port = f":{values['PORT']}" if values["PORT"] else ""
    return f"postgres://{login}@{host}{port}/{quote(values['NAME'], safe='')}"


def environment() -> dict[str, str]:
    """Return the environment in which another process joins this test."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "gkec.settings.test",
        "PYTHONUNBUFFERED": "1",
    }


@dataclass
class Worker:
    """One `celery worker` with its pool."""

    child: Child

    @property
    def pid(self) -> int:
        return self.child.process.pid

    def pool(self) -> list[psutil.Process]:
        """Return the processes that run the tasks."""
        return psutil.Process(self.pid).children(recursive=True)

    def log(self) -> str:
        """Return all that the worker has written so far."""
        return self.child.program.log.read_text(errors="replace")

    def kill_pool(self) -> int:
        """Kill the task processes without warning and return how many there were; the worker starts new ones."""
        pool = self.pool()
        for process in pool:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(pool, timeout=5)
        return len(pool)

    def kill(self) -> None:
        """Kill the worker and its pool without warning, as the kernel does when memory runs out."""
        self.child.kill()

    def stop(self) -> None:
        """Stop the worker as a deployment does: tasks in hand are finished."""
        self.child.stop()


@pytest.fixture(scope="session")
def nursery(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Generator[Nursery]:
    """Whence this run's workers, beats and web servers are forked."""
    found = Nursery(tmp_path_factory.mktemp("nursery") / "nursery.log", environment())
    yield found
    found.stop()


@pytest.fixture
def start_worker(transactional_db: None, nursery: Nursery, tmp_path: Path) -> Generator[Callable[..., Worker]]:
    """Start real workers: `start_worker(queues=("bulk",), concurrency=2, CELERY_…="1")`; all are stopped at the end.

    `include` names a module that the worker loads besides its tasks.
    """
    workers: list[Worker] = []

    def start(queues: tuple[str, ...] = QUEUES, concurrency: int = 1, include: str = "", **variables: str) -> Worker:
        log = tmp_path / f"worker-{len(workers)}.log"
        program = SiteProgram(
            name="worker",
            command=[
                *("celery", "-A", "gkec", "worker", "-Q", ",".join(queues)),
                *("-c", str(concurrency), "-n", f"test{len(workers)}-{os.getpid()}@%h", "--loglevel=INFO"),
                *("--without-gossip", "--without-mingle"),
                *(["--include", include] if include else []),
            ],
            log=log,
            environment={**environment(), **variables},
            death_signal=signal.SIGQUIT,
            folder=Path.cwd(),
        )
        worker = Worker(nursery.start(program))
        workers.append(worker)
        is_ready = wait_until(lambda: " ready." in worker.log(), child=worker.child, seconds=READY_SECONDS)
        assert is_ready, worker.log()
        return worker

    yield start
    for worker in workers:
        worker.child.kill()


@pytest.fixture
def celery_worker(start_worker: Callable[..., Worker]) -> Worker:
    """One real worker for all queues."""
    return start_worker()
