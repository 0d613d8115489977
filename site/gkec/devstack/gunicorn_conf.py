"""How `make demo` runs gunicorn: as in production, on a socket that the supervisor holds."""

import gc
import os
import signal
from typing import Any

from gkec.devstack.processes import tie

bind = f"fd://{os.environ['GKEC_WEB_SOCKET']}"
workers = 2
threads = 4
worker_class = "gthread"
# One import for both workers: nothing connects to a service before the fork.
preload_app = True
timeout = 60
graceful_timeout = 4
accesslog = "-"
logger_class = "gkec.gunicornlog.RedactingLogger"
control_socket_disable = True


def when_ready(server: Any) -> None:
    """Let the garbage collector leave alone what both workers share, as in production: it would copy it."""
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """Let a worker die with the server, even when that is killed."""
    tie(server.pid, signal.SIGKILL)
