"""Giving free seats to those who wait, in the order of their numbers; a city without a seat left is passed over.

Seats that staff added are given once the undo window has passed: until then those who get them hold them against
everybody else, but nobody has them, so that they can be taken back.
"""

import logging
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models import F, Q

from core import clock
from learning.enums import Actor, ChangeKind, EnrolmentState
from learning.models import Cohort, Enrolment, TeamRequest
from learning.rules import keys_of_members
from learning.services import history, notices, seats
from learning.services.returning import take_up
from learning.services.seats import SeatCount
from mail import undo

logger = logging.getLogger(__name__)


@transaction.atomic
def promote_from_waiting_list(*, cohort_id: int) -> list[Enrolment]:
    """Give every free seat to the first in line who may have it; return who got one.

    Does nothing once the cohort gives no more seats, nor while it holds them back. Safe to call at any time, any number
    of times.
    """
    cohort = seats.lock(cohort_id)
    counted = seats.count(cohort)
    promoted = _promote(cohort, counted)
    seats.keep(cohort, counted)
    return promoted


def fill_free_seats() -> list[int]:
    """Give out the seats that became free while nobody could get them; return the keys of who got one.

    A sweep calls this: enrolment that opens, or more time before the first day, is no act that fills seats by itself.
    """
    found = Cohort.objects.with_seats().filter(Q(seats=None) | Q(seats_held__lt=F("seats")), seats_waiting__gt=0)
    promoted: list[int] = []
    for cohort in found.order_by("pk"):
        if cohort.holds_seats_back or not cohort.gives_seats():
            continue
        try:
            promoted += [one.pk for one in promote_from_waiting_list(cohort_id=cohort.pk)]
        except DatabaseError:
            # The other cohorts shall not wait for this one; the next sweep tries again.
            logger.exception("The free seats of cohort %s could not be given", cohort.pk)
    return promoted


def fill(cohort: Cohort) -> SeatCount:
    """Promote in a locked cohort and return its seats, counted then; the caller stores it with `seats.keep`.

    While it holds its free seats back nobody is promoted, and the next in line are counted as if they had been.
    """
    counted = seats.count(cohort)
    _promote(cohort, counted)
    return counted


def hold(cohort: Cohort) -> SeatCount:
    """Hold the free seats of a locked cohort back until the undo window, which opens anew, has passed.

    So it does with drafts that wait to be sent. Where there is neither, or no window, this is `fill`. Seats that are no
    longer given by then are held back all the same: given at once, they could not be taken back.
    """
    before, cohort.fills_at = cohort.fills_at, _opens_anew(cohort)
    counted = seats.count(cohort)
    promoted = _next_in_line(cohort, counted)
    if not (cohort.holds_seats_back and (promoted or _has_drafts_to_send(cohort))):
        cohort.fills_at = None
        _give_seats(cohort, promoted)
    if cohort.fills_at != before:
        cohort.save(update_fields=["fills_at"])
    return counted


def fill_or_hold(cohort: Cohort) -> SeatCount:
    """Promote as `fill` does where that tells one person at most; what tells several is held back, as `hold` does.

    For seats that come free in number though nobody has read whom that writes to: staff see it before it happens.
    What has a moment already, come or not, keeps it. Nobody loses a seat that could be given now alone.
    """
    if cohort.fills_at is not None or not cohort.gives_seats(undo.leaves_at()):
        return fill(cohort)
    hearing = [one for one in next_in_line(cohort) if one.state == EnrolmentState.WAITLISTED]
    return hold(cohort) if len(hearing) > 1 else fill(cohort)


def give_due(cohort: Cohort) -> None:
    """Give what a locked cohort held back for long enough, as it is stored: a save shall not be faster than the sweep.

    Call it before the cohort is changed, or what is changed would be given without a window.
    """
    if cohort.fills_at is not None and not cohort.holds_seats_back:
        seats.keep(cohort, fill(cohort))


def foreseen(cohort: Cohort, ended: Collection[Enrolment] = ()) -> SeatCount:
    """Count the seats of a cohort that is not locked as they would be after `fill`, once some enrolments have ended;
    writes nothing.
    """
    counted = seats.count(cohort)
    for one in ended:
        counted.let_go(one)
    _next_in_line(cohort, counted, without=[one.pk for one in ended])
    return counted


def next_in_line(cohort: Cohort, ended: Collection[Enrolment] = ()) -> list[Enrolment]:
    """Return who would get a seat by `fill` in a cohort that is not locked, drafts among them; writes nothing.

    `ended` are enrolments that are taken to have ended. It is nobody where the moment comes too late, though seats are
    held back until then.
    """
    if not cohort.gives_seats(cohort.fills_at):
        return []
    counted = seats.count(cohort)
    for one in ended:
        counted.let_go(one)
    return _next_in_line(cohort, counted, without=[one.pk for one in ended])


def next_in_line_after(
    cohort: Cohort, ended: Collection[Enrolment], *, at: datetime, moved: tuple[int, int] | None = None
) -> list[Enrolment]:
    """Return who would get a seat since some enrolments of a cohort, which is not locked, end at a moment.

    With `moved` what one city has there belongs to another by then. Drafts are among them, who gets a seat anyhow is
    not; writes nothing.
    """
    if not cohort.gives_seats(max(at, cohort.fills_at or at)):
        return []
    anyhow = {one.pk for one in next_in_line(cohort)}
    counted = seats.count(cohort)
    for one in ended:
        counted.let_go(one)
    if moved:
        counted.move(*moved)
    promoted = _next_in_line(cohort, counted, without=[one.pk for one in ended], moved=dict([moved] if moved else []))
    return [one for one in promoted if one.pk not in anyhow]


def _promote(cohort: Cohort, counted: SeatCount) -> list[Enrolment]:
    promoted = _next_in_line(cohort, counted)
    if cohort.holds_seats_back:
        return []
    if cohort.fills_at is not None:
        cohort.fills_at = None
        cohort.save(update_fields=["fills_at"])
    _give_seats(cohort, promoted)
    return promoted


def _opens_anew(cohort: Cohort) -> datetime:
    """Return when the undo window that opens now has passed; the former moment, where seats are given only by that one.

    What those next in line were promised shall not be lost because staff save something once more.
    """
    before, anew = cohort.fills_at, undo.leaves_at()
    if before is not None and cohort.gives_seats(before) and not cohort.gives_seats(anew):
        return before
    return anew


def _could_get_seats(cohort: Cohort) -> bool:
    """Whether free seats are given to those who wait or, being held back, would be given to them now."""
    return cohort.gives_seats(cohort.fills_at) or (cohort.holds_seats_back and cohort.gives_seats())


def _has_drafts_to_send(cohort: Cohort) -> bool:
    """Whether coordinators have been approved whose drafts the cohort kept, being called off."""
    if cohort.is_called_off or cohort.is_over():
        return False
    return TeamRequest.objects.approved().filter(cohort=cohort).exists()


def _next_in_line(
    cohort: Cohort, counted: SeatCount, without: Collection[int] = (), moved: Mapping[int, int] | None = None
) -> list[Enrolment]:
    """Return who gets the free seats, which are counted as held from then on.

    What was held back is given as of its own moment, however late the sweep comes. Until that moment nobody who comes
    passes the line, even where it comes too late for anybody in it. `without` are the keys of enrolments that are taken
    to have ended, `moved` says to which city those of another are taken to belong.
    """
    if not counted.waiting or counted.free == 0 or not _could_get_seats(cohort) or cohort.is_over():
        return []
    promoted = []
    # A second city's seat would stay with somebody who takes part already and can never join by it.
    line = Enrolment.objects.filter(cohort=cohort).exclude(pk__in=without).waiting()
    for enrolment in line.of_outsiders(keys_of_members(cohort, without), without).select_related("person"):
        if counted.free == 0:
            break
        city = (moved or {}).get(enrolment.local_government_id or 0, enrolment.local_government_id)
        if counted.has_seat_for(city):
            counted.hold(city)
            counted.waiting -= 1
            promoted.append(enrolment)
    return promoted


def _give_seats(cohort: Cohort, enrolments: list[Enrolment]) -> None:
    """Write that they have seats; people are told, drafts are not."""
    if not enrolments:
        return
    now = clock.now()
    for enrolment in enrolments:
        enrolment.has_seat = True
        if enrolment.state != EnrolmentState.WAITLISTED:
            continue
        if enrolment.person_id is not None:
            enrolment.state, enrolment.joined_at = EnrolmentState.ACTIVE, now
        else:
            enrolment.state, enrolment.invited_at = EnrolmentState.INVITED, now
    Enrolment.objects.bulk_update(enrolments, ["has_seat", "state", "joined_at", "invited_at"])
    take_up(cohort, enrolments)
    history.note(enrolments, ChangeKind.PROMOTED, actor=Actor.SYSTEM)
    notices.say_promoted(cohort, [one for one in enrolments if one.state != EnrolmentState.DRAFTED])
