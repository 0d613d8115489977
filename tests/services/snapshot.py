"""What the migrations put into a database, brought back after each test that commits.

Django's flush empties every table, and with it Wagtail's locales, root page, home page and site, the vocabularies
and the permissions. This one puts back each row as the migrations made it, keys and sequences included.
"""

import contextlib
from collections.abc import Generator

from django.db import connection
from django.test import TransactionTestCase
from psycopg import Connection, sql

from tests.services.sessions import unblocked

LOCK_WAIT = "10s"


class Snapshot:
    """The rows of a freshly migrated database."""

    def __init__(self) -> None:
        raw = self._raw()
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'django_migrations'"
        self.tables = [row[0] for row in raw.execute(query)]
        self.rows = {table: self._read(raw, table) for table in self._filled(raw)}
        self.sequences = self._sequences(raw)
        is_superuser = raw.execute("SELECT usesuper FROM pg_user WHERE usename = current_user").fetchone()
        self.can_silence_triggers = bool(is_superuser and is_superuser[0])

    @staticmethod
    def _raw() -> Connection:
        connection.ensure_connection()
        return connection.connection

    def _filled(self, raw: Connection) -> list[str]:
        probe = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
        probes = (probe.format(sql.Literal(table), sql.Identifier(table)) for table in self.tables)
        return [row[0] for row in raw.execute(sql.SQL(" UNION ALL ").join(probes))]

    @staticmethod
    def _read(raw: Connection, table: str) -> bytes:
        with raw.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
            return b"".join(bytes(block) for block in copy)

    @staticmethod
    def _sequences(raw: Connection) -> dict[str, int | None]:
        query = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
        return dict(raw.execute(query).fetchall())

    def restore(self) -> None:
        """Empty every table that a test wrote to and fill those that the migrations had filled."""
        raw = self._raw()
        with raw.transaction():
            raw.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(LOCK_WAIT)))
            if self.can_silence_triggers:
                # Append-only tables refuse to be emptied, and nothing shall be written twice by a trigger.
                raw.execute("SET LOCAL session_replication_role = replica")
                changed = self._changed(raw)
                for table in changed:
                    raw.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            else:
                changed = sorted({*self._filled(raw), *self.rows})
                names = sql.SQL(", ").join(map(sql.Identifier, changed))
                raw.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
            for table in self.rows.keys() & changed:
                with raw.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                    copy.write(self.rows[table])
            self._restore_sequences(raw)

    def _changed(self, raw: Connection) -> list[str]:
        """Return the tables that hold other rows than the migrations made: few, and emptied faster than truncated."""
        filled = self._filled(raw)
        unlike = [table for table in filled if table not in self.rows or self._read(raw, table) != self.rows[table]]
        return sorted({*unlike, *(self.rows.keys() - filled)})

    def _restore_sequences(self, raw: Connection) -> None:
        for name, last_value in self._sequences(raw).items():
            if last_value != self.sequences[name]:
                first = self.sequences[name]
                raw.execute("SELECT setval(%s::regclass, %s, %s)", [f'"{name}"', first or 1, first is not None])


@contextlib.contextmanager
def restored_after_each_flush() -> Generator[None]:
    """Replace the flush of Django's transactional tests by a restore of what the migrations made."""
    taken = Snapshot()
    original = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
    TransactionTestCase._fixture_teardown = lambda _case: unblocked(taken.restore)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        TransactionTestCase._fixture_teardown = original  # type: ignore[attr-defined]
