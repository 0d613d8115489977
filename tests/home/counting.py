"""Counts what a page asks of the database."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext


def statements(visit: Callable[[], object]) -> int:
    """Return the number of SQL statements that `visit` sends."""
    with CaptureQueriesContext(connection) as captured:
        visit()
    return len(captured)
