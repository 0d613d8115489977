"""A test that ran out of time leaves its connection in the middle of a command: what comes next gets a new one."""

from collections.abc import Generator

import pytest
from django.db import connection
from psycopg.pq import TransactionStatus

from tests.services.sessions import end_other_sessions


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    try:
        return (yield)
    except BaseException:
        if is_interrupted():
            start_afresh()
        raise


def is_interrupted() -> bool:
    """Tell whether the connection waits for an answer that nobody will read."""
    raw = connection.connection
    return raw is not None and raw.pgconn.transaction_status == TransactionStatus.ACTIVE


def start_afresh() -> None:
    """Close the connection, whose command the server would go on with, and end every session of this database."""
    connection.close()
    end_other_sessions()
