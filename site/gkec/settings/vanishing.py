"""How PostgreSQL and its clients notice that the machine at the other end is gone without a word."""

from typing import Any

# Otherwise the systems' own two hours, in which a job's lock and an event's row stay locked.
IDLE_SECONDS, INTERVAL_SECONDS, PROBES = 30, 10, 3
UNANSWERED_MILLISECONDS = 60_000

_CLIENT = {
    "keepalives_idle": IDLE_SECONDS,
    "keepalives_interval": INTERVAL_SECONDS,
    "keepalives_count": PROBES,
    "tcp_user_timeout": UNANSWERED_MILLISECONDS,
}
_SERVER = {
    "tcp_keepalives_idle": IDLE_SECONDS,
    "tcp_keepalives_interval": INTERVAL_SECONDS,
    "tcp_keepalives_count": PROBES,
    "tcp_user_timeout": UNANSWERED_MILLISECONDS,
}


def noticed(options: dict[str, Any], *, has_pooler: bool) -> dict[str, Any]:
    """Return connection options with which both ends notice within about a minute; sockets of one machine ignore them.

    A pooler refuses what is asked of the server, whose client it is; there it must be set in the pooler and the server.
    """
    wanted = {**_CLIENT, **options}
    if not has_pooler:
        said = [f"-c {name}={value}" for name, value in _SERVER.items()]
        wanted["options"] = " ".join([*said, *([options["options"]] if options.get("options") else [])])
    return wanted
