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
    """Do what waited for its undo window, free the seats of undecided drafts, give out what is free, end vain waits."""
    _do_what_was_not_taken_back()
    services.lapse_drafts()
    # Before the line ends: who could have had a seat is not told that there was none.
    services.fill_free_seats()
    services.end_unanswered()


@shared_task(name="learning.tasks.give_held_seats", ignore_result=True)
def give_held_seats() -> None:
    """Do what staff and coordinators could take back and did not: teams leave or are invited, seats are given."""
    _do_what_was_not_taken_back()


def _do_what_was_not_taken_back() -> None:
    # Who leaves goes first, so that the seats go on; who is given one is then invited rather than told of a place.
    services.withdraw_due_teams()
    services.give_held_seats()
    services.send_due_teams()
