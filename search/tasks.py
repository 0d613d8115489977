"""Work in the background: the sweep that mends the index."""

import logging

from celery import shared_task

from search import services

logger = logging.getLogger(__name__)


@shared_task
def repair_index() -> None:
    """Mend what the signals missed, and say how much that was."""
    mended = services.repair()
    if mended.written or mended.removed:
        logger.warning("The index was mended: %s written, %s removed", mended.written, mended.removed)
