"""The Celery application: tasks carry ids only, whatever must not be lost is a row in PostgreSQL."""

import gc
import os
from typing import Any

from celery import Celery, signals

from core import taskwatch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gkec.settings.production")

app = Celery("gkec", task_cls="core.periodic:PeriodicAware")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
taskwatch.connect()


@signals.worker_process_init.connect(weak=False)
def leave_the_program_alone(**_: Any) -> None:
    """Let the garbage collector pass over what was there before the first task.

    Reading all of it again, now and then, costs as much as writing hundreds of mails.
    """
    gc.freeze()
