"""Caches emptied between tests, so that none sees what another left."""

from functools import cache

import pytest
import redis
from django.conf import settings
from django.utils import translation

from core import kept


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url)


@pytest.fixture(autouse=True)
def clean_caches() -> None:
    """Empty this worker's logical Valkey database and what the process keeps: cache, rate limits, queues."""
    translation.activate(settings.LANGUAGE_CODE)
    kept.clear_all()
    _client(settings.REDIS_URL).flushdb()
