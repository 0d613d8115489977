"""The Celery application with pool processes that die with their worker, even when it is killed."""

import os
import signal
from typing import Any

from celery.signals import worker_process_init

from gkec.celery import app
from gkec.devstack.processes import tie

__all__ = ["app"]


@worker_process_init.connect
def _tie_to_worker(**_: Any) -> None:
    tie(os.getppid(), signal.SIGKILL)
