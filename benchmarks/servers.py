"""Web servers under measurement: gunicorn with 2 workers of 4 threads, for the floor and for the site alike."""

import contextlib
import http.client
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from gkec.devstack.processes import Program

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(
    application: str, *, log: Path, environment: Mapping[str, str] | None = None, ready: str = "/"
) -> Iterator[int]:
    """Serve a WSGI application such as "gkec.wsgi:application" and yield its port; it ends with the block."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--threads", "4", "--worker-class", "gthread", "--log-level", "warning"]
    path = os.pathsep.join([str(ROOT), str(ROOT / "site")])
    child = Program(
        name="gunicorn",
        command=command,
        log=log,
        environment={**os.environ, "PYTHONPATH": path, **(environment or {})},
        folder=ROOT,
    ).start()
    try:
        wait_until_ready(port, ready)
        yield port
    finally:
        child.stop()


def wait_until_ready(port: int, path: str) -> None:
    """Wait until the server answers anything at `path`; raise TimeoutError when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", path)
            connection.getresponse().read()
            return
        time.sleep(0.2)
    raise TimeoutError(f"The server on port {port} did not answer within {START_SECONDS} seconds.")
