"""The page cache in Valkey: entries by key, the keys by tag, and the epoch that a purge changes."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from uuid import uuid4

from core import epochs, valkey
from core.kept import Kept
from core.pagecache.entry import Entry
from core.pagecache.marking import LONGEST, Mark

PREFIX = "gkec:pages:"
# A tag's set outlives every entry in it.
TAG_SECONDS = LONGEST + 60

# Keeps an entry only if nothing was purged since the epoch was read, which is before the page was rendered.
WRITE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
for i = 3, #KEYS do
  redis.call('SADD', KEYS[i], KEYS[2])
  redis.call('EXPIRE', KEYS[i], ARGV[4])
end
return 1
"""
# The new epoch is a fresh name, not a number: a number comes back after the server has lost its memory.
PURGE = """
redis.call('SET', KEYS[1], ARGV[1])
local dropped = 0
for i = 2, #KEYS do
  for _, key in ipairs(redis.call('SMEMBERS', KEYS[i])) do dropped = dropped + redis.call('UNLINK', key) end
  redis.call('UNLINK', KEYS[i])
end
return dropped
"""

breaker = valkey.Breaker()
# Answers of the last second, so that a busy page does not cost a round trip each time.
local: Kept[Entry] = Kept(seconds=1, size=128)
LARGEST_LOCAL = 128 * 1024


@lru_cache(maxsize=2)
def _script(source: str) -> Any:
    return valkey.client().register_script(source)


def read(key: str) -> tuple[Entry | None, str | None]:
    """Return the entry and the epoch; no epoch means that Valkey is away and nothing can be kept."""
    away: tuple[Entry | None, str | None] = (None, None)
    return breaker.call(lambda: _read(key), otherwise=away)


def write(key: str, entry: Entry, *, mark: Mark, epoch: str) -> bool:
    """Keep an entry rendered under `epoch`; False when a purge came in between or Valkey is away."""
    keys = [epochs.KEY, PREFIX + key, *(_tag(name) for name in sorted(mark.tags))]
    arguments = [epoch, entry.pack(), mark.seconds, TAG_SECONDS]
    return breaker.call(lambda: bool(_script(WRITE)(keys=keys, args=arguments)), otherwise=False)


def drop(tags: Iterable[str]) -> int | None:
    """Drop every entry with one of the tags and start a new epoch; None when Valkey is away."""
    local.clear()
    epochs.forget()
    keys = [epochs.KEY, *(_tag(name) for name in sorted(set(tags)))]
    return breaker.call(lambda: int(_script(PURGE)(keys=keys, args=[uuid4().hex])), otherwise=None, insist=True)


def remember(key: str, entry: Entry) -> None:
    """Keep a copy in this process for a second."""
    if len(entry.body) <= LARGEST_LOCAL:
        local.put(key, entry)


def _read(key: str) -> tuple[Entry | None, str | None]:
    client: Any = valkey.client()
    found, epoch = client.mget(PREFIX + key, epochs.KEY)
    return (Entry.unpack(found) if found else None), (epoch.decode() if epoch else epochs.current())


def _tag(name: str) -> str:
    return f"{PREFIX}tag:{name}"
