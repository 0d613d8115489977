"""Work in the background: the sweep that keeps records in step with pages."""

import logging

from celery import shared_task

from learning import services

logger = logging.getLogger(__name__)


@shared_task
def repair_courses() -> None:
    """Bring every course up to its pages, and say which ones were out of step."""
    for key in services.repair_courses():
        logger.warning("Course %s was out of step with its pages and has been repaired", key)
