"""Beat's schedule, which gives a sign of life at each of its rounds."""

from typing import Any

from core.ticks import Scheduler
from gkec import lifesigns


class LivingScheduler(Scheduler):
    """Named by CELERY_BEAT_SCHEDULER; a round is at most CELERY_BEAT_MAX_LOOP_INTERVAL after the one before."""

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for what is due."""
        pause = super().tick(*args, **kwargs)
        lifesigns.give()
        return pause
