"""A test that ran out of time leaves its connection in the middle of a command: what comes next gets a new one."""

from collections.abc import Generator

import psycopg
import pytest
from django.db import connection
from psycopg.pq import TransactionStatus


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    try:
        return (yield)
    except BaseException:
        if is_interrupted():
            start_afresh()
        raise


def is_interrupted() -> bool:
    """Tell whether the connection still waits for an answer that nobody will read."""
    raw = connection.connection
    return raw is not None and raw.pgconn.transaction_status == TransactionStatus.ACTIVE


def start_afresh() -> None:
    """Close the connection, and end whatever else holds locks in this worker's database."""
    wanted = connection.connection.info.get_parameters() | {"password": connection.settings_dict["PASSWORD"]}
    connection.close()
    with psycopg.connect(**wanted, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
