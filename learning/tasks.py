"""Work in the background: keeping records in step with pages, and letting drafts go whose time is over."""

import logging

from celery import shared_task

from learning import services

logger = logging.getLogger(__name__)


@shared_task
def repair_courses() -> None:
    """Bring every course up to its pages, say which ones were out of step, and complete who has nothing left to do."""
    for key in services.repair_courses():
        logger.warning("Course %s was out of step with its pages and has been repaired", key)
    services.complete_finished()


@shared_task(name="learning.tasks.lapse_drafts", ignore_result=True)
def lapse_drafts() -> None:
    """Give what was held back, free the seats of undecided drafts, give out what is free, end what waits in vain."""
    services.give_held_seats()
    services.lapse_drafts()
    # Before the line ends: who could have had a seat is not told that there was none.
    services.fill_free_seats()
    services.end_unanswered()


@shared_task(name="learning.tasks.give_held_seats", ignore_result=True)
def give_held_seats() -> None:
    """Give the seats that staff added and did not take back."""
    services.give_held_seats()
