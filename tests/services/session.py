"""The services of one run of the suite: given by the environment, or embedded and thrown away."""

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
import uuid
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from gkec.devstack.postgres import Postgres
from gkec.devstack.valkey import Valkey

PREFIX = "gkec-test-"
LOCK = "lock"


class Session:
    """Starts what the environment does not name; what was started dies with this process, however that ends."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None

    def choose(self) -> None:
        """Decide on addresses and put them into the environment; nothing is started yet."""
        os.environ["GKEC_TEST_RUN"] = uuid.uuid4().hex
        # pytest closes the folder that all runs of a user share to everybody else, each time one begins: the servers of
        # another run, which are somebody else when root starts them, would lose the way to their files.
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(self._scratch())
        if "DATABASE_URL" not in os.environ:
            self.postgres = Postgres(
                data=self._scratch() / "postgres",
                log=self._scratch() / "postgres.log",
                settings={"max_connections": "200", "shared_buffers": "256MB", "deadlock_timeout": "200ms"},
                is_durable=False,
            )
            os.environ["DATABASE_URL"] = self.postgres.url
        if "REDIS_URL" not in os.environ:
            log = self._scratch() / "valkey.log"
            self.valkey = Valkey(folder=self._scratch() / "valkey", log=log, databases=64)
            os.environ["REDIS_URL"] = self.valkey.url

    def _scratch(self) -> Path:
        if self.folder is None:
            sweep_abandoned()
            self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
            # Held until this process ends, so that a later run knows whose folder is abandoned.
            self._lock = (self.folder / LOCK).open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        return self.folder

    def start(self) -> None:
        """Start the embedded services."""
        for service in (self.postgres, self.valkey):
            if service is not None:
                service.start()

    def stop(self) -> None:
        """Stop the embedded services and remove their data."""
        for service in (self.valkey, self.postgres):
            if service is not None:
                service.stop()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self._lock.close()
            self.folder = None


def sweep_abandoned() -> None:
    """Remove the folders of runs that were killed: nobody holds their lock any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(Postgres(folder / "postgres", folder / "postgres.log").socket_folder, ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)


def choose_redis_database(worker: str) -> None:
    """Give each of xdist's workers (gw0, gw1, …) a logical database of its own."""
    parts = urlsplit(os.environ["REDIS_URL"])
    first = int(parts.path.strip("/") or 0)
    number = int("".join(re.findall(r"\d+", worker)) or 0)
    os.environ["REDIS_URL"] = urlunsplit(parts._replace(path=f"/{first + number}"))
