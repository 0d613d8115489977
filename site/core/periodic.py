"""What every Celery task of the project is: a task that beat starts runs alone and leaves a heartbeat."""

from datetime import timedelta
from typing import Any

from celery import Task, current_app


def intervals() -> dict[str, timedelta | None]:
    """Return each scheduled task with the time between two runs; None where it follows the calendar instead."""
    entries = (current_app.conf.beat_schedule or {}).values()
    return {entry["task"]: _interval(entry["schedule"]) for entry in entries}


def _interval(schedule: Any) -> timedelta | None:
    if isinstance(schedule, timedelta):
        return schedule
    return timedelta(seconds=schedule) if isinstance(schedule, int | float) else None


class PeriodicAware(Task):
    """The base of all tasks. Whoever adds an entry to the schedule needs to do nothing else."""

    abstract = True
    # By its name: only a worker needs it.
    Request = "core.ticks:Request"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task by the database's clock; a scheduled one alone, and written down."""
        from core import timekeeping

        timekeeping.follow()
        if self.name not in intervals():
            return super().__call__(*args, **kwargs)
        from core.services import sweeping

        call = super().__call__
        return sweeping.run(name=self.name, work=lambda: call(*args, **kwargs))
