"""The project's Celery application, which also knows the letter of the benchmarks."""

from typing import Any

from celery.signals import worker_init

from benchmarks import bulkmail
from gkec.celery import app

__all__ = ["app"]


@worker_init.connect
def _register(**_: Any) -> None:
    bulkmail.register()
