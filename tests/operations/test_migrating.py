"""A migration beside the running site: whoever holds a table for long holds up the migration and not the site."""

import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from core.management.commands import migrate
from gkec.devstack.processes import wait_until
from tests.services.worker import database_url

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
OURS = (
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE datname = current_database() AND NOT granted"
)


@pytest.fixture
def pending(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One migration is to be done; a lock is asked for again after a moment."""
    settings.MIGRATION_MODULES = {"testpages": "tests.operations.later"}
    monkeypatch.setattr(migrate.Command, "lock_seconds", 0.3)
    monkeypatch.setattr(migrate.Command, "pause_seconds", 0.2)
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mail_message DROP COLUMN IF EXISTS later")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'testpages' AND name = 'later'")


@pytest.fixture
def holder() -> Iterator[psycopg.Connection]:
    """Somebody who reads the table for long, as a backup does."""
    with psycopg.connect(database_url()) as found:
        found.execute("SELECT 1 FROM mail_message")
        yield found


def can_read(*, seconds: int) -> bool:
    """Read as a page does, which waits no longer than that."""
    with psycopg.connect(database_url(), options=f"-c statement_timeout={seconds}s") as page:
        try:
            page.execute("SELECT count(*) FROM mail_message")
        except psycopg.errors.QueryCanceled:
            return False
    return True


class Migrating(threading.Thread):
    """`migrate` in a connection of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.said, self.problem = StringIO(), ""

    def run(self) -> None:
        try:
            call_command("migrate", "testpages", verbosity=0, stderr=self.said)
        except CommandError as problem:
            self.problem = str(problem)
        finally:
            connection.close()

    def has_tried(self, times: int) -> bool:
        return self.said.getvalue().count("the site must not wait") >= times


def is_done() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM django_migrations WHERE app = 'testpages' AND name = 'later'")
        return cursor.fetchone() is not None


def test_the_site_goes_on_while_a_migration_waits_for_a_table(pending: None, holder: psycopg.Connection) -> None:
    migrating = Migrating()
    migrating.start()
    assert wait_until(lambda: migrating.has_tried(2), seconds=60)
    with psycopg.connect(database_url(), autocommit=True) as other:
        assert wait_until(lambda: other.execute(OURS).fetchone() == (1,), seconds=60)
    # Behind a try a page waits for the moment that this one lasts; on a busy machine moments are long.
    assert can_read(seconds=20)
    assert not is_done()
    holder.commit()
    migrating.join(60)
    assert (migrating.problem, is_done()) == ("", True)


@pytest.mark.long
def test_control_without_a_limit_the_site_stands_still_behind_it(
    pending: None, holder: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate.Command, "lock_seconds", 0)
    migrating = Migrating()
    migrating.start()
    with psycopg.connect(database_url(), autocommit=True) as other:
        assert wait_until(lambda: other.execute(OURS).fetchone() == (1,), seconds=60)
    assert not can_read(seconds=1)
    holder.commit()
    migrating.join(60)
    assert is_done()


def test_a_table_that_is_never_free_ends_it_in_one_sentence(
    pending: None, holder: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate.Command, "tries", 1)
    with pytest.raises(CommandError) as refused:
        call_command("migrate", "testpages", verbosity=0, stderr=StringIO())
    assert str(refused.value) == "Somebody held a table for too long; docs/operations.md tells how to find out who."
    assert not is_done()


@pytest.fixture
def writer(holder: psycopg.Connection) -> psycopg.Connection:
    """Somebody who writes into the table for long, which no index can be made beside at once."""
    holder.execute("LOCK TABLE mail_message IN ROW EXCLUSIVE MODE")
    return holder


def build(index: str) -> None:
    """Make an index on the table in a connection of its own, as a migration would."""
    try:
        with migrate.short_locks(connection, seconds=0.1), connection.cursor() as cursor:
            cursor.execute(f"CREATE {index} ON mail_message (id)")
    finally:
        connection.close()


def test_control_an_index_that_holds_the_site_up_is_cut_off(writer: psycopg.Connection) -> None:
    with connection.cursor() as cursor:
        # One that is not cut off would wait for the writer, who waits for us.
        cursor.execute("SET statement_timeout = '20s'")
    with pytest.raises(OperationalError) as refused:
        build("INDEX later")
    assert isinstance(refused.value.__cause__, psycopg.errors.LockNotAvailable)
    assert writer.execute("SELECT to_regclass('later')").fetchone() == (None,)


def test_an_index_made_beside_the_site_is_not_cut_off(writer: psycopg.Connection) -> None:
    building = threading.Thread(target=build, args=["INDEX CONCURRENTLY later"])
    building.start()
    with psycopg.connect(database_url(), autocommit=True) as other:
        assert wait_until(lambda: other.execute(OURS).fetchone() == (1,), seconds=60)
        building.join(0.5)
        assert building.is_alive()
        writer.commit()
        building.join(60)
        try:
            valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'later'::regclass"
            assert other.execute(valid).fetchone() == (True,)
        finally:
            other.execute("DROP INDEX later")
