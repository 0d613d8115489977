"""Celery's side of watching: how tasks end, how long they take, and for whose request they run."""

import time
from typing import Any

from celery import signals

from core import counting, requestid

TASKS = "gkec_task_duration_seconds"

_started: dict[str, float] = {}


def connect() -> None:
    """Listen to Celery; called once, where the application is made."""
    signals.before_task_publish.connect(_take_along, weak=False, dispatch_uid="core.taskwatch.publish")
    signals.task_prerun.connect(_begin, weak=False, dispatch_uid="core.taskwatch.prerun")
    signals.task_postrun.connect(_end, weak=False, dispatch_uid="core.taskwatch.postrun")
    # A child of the pool ends without the interpreter's own farewell.
    signals.worker_process_shutdown.connect(_farewell, weak=False, dispatch_uid="core.taskwatch.shutdown")


def _take_along(headers: dict[str, Any] | None = None, **kwargs: Any) -> None:
    if headers is not None and requestid.current():
        headers[requestid.TASK_HEADER] = requestid.current()


def _begin(task_id: str = "", task: Any = None, **kwargs: Any) -> None:
    _started[task_id] = time.perf_counter()
    given = (getattr(task.request, "headers", None) or {}).get(requestid.TASK_HEADER, "")
    # A task that no request asked for goes by an id of its own, so that its lines can be told from others.
    requestid.enter(given or getattr(task.request, requestid.TASK_HEADER, "") or task_id)


def _end(task_id: str = "", task: Any = None, state: str | None = None, **kwargs: Any) -> None:
    seconds = time.perf_counter() - _started.pop(task_id, time.perf_counter())
    counting.observe(TASKS, task.name, (state or "unknown").lower(), seconds=seconds)
    requestid.enter("")


def _farewell(**kwargs: Any) -> None:
    counting.flush()
