"""The Celery application: tasks carry ids only, whatever must not be lost is a row in PostgreSQL."""

import gc
import os
from datetime import datetime
from typing import Any

from celery import Celery, signals

from core import clock, taskwatch
from gkec import lifesigns

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gkec.settings.production")


class Application(Celery):
    """Celery by the clock of the domain: beat's due times, and until when a tick is good."""

    def now(self) -> datetime:
        """Return the present moment in the zone of the schedule."""
        return clock.now().astimezone(self.timezone)


app = Application("gkec", task_cls="core.periodic:PeriodicAware")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
taskwatch.connect()
lifesigns.connect()


@signals.worker_process_init.connect(weak=False)
def leave_the_program_alone(**_: Any) -> None:
    """Let the garbage collector pass over what was there before the first task.

    Reading all of it again, now and then, costs as much as writing hundreds of mails.
    """
    gc.freeze()
