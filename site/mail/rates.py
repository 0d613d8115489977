"""Messages a second of a stream, held across all workers by a bucket of tokens in Valkey.

Mail must not stop because Valkey is away: each process then keeps to the same rate by itself. A bucket holds one
second's worth, so a short burst passes and the mean is kept.
"""

import time

from django.conf import settings

from core import valkey

# The server's own clock counts, so that workers on several machines agree; a debt is paid by waiting.
_TAKE = """
local moment = redis.call('TIME')
local now = tonumber(moment[1]) + tonumber(moment[2]) / 1000000
local rate, number = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(kept[1]) or rate, tonumber(kept[2]) or now
tokens = math.min(rate, tokens + math.max(0, now - at) * rate) - number
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(math.max(now, at)))
redis.call('EXPIRE', KEYS[1], 3600)
return tostring(math.max(0, -tokens) / rate)
"""
_breaker = valkey.Breaker()


class Bucket:
    """The same bucket, in this process alone."""

    def __init__(self) -> None:
        self.tokens: float | None = None
        self.at = 0.0

    def take(self, number: int, rate: float) -> float:
        """Take tokens and return how many seconds to wait before using them."""
        now = time.monotonic()
        kept = rate if self.tokens is None else self.tokens
        self.tokens = min(rate, kept + max(0.0, now - self.at) * rate) - number
        self.at = now
        return max(0.0, -self.tokens) / rate


_local: dict[str, Bucket] = {}


def seconds_to_wait(stream: str, number: int) -> float:
    """Take `number` messages' worth of the stream's rate and return how long to wait before they leave."""
    rate = settings.MAIL_RATES.get(stream, 0)
    if not rate:
        return 0.0
    shared = _breaker.call(lambda: _shared(stream, number, rate), otherwise=None)
    return _local.setdefault(stream, Bucket()).take(number, rate) if shared is None else shared


def sleep(seconds: float) -> None:
    """Wait; a step of its own, so that tests need not."""
    time.sleep(seconds)


def most_at_once(stream: str, seconds: float) -> int | None:
    """Return how many messages the rate lets out in so many seconds, so that a lease never ends in a wait."""
    rate = settings.MAIL_RATES.get(stream, 0)
    return max(1, int(rate * seconds)) if rate else None


def at_most(stream: str, per_second: float) -> float:
    """Return a pace at which messages fall due: as given, or the stream's rate where that is lower."""
    return min(per_second, settings.MAIL_RATES.get(stream, 0) or per_second)


def _shared(stream: str, number: int, rate: float) -> float | None:
    # A Lua error is an answer too; it counts as none, so that mail goes on at the local rate.
    return float(valkey.client().eval(_TAKE, 1, f"gkec:mail-rate:{stream}", rate, number))
