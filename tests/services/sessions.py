"""Sessions of the database server: the one that looks after databases, and those that a test leaves behind."""

from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connection
from psycopg.errors import LockNotAvailable

_END = """
    SELECT application_name, state, query, pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = %s AND backend_type = 'client backend' AND pid <> %s
"""


def maintenance() -> psycopg.Connection:
    """Connect to the server's own database, where databases are made and locks are held."""
    parameters = connection.get_connection_params()
    wanted = {key: parameters[key] for key in ("host", "port", "user", "password") if parameters.get(key)}
    return psycopg.connect(**wanted, dbname="postgres", autocommit=True)


def end_other_sessions() -> list[tuple[Any, ...]]:
    """End all sessions of this worker's database but this thread's own; return what each of them did."""
    raw = connection.connection
    own = 0 if raw is None or raw.closed else raw.info.backend_pid
    with maintenance() as admin:
        return admin.execute(_END, [connection.settings_dict["NAME"], own]).fetchall()


def unblocked(restore: Callable[[], None]) -> None:
    """Restore the database; where a session that a test has left stands in the way, end it and blame that test alone."""
    try:
        restore()
    except LockNotAvailable as problem:
        left = end_other_sessions()
        restore()
        raise AssertionError(f"The test left sessions that held locks: {left}") from problem
