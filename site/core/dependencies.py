"""What the site stands on, and how each is asked whether it answers: whatever raises does not."""

from collections.abc import Callable

import redis
from celery import current_app
from django.db import connection

from core import valkey

BROKER_SECONDS = 1


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_cache() -> None:
    if not valkey.client().ping():
        raise redis.ConnectionError


def _ask_broker() -> None:
    with current_app.connection_for_write(connect_timeout=BROKER_SECONDS) as broker:
        broker.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)


CHECKS: dict[str, Callable[[], object]] = {"database": _ask_database, "cache": _ask_cache, "broker": _ask_broker}
