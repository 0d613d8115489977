"""How gunicorn serves the site in production; `gunicorn --config python:gkec.gunicorn_conf gkec.wsgi:application`."""

import gc
from typing import Any

from gkec import environment as env
from gkec.loopback import is_loopback

bind = env.text("WEB_BIND", default="0.0.0.0:8000")
# Threads wait for the database beside each other; connections to it = workers x DATABASE_POOL_SIZE.
worker_class = "gthread"
workers = env.number("WEB_WORKERS", default=2, minimum=1)
threads = env.number("WEB_THREADS", default=4, minimum=1)
# One import for all workers: they share its memory, and a faulty setting ends the start once, in one sentence. Nothing
# connects to a service before the fork.
preload_app = True
# A worker's sign of life; on a disk it could wait for the disk.
worker_tmp_dir = "/dev/shm"  # noqa: S108  (gunicorn makes a file without a name there)

# A worker that shows no life for so long is hung. Threads may work longer: it is not a limit for requests.
timeout = 60
# Asked to stop, a worker takes no more connections and gives the requests it has so long to end. Longer than the
# longest request (an export of a large event takes seconds); the supervisor must wait longer still before it kills.
graceful_timeout = env.number("WEB_GRACEFUL_SECONDS", default=30, minimum=1)
# No connection is used twice between the proxy and us: one that we close while the proxy sends on it loses a request
# that it may not repeat (a POST). A new one costs a fraction of a millisecond inside one network. Whoever sets this
# must let the proxy close first, so its own limit for idle connections has to be shorter.
keepalive = env.number("WEB_KEEPALIVE_SECONDS", default=0)
# Each worker is replaced now and then, at different times, so that memory that grows slowly never matters.
max_requests = env.number("WEB_MAX_REQUESTS", default=20000)
max_requests_jitter = max_requests // 10

accesslog = "-"
logger_class = "gkec.gunicornlog.RedactingLogger"
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Keep the demo on this machine, wherever its place was named: here, or by `--bind`."""
    from django.conf import settings

    # A path or a number is a socket that somebody on this machine has made.
    hosts = [place[0] for place in server.address if isinstance(place, tuple)]
    if getattr(settings, "DEMO", False) and not all(is_loopback(host) for host in hosts):
        raise env.ConfigurationProblem(
            "WEB_BIND must be a loopback address with the demo settings, such as 127.0.0.1:8000: "
            "the demo's passwords are known to all."
        )


def when_ready(server: Any) -> None:
    """Let the garbage collector leave alone what all workers share: it would copy it, and read it all at the end.

    Without this a worker that has ended its requests takes as long again to leave, during which its release waits.
    """
    gc.collect()
    gc.freeze()
