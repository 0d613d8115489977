"""Caches emptied between tests, so that none sees what another left."""

import pytest
import redis
from django.conf import settings
from django.utils import translation

from core import kept


@pytest.fixture(autouse=True)
def clean_caches() -> None:
    """Empty this worker's logical Valkey database and what the process keeps: cache, rate limits, queues."""
    translation.activate(settings.LANGUAGE_CODE)
    kept.clear_all()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
