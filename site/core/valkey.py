"""The connection to Valkey for what may be missed: a failure is logged once, then left alone for a moment."""

import logging
import time
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

Value = TypeVar("Value")
# Long enough for a busy machine, short enough that readers hardly notice a server that hangs.
TIMEOUTS = {"socket_connect_timeout": 0.25, "socket_timeout": 0.5}


@lru_cache(maxsize=1)
def client() -> "redis.Redis":
    """Return this process's client; its answers are bytes."""
    return redis.Redis.from_url(settings.REDIS_URL, **TIMEOUTS)


class Breaker:
    """Calls what may fail; after a failure nothing is tried for `seconds`, so that nobody waits again and again."""

    def __init__(self, *, seconds: float = 2.0) -> None:
        self.seconds = seconds
        self._until = 0.0

    def call(self, action: Callable[[], Value], *, otherwise: Value, insist: bool = False) -> Value:
        """Return the action's answer, or `otherwise` when Valkey does not answer; `insist` tries in any case."""
        if not insist and time.monotonic() < self._until:
            return otherwise
        try:
            return action()
        except (redis.RedisError, OSError) as error:
            if time.monotonic() >= self._until:
                logger.warning("Valkey does not answer, going on without it: %s", error)
            self._until = time.monotonic() + self.seconds
            return otherwise
