"""Ending what nobody can answer any more: what waits where no seats are given, invitations to what is over."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models import Count, Exists, Max, OuterRef, Q
from wagtail.models import ModelLogEntry

from core import clock
from learning.enums import Actor, ChangeKind, EnrolmentState
from learning.models import Cohort, Enrolment
from learning.querysets_enrolments import EnrolmentQuerySet
from learning.rules import keys_of_members
from learning.services import notices, seats
from learning.services.promoting import fill
from learning.services.sending import end
from mail.undo import undo_window

logger = logging.getLogger(__name__)
NEEDS_A_SEAT = (EnrolmentState.APPLIED, EnrolmentState.WAITLISTED)
# Whom a city has only put forward knows nothing of it.
ASKED_THEMSELVES = Q(state=EnrolmentState.WAITLISTED) | Q(team=None)
UNANSWERED = (EnrolmentState.INVITED, *NEEDS_A_SEAT)


@dataclass(frozen=True, slots=True)
class InVain:
    """How many wait in vain, be it for an answer of their own, and how many of them are told."""

    ended: int = 0
    told: int = 0


def end_unanswered() -> list[int]:
    """End what waits in vain, cohort by cohort; return the keys of the enrolments.

    Who waits for a seat, or for a moderator, is told as soon as the cohort gives no more seats; whom a city has only
    put forward knows nothing of it, and who takes part by another enrolment misses nothing. Invitations hold until the
    last day and end in silence then: nothing can be done about them any more. What staff have saved within the undo
    window ends nothing yet.
    """
    ended: list[int] = []
    unanswered = Enrolment.objects.filter(state__in=UNANSWERED).order_by()
    for cohort in Cohort.objects.filter(pk__in=unanswered.values("cohort")).order_by("pk"):
        if not _states_to_end_now(cohort):
            continue
        try:
            ended += _end_in(cohort.pk)
        except DatabaseError:
            # The other cohorts shall not wait for this one; the next sweep tries again.
            logger.exception("What waits in vain in cohort %s could not be ended", cohort.pk)
    return ended


def foresee_in_vain(cohort: Cohort, *, instead_of: Cohort) -> InVain:
    """Count whom the sweep would end because a cohort says this instead of what is stored; writes nothing."""
    states = set(_states_to_end(cohort)) - set(_states_to_end(instead_of))
    if not states:
        return InVain()
    ended = Enrolment.objects.filter(cohort=cohort, state__in=states)
    told = Count("pk", filter=Q(pk__in=_told(cohort, ended).values("pk")))
    return InVain(**ended.aggregate(ended=Count("pk"), told=told))


def told_in_vain(
    cohort: Cohort, *, instead_of: Cohort | None = None, at: datetime | None = None, sent: Collection[int] = ()
) -> list[Enrolment]:
    """Return whom the sweep would tell at a moment, now unless given, that they have no seat because a cohort says
    this, be it instead of what is stored; writes nothing. `sent` are the keys of drafts that wait by then.
    """
    states = set(_states_to_end(cohort, at)) - set(_states_to_end(instead_of, at) if instead_of else ())
    if not states:
        return []
    waiting = Enrolment.objects.filter(Q(state__in=states) | Q(pk__in=sent), cohort=cohort)
    told = _told(cohort, waiting, at, sent)
    return list(told.select_related("person").order_by("pk"))


def somebody_waits() -> Exists:
    """Return whether in each cohort of a statement somebody waits who is told once it gives no more seats."""
    return Exists(Enrolment.objects.filter(ASKED_THEMSELVES, cohort=OuterRef("pk"), state__in=NEEDS_A_SEAT))


def ends_waits_at(cohort: Cohort) -> datetime | None:
    """Return when a cohort that staff have just saved may end what waits in it; None once the undo window has passed.

    Wagtail's history, which says when that was, goes by the machine's clock.
    """
    now = clock.of_machine()
    saved = ModelLogEntry.objects.for_instance(cohort).filter(timestamp__gt=now - undo_window())
    last = saved.aggregate(last=Max("timestamp"))["last"]
    return None if last is None else clock.now() + (last + undo_window() - now)


@transaction.atomic
def _end_in(cohort_id: int) -> list[int]:
    cohort = seats.lock(cohort_id)
    wanted = Enrolment.objects.filter(cohort=cohort, state__in=_states_to_end_now(cohort)).select_related("person")
    found = list(wanted.order_by("pk").select_for_update(of=("self",), no_key=True))
    keys = set(_told(cohort, Enrolment.objects.filter(pk__in=[one.pk for one in found])).values_list("pk", flat=True))
    end(found, EnrolmentState.LAPSED, ChangeKind.LAPSED, actor=Actor.SYSTEM)
    notices.say_no_seat(cohort, [one for one in found if one.pk in keys])
    seats.keep(cohort, fill(cohort))
    return [one.pk for one in found]


def _told(
    cohort: Cohort, enrolments: EnrolmentQuerySet, at: datetime | None = None, sent: Collection[int] = ()
) -> EnrolmentQuerySet:
    """Return those who are told that they have no seat; once the cohort is over, nobody."""
    if cohort.is_over(at):
        return enrolments.none()
    return enrolments.filter(ASKED_THEMSELVES | Q(pk__in=sent)).of_outsiders(keys_of_members(cohort))


def _states_to_end_now(cohort: Cohort) -> tuple[EnrolmentState, ...]:
    """Return what the sweep ends: nothing where staff may have only mistyped a day, or seats are yet to be given."""
    if cohort.fills_at is not None:
        return ()
    states = _states_to_end(cohort)
    return () if states and ends_waits_at(cohort) else states


def _states_to_end(cohort: Cohort, at: datetime | None = None) -> tuple[EnrolmentState, ...]:
    if cohort.is_over(at):
        return UNANSWERED
    # Called off, it may yet be restored.
    if not cohort.is_called_off and cohort.has_given_its_seats(at):
        return NEEDS_A_SEAT
    return ()
