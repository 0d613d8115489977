"""Taking part without a team, and deciding on those who applied."""

from typing import TYPE_CHECKING

from django.db import transaction

from core import clock
from core.emailkeys import email_key
from learning import rules
from learning.enums import KNOWN_STATES, Actor, ChangeKind, EnrolmentState
from learning.errors import AddressTaken, CohortFull, JoinedAlready, NoSeatFree, NotApplied
from learning.models import Cohort, Enrolment
from learning.services import history, notices, seats
from learning.services.enrolling import refuse_unless_open
from learning.services.promoting import fill
from learning.services.returning import take_up
from learning.services.sending import end

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def apply_alone(*, cohort_id: int, person: "User") -> Enrolment:
    """Enrol a signed-in person without a city: with a seat, a place on the waiting list, or as an application.

    Whoever is in the cohort already, or invited to it, gets that enrolment back; whom a city has only put forward knows
    nothing of it and is enrolled. Raises AddressTaken where another account has enrolled alone under this address, and
    EnrolmentRefused.

    Whether the person may know of a kept cohort nobody asks here: the password of a page is kept in the session, which
    only a request has. The caller has found the cohort through `access.cohort_for` or `access.met_by`.
    """
    cohort = seats.lock(cohort_id)
    mine = Enrolment.objects.filter(cohort=cohort).told().meant_for(person, rules.keys_of(person))
    if known := mine.furthest_first().first():
        return known
    refuse_unless_open(cohort)
    key = email_key(person.email)
    if Enrolment.objects.filter(cohort=cohort, local_government=None, email_key=key, state__in=KNOWN_STATES).exists():
        raise AddressTaken
    enrolment = Enrolment(
        cohort=cohort,
        person=person,
        name=person.display_name,
        email=person.email,
        email_key=key,
        language=person.language,
    )
    if cohort.by_approval:
        enrolment.state = EnrolmentState.APPLIED
        enrolment.save()
        history.note([enrolment], ChangeKind.APPLIED, actor=Actor.PERSON, by=person)
        return enrolment
    what = _seat_or_wait(cohort, enrolment, CohortFull)
    enrolment.save()
    take_up(cohort, [enrolment])
    history.note([enrolment], what, actor=Actor.PERSON, by=person)
    if enrolment.state == EnrolmentState.WAITLISTED:
        notices.say_waiting(cohort, [enrolment])
    return enrolment


@transaction.atomic
def admit(*, enrolment_id: int, by: "User") -> Enrolment:
    """Accept an application: it gets a seat or, where none is free, a place on the waiting list.

    Admitting twice changes nothing. Raises NotApplied where it was decided otherwise, JoinedAlready where the person
    takes part by another enrolment, NoSeatFree where the cohort keeps no list, and EnrolmentRefused.
    """
    cohort, enrolment = seats.lock_enrolment(enrolment_id)
    if enrolment.state in (EnrolmentState.INVITED, EnrolmentState.ACTIVE, EnrolmentState.WAITLISTED):
        return enrolment
    if enrolment.state != EnrolmentState.APPLIED:
        raise NotApplied
    if not Enrolment.objects.filter(pk=enrolment.pk).of_outsiders().exists():
        raise JoinedAlready
    if not cohort.gives_seats():
        refuse_unless_open(cohort)
    what = _seat_or_wait(cohort, enrolment, NoSeatFree)
    enrolment.save(update_fields=["state", "has_seat", "waiting_number", "invited_at", "joined_at"])
    take_up(cohort, [enrolment])
    history.note([enrolment], what, actor=Actor.STAFF, by=by)
    if enrolment.team_id is None:
        notices.say_admitted(cohort, enrolment)
    elif enrolment.state == EnrolmentState.WAITLISTED:
        notices.say_waiting(cohort, [enrolment])
    else:
        notices.invite(cohort, [enrolment])
    return enrolment


@transaction.atomic
def decline(*, enrolment_id: int, by: "User", reason: str = "") -> Enrolment:
    """Decline an application; who applied without a team is told, a team's coordinator reads it on their page.

    Declining twice changes nothing. Raises NotApplied where it was accepted or withdrawn.
    """
    cohort, enrolment = seats.lock_enrolment(enrolment_id)
    if enrolment.state == EnrolmentState.DECLINED:
        return enrolment
    if enrolment.state != EnrolmentState.APPLIED:
        raise NotApplied
    end([enrolment], EnrolmentState.DECLINED, ChangeKind.DECLINED, actor=Actor.STAFF, by=by, reason=reason)
    if enrolment.team_id is None:
        notices.say_declined(cohort, enrolment)
    return enrolment


def _seat_or_wait(cohort: Cohort, enrolment: Enrolment, refusal: type[Exception]) -> ChangeKind:
    """Give a seat or a place, the caller holding the cohort; nothing of the enrolment itself is written."""
    counted = fill(cohort)
    now = clock.now()
    if counted.has_seat_for(enrolment.local_government_id):
        counted.hold(enrolment.local_government_id)
        enrolment.has_seat = True
        if enrolment.person_id is not None:
            enrolment.state, enrolment.joined_at = EnrolmentState.ACTIVE, now
            what = ChangeKind.JOINED
        else:
            enrolment.state, enrolment.invited_at = EnrolmentState.INVITED, now
            what = ChangeKind.INVITED
    elif cohort.waiting_list:
        enrolment.state, enrolment.waiting_number = EnrolmentState.WAITLISTED, counted.next_number()
        what = ChangeKind.WAITLISTED
    else:
        raise refusal
    seats.keep(cohort, counted)
    return what
