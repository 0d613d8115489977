"""A test that ran out of time, or left a session with locks behind, does not fail the tests after it."""

import psycopg
import pytest
from django.db import connection
from psycopg.errors import LockNotAvailable

from tests.services.interrupted import is_interrupted, start_afresh
from tests.services.sessions import end_other_sessions, unblocked
from tests.services.worker import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]


def answer() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()[0]


def test_a_command_that_nobody_waits_for_is_ended_with_its_session() -> None:
    assert (answer(), is_interrupted()) == (1, False)
    connection.connection.pgconn.send_query(b"SELECT pg_sleep(60)")
    assert is_interrupted()
    start_afresh()
    assert (answer(), is_interrupted(), end_other_sessions()) == (1, False, [])


def restore() -> None:
    connection.ensure_connection()
    with connection.connection.transaction():
        connection.connection.execute("SET LOCAL lock_timeout = '50ms'")
        connection.connection.execute("LOCK TABLE core_heartbeat")


def test_a_session_left_with_locks_is_ended_and_named() -> None:
    left = psycopg.connect(database_url())
    left.execute("LOCK TABLE core_heartbeat")
    with pytest.raises(LockNotAvailable):
        restore()
    with pytest.raises(AssertionError, match="LOCK TABLE core_heartbeat"):
        unblocked(restore)
    restore()
    left.close()
