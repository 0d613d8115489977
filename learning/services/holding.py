"""Giving what waits for an undo window once that has passed: seats that staff added, drafts of a restored cohort."""

import logging

from django.db import DatabaseError, transaction

from core import clock
from learning.models import Cohort
from learning.services import seats
from learning.services.promoting import fill
from learning.services.sending import lock_cities_held_back, send_held_back

logger = logging.getLogger(__name__)


def give_held_seats() -> list[int]:
    """Give out, cohort by cohort, what was held back for long enough; return the keys of the cohorts.

    A sweep calls this often: what its predecessor left is found again, since each cohort gives all or nothing.
    """
    given = []
    for key in Cohort.objects.due_to_fill().order_by("pk").values_list("pk", flat=True):
        try:
            if _give_in(key):
                given.append(key)
        except DatabaseError:
            # The other cohorts shall not wait for this one; the next sweep tries again.
            logger.exception("What cohort %s held back could not be given", key)
    return given


@transaction.atomic
def _give_in(cohort_id: int) -> bool:
    """Give one cohort's seats and send its drafts, unless staff saved it anew or took that back meanwhile."""
    cities = lock_cities_held_back(cohort_id)
    cohort = seats.lock(cohort_id)
    if cohort.fills_at is None or clock.now() < cohort.fills_at:
        return False
    # Seats first: a draft that gets one is invited, rather than told of a place and then of a seat.
    seats.keep(cohort, fill(cohort))
    send_held_back(cohort, cities)
    return True
