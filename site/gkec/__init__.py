"""The Django project: settings, addresses, workers and the wiring between apps."""

from gkec.celery import app as celery_app

__all__ = ["celery_app"]
