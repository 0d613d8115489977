"""Values that are computed once and kept for some seconds in each process."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """A small table of answers that may be a few seconds old.

    Nothing that a visitor may see only under a condition belongs here: other processes learn of a change only
    when their own copy has aged. At most `size` answers are held; when there are more, all are dropped.
    """

    def __init__(self, *, seconds: float, size: int = 256) -> None:
        self.seconds = seconds
        self.size = size
        self._answers: dict[Hashable, tuple[float, Value]] = {}

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """Return the kept answer for `key`, or compute it and keep it."""
        now = time.monotonic()
        found = self._answers.get(key)
        if found and now - found[0] < self.seconds:
            return found[1]
        value = compute()
        if len(self._answers) >= self.size:
            self._answers.clear()
        self._answers[key] = (now, value)
        return value

    def clear(self) -> None:
        """Forget every answer in this process."""
        self._answers.clear()
