"""What has been done to a database, noted in the database itself, so that the note goes when the database goes."""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg

from gkec.devstack.errors import Refusal


class Marks:
    """Named notes in a schema of their own."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        connection.execute("CREATE SCHEMA IF NOT EXISTS devstack")
        connection.execute("CREATE TABLE IF NOT EXISTS devstack.mark (name text PRIMARY KEY, value text NOT NULL)")

    def get(self, name: str) -> str:
        """Return the note, or nothing."""
        row = self.connection.execute("SELECT value FROM devstack.mark WHERE name = %s", [name]).fetchone()
        return row[0] if row else ""

    def set(self, name: str, value: str) -> None:
        """Write the note."""
        self.connection.execute(
            "INSERT INTO devstack.mark VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [name, value],
        )

    def has_person(self, email: str) -> bool:
        """Say whether the demo's people are there; they go when the demo content is removed."""
        if self.connection.execute("SELECT to_regclass('accounts_user')").fetchone() == (None,):
            return False
        row = self.connection.execute("SELECT 1 FROM accounts_user WHERE email = %s", [email]).fetchone()
        return row is not None


@contextmanager
def marks_of(database_url: str) -> Generator[Marks]:
    """Connect to the database; a database that does not answer is one sentence."""
    try:
        connection = psycopg.connect(database_url, autocommit=True, connect_timeout=5)
    except psycopg.Error as problem:
        reason = str(problem).strip().splitlines()[0].rstrip(".")
        raise Refusal(f"The database in DATABASE_URL does not answer: {reason}.") from None
    with connection:
        yield Marks(connection)
