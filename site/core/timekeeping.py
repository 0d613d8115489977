"""Going by the database's clock: machines whose clocks differ must agree on what is due and whose lease has run out."""

import logging
from datetime import UTC
from threading import Thread
from typing import Any

from django.conf import settings
from django.db import Error
from django.db import connection as usual
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from core import clock

# The time between two looks of one process: a clock of the machine that jumps meanwhile is not asked at all.
LASTS_SECONDS = 10
# So long whoever has better things to do waits for an answer.
PATIENCE_SECONDS = 2

log = logging.getLogger(__name__)


class _Looked:
    at: float | None = None


class _Apart:
    tried_at: float | None = None
    asker: Thread | None = None


def connect() -> None:
    """Look at the database's clock when a connection is made; called once, when all apps are ready."""
    connection_created.connect(_follow_new, dispatch_uid="core.timekeeping")


def _follow_new(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    follow(connection)


def follow(connection: BaseDatabaseWrapper | None = None) -> None:
    """Set this process's clock by the database's, unless that was done a moment ago.

    Whoever reads the clock before the database, as a task may, calls this first.
    """
    before, now = _Looked.at, clock.uptime()
    if not settings.CLOCK_FOLLOWS_DATABASE or _is_recent(before, now):
        return
    # Written down first, since asking may make a connection, which comes here again.
    _Looked.at = now
    try:
        with (connection or usual).cursor() as cursor:
            asked_at = clock.uptime()
            cursor.execute("SELECT clock_timestamp()")
            clock.set_to(cursor.fetchone()[0].astimezone(UTC), asked_at=asked_at)
    except Exception:
        _Looked.at = before
        raise


def follow_apart() -> None:
    """Do the same by a connection that is closed at once; where none is to be had, go on with what is known.

    For beat and for a worker's own process, which hold no connection: children are forked from the one, and neither
    may stand still while the database does. Fails never, and takes two seconds at the most, every ten.
    """
    now = clock.uptime()
    if not settings.CLOCK_FOLLOWS_DATABASE or _is_recent(_Looked.at, now) or _is_recent(_Apart.tried_at, now):
        return
    if _Apart.asker is not None and _Apart.asker.is_alive():
        return
    _Apart.tried_at = now
    # Neither looking up a name nor a statement that waits in a pooler knows an end; the thread may wait for it alone.
    _Apart.asker = Thread(target=_ask_apart, name="timekeeping", daemon=True)
    _Apart.asker.start()
    _Apart.asker.join(PATIENCE_SECONDS)


def _ask_apart() -> None:
    apart = usual.copy()
    # The pool would keep the connection, and threads of its own.
    apart.settings_dict["OPTIONS"].pop("pool", None)
    apart.settings_dict["OPTIONS"]["connect_timeout"] = PATIENCE_SECONDS
    try:
        follow(apart)
    except Error as problem:
        log.warning("The database was not asked what time it is: %s", type(problem).__name__)
    finally:
        apart.close()


def _is_recent(at: float | None, now: float) -> bool:
    return at is not None and now - at < LASTS_SECONDS
