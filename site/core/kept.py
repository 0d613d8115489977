"""Values that are computed once and kept for some seconds in each process."""

import time
import weakref
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

_all: weakref.WeakSet["Kept"] = weakref.WeakSet()


class Kept(Generic[Value]):
    """A small table of answers that may be a few seconds old.

    Nothing that a visitor may see only under a condition belongs here: other processes learn of a change only
    when their own copy has aged. At most `size` answers are held; when there are more, all are dropped.
    """

    def __init__(self, *, seconds: float, size: int = 256) -> None:
        self.seconds = seconds
        self.size = size
        self._answers: dict[Hashable, tuple[float, Value]] = {}
        _all.add(self)

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """Return the kept answer for `key`, or compute it and keep it."""
        found = self.peek(key)
        if found is not None:
            return found
        value = compute()
        self.put(key, value)
        return value

    def peek(self, key: Hashable) -> Value | None:
        """Return the kept answer for `key`, or None when there is none young enough."""
        found = self._answers.get(key)
        if found and time.monotonic() - found[0] < self.seconds:
            return found[1]
        return None

    def put(self, key: Hashable, value: Value) -> None:
        """Keep an answer from now on."""
        if len(self._answers) >= self.size and key not in self._answers:
            self._answers.clear()
        self._answers[key] = (time.monotonic(), value)

    def clear(self) -> None:
        """Forget every answer in this process."""
        self._answers.clear()


def clear_all() -> None:
    """Forget every kept answer of this process: between tests, whose databases differ."""
    for kept in list(_all):
        kept.clear()
