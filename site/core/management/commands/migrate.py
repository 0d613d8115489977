"""Django's `migrate`, behind which the running site never waits long: a lock not got soon is asked for later."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import LockNotAvailable


class Command(migrate.Command):
    # Whoever wants the same table meanwhile waits behind us: a report or a backup that holds it would stop the site.
    lock_seconds = 3.0
    pause_seconds = 7.0
    tries = 90

    def handle(self, *args: Any, **options: Any) -> None:
        for number in range(1, self.tries + 1):
            try:
                with short_locks(connections[options["database"]], seconds=self.lock_seconds):
                    super().handle(*args, **options)
            except OperationalError as problem:
                if not isinstance(problem.__cause__, LockNotAvailable):
                    raise
                self.stderr.write("Somebody holds a table that is to be changed, and the site must not wait.")
            else:
                return
            if number < self.tries:
                time.sleep(self.pause_seconds)
        raise CommandError("Somebody held a table for too long; docs/operations.md tells how to find out who.")


@contextmanager
def short_locks(connection: BaseDatabaseWrapper, *, seconds: float) -> Iterator[None]:
    """Let no statement wait for a lock longer than that, but for those that hold nobody up while they wait."""

    def patiently(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if "CONCURRENTLY" not in str(sql):
            return execute(sql, params, many, context)
        # Cut off, it would leave an index behind that is never used and in the way of the next one.
        _wait_for_locks(connection, seconds=0)
        try:
            return execute(sql, params, many, context)
        finally:
            _wait_for_locks(connection, seconds=seconds)

    _wait_for_locks(connection, seconds=seconds)
    try:
        with connection.execute_wrapper(patiently):
            yield
    finally:
        _wait_for_locks(connection, seconds=0)


def _wait_for_locks(connection: BaseDatabaseWrapper, *, seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{round(seconds * 1000)}ms"])
