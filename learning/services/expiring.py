"""Ending what nobody can answer any more: what waits where no seats are given, invitations to what is over."""

import logging

from django.db import DatabaseError, transaction

from learning.enums import Actor, ChangeKind, EnrolmentState
from learning.models import Cohort, Enrolment
from learning.rules import keys_of_members
from learning.services import notices, seats
from learning.services.promoting import fill
from learning.services.sending import end

logger = logging.getLogger(__name__)
NEEDS_A_SEAT = (EnrolmentState.APPLIED, EnrolmentState.WAITLISTED)
UNANSWERED = (EnrolmentState.INVITED, *NEEDS_A_SEAT)


def end_unanswered() -> list[int]:
    """End what waits in vain, cohort by cohort; return the keys of the enrolments.

    Who waits for a seat, or for a moderator, is told as soon as the cohort gives no more seats; whom a city has only
    put forward knows nothing of it, and who takes part by another enrolment misses nothing. Invitations hold until the
    last day and end in silence then: nothing can be done about them any more.
    """
    ended: list[int] = []
    unanswered = Enrolment.objects.filter(state__in=UNANSWERED).order_by()
    for cohort in Cohort.objects.filter(pk__in=unanswered.values("cohort")).order_by("pk"):
        if not _states_to_end(cohort):
            continue
        try:
            ended += _end_in(cohort.pk)
        except DatabaseError:
            # The other cohorts shall not wait for this one; the next sweep tries again.
            logger.exception("What waits in vain in cohort %s could not be ended", cohort.pk)
    return ended


@transaction.atomic
def _end_in(cohort_id: int) -> list[int]:
    cohort = seats.lock(cohort_id)
    wanted = Enrolment.objects.filter(cohort=cohort, state__in=_states_to_end(cohort)).select_related("person")
    found = list(wanted.order_by("pk").select_for_update(of=("self",), no_key=True))
    outside = Enrolment.objects.filter(pk__in=[one.pk for one in found]).of_outsiders(keys_of_members(cohort))
    keys = set(outside.values_list("pk", flat=True))
    told = [one for one in found if one.pk in keys and (one.state == EnrolmentState.WAITLISTED or one.team_id is None)]
    end(found, EnrolmentState.LAPSED, ChangeKind.LAPSED, actor=Actor.SYSTEM)
    if not cohort.is_over():
        notices.say_no_seat(cohort, told)
    seats.keep(cohort, fill(cohort))
    return [one.pk for one in found]


def _states_to_end(cohort: Cohort) -> tuple[EnrolmentState, ...]:
    if cohort.is_over():
        return UNANSWERED
    # Called off, it may yet be restored.
    if not cohort.is_called_off and cohort.has_given_its_seats():
        return NEEDS_A_SEAT
    return ()
