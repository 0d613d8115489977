"""The Celery application: tasks carry ids only, whatever must not be lost is a row in PostgreSQL."""

import os

from celery import Celery

from core import taskwatch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gkec.settings.production")

app = Celery("gkec", task_cls="core.periodic:PeriodicAware")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
taskwatch.connect()
