"""The site's Celery application on a machine whose clock is wrong (`celery -A`): beat loads no further modules."""

from gkec.celery import app
from tests.faults import skewed

__all__ = ["app", "skewed"]
