"""Django's cache on Valkey, for which an unreachable server is an empty cache."""

from collections.abc import Callable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache, RedisCacheClient

from core.valkey import Breaker


class ForgivingClient(RedisCacheClient):
    """Reads find nothing and writes do nothing while the server is away; pages and sign-in go on from the database."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._breaker = Breaker()

    def _try(self, action: Callable[[], Any], otherwise: Any) -> Any:
        return self._breaker.call(action, otherwise=otherwise)

    def add(self, key, value, timeout):
        # True: the caller goes on as the first one, as with a cache that has just been emptied.
        return self._try(lambda: super(ForgivingClient, self).add(key, value, timeout), True)

    def get(self, key, default):
        return self._try(lambda: super(ForgivingClient, self).get(key, default), default)

    def set(self, key, value, timeout):
        return self._try(lambda: super(ForgivingClient, self).set(key, value, timeout), None)

    def touch(self, key, timeout):
        return self._try(lambda: super(ForgivingClient, self).touch(key, timeout), False)

    def delete(self, key):
        return self._try(lambda: super(ForgivingClient, self).delete(key), False)

    def get_many(self, keys):
        return self._try(lambda: super(ForgivingClient, self).get_many(keys), {})

    def has_key(self, key):
        return self._try(lambda: super(ForgivingClient, self).has_key(key), False)

    def incr(self, key, delta):
        # ValueError is what a cache says of a key that it does not have.
        answer = self._try(lambda: super(ForgivingClient, self).incr(key, delta), None)
        if answer is None:
            raise ValueError(f"Key {key!r} not found.")
        return answer

    def set_many(self, data, timeout):
        return self._try(lambda: super(ForgivingClient, self).set_many(data, timeout), None)

    def delete_many(self, keys):
        return self._try(lambda: super(ForgivingClient, self).delete_many(keys), None)

    def clear(self):
        return self._try(lambda: super(ForgivingClient, self).clear(), False)


class ForgivingRedisCache(RedisCache):
    """The backend to name in settings for what may live as long as it is told."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = ForgivingClient


class BriefRedisCache(ForgivingRedisCache):
    """Keeps nothing longer than its own TIMEOUT, whatever is asked.

    For copies of what the database says: a deletion that the server missed while it was away holds all the same soon.
    """

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> float | None:
        """Return the seconds to keep something, at most the default ones."""
        longest, asked = super().get_backend_timeout(), super().get_backend_timeout(timeout)
        return longest if asked is None or longest is None else min(asked, longest)
