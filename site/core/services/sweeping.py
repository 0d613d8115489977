"""Running a periodic job alone: a second one at the same time, from a second beat or a slow worker, does nothing."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connection

from core import clock
from core.models.heartbeat import Heartbeat, Outcome

logger = logging.getLogger(__name__)


def run(*, name: str, work: Callable[[], object]) -> bool:
    """Do `work` unless a job of this name is under way anywhere; tell whether it was done.

    Start and end are written down. What `work` raises is raised again: the next run comes in its time all the same.
    """
    with _alone(name) as is_alone:
        if not is_alone:
            logger.info("%s is under way elsewhere; this one does nothing.", name)
            return False
        _begin(name)
        try:
            work()
        except BaseException as problem:
            _end(name, Outcome.FAILED, type(problem).__name__)
            raise
        _end(name, Outcome.DONE)
    return True


@contextmanager
def _alone(name: str) -> Iterator[bool]:
    """Hold the job's advisory lock; it ends with the process, however that ends, so nothing ever has to be unlocked.

    The lock belongs to a transaction on a connection of its own: the sweep's own connection must stay free to commit
    step by step, and a lock of the session would outlive its user behind PgBouncer.
    """
    holder = connection.copy()
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_key(name)])
            yield cursor.fetchone()[0]
    finally:
        if holder.connection is not None:
            # Where the connection has died the lock is gone already.
            with suppress(DatabaseError):
                holder.rollback()
        holder.close()


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"sweep:{name}".encode()).digest()[:8], signed=True)


def _begin(name: str) -> None:
    facts = {"started_at": clock.now(), "ended_at": None, "outcome": "", "problem": ""}
    # Nobody else writes the row while the lock is held.
    if not Heartbeat.objects.filter(name=name).update(**facts):
        Heartbeat.objects.create(name=name, **facts)


def _end(name: str, outcome: Outcome, problem: str = "") -> None:
    now = clock.now()
    facts = {"ended_at": now, "outcome": outcome, "problem": problem[:100]}
    if outcome is Outcome.DONE:
        facts["succeeded_at"] = now
    Heartbeat.objects.filter(name=name).update(**facts)
