"""Caches emptied between tests, so that none sees what another left."""

import pytest
import redis
from django.conf import settings
from django.utils import translation


@pytest.fixture(autouse=True)
def clean_caches() -> None:
    """Empty this worker's logical Valkey database, which holds cache, rate limits and queues."""
    translation.activate(settings.LANGUAGE_CODE)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
