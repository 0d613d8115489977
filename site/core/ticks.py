"""Beat and its ticks by the database's clock: when one is due, and when one has waited too long."""

from datetime import UTC, datetime, timedelta
from typing import Any

from celery.beat import PersistentScheduler
from celery.worker import request
from celery.worker.state import revoked

from core import clock, timekeeping

TRIFLE = timedelta(seconds=1)


class Request(request.Request):
    """A message in a worker's hands. Celery would call it too old by the clock of the worker's machine."""

    def maybe_expire(self) -> bool | None:
        """Return whether it has waited too long; before it is thrown away, the database is asked what time it is."""
        if not self._has_expired():
            return None
        timekeeping.follow_apart()
        if not self._has_expired():
            return None
        revoked.add(self.id)
        return True

    def _has_expired(self) -> bool:
        return self.expires is not None and clock.now() > self.expires


class Scheduler(PersistentScheduler):
    """Beat's schedule, which a clock that is put back does not stop: by itself it would wait till that time comes."""

    ticked_at = datetime.max.replace(tzinfo=UTC)

    def setup_schedule(self) -> None:
        """Know what time it is before the first job is looked at."""
        timekeeping.follow_apart()
        super().setup_schedule()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, and return in how many seconds to look again."""
        timekeeping.follow_apart()
        now = clock.now()
        # Also at the start: what is kept may have been written by a clock that was ahead.
        if now < self.ticked_at - TRIFLE:
            self._forget_the_future(now)
        self.ticked_at = now
        return super().tick(*args, **kwargs)

    def _forget_the_future(self, now: datetime) -> None:
        for entry in self.schedule.values():
            entry.last_run_at = min(entry.last_run_at, now)
        # The order in which they come up was made by the clock as it was.
        self._heap = None
