"""What becomes of drafts: sent when their coordinator is approved or the undo window over, let go, or taken back."""

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction

from core import clock
from learning.enums import KNOWN_STATES, Actor, ChangeKind, EnrolmentState, TeamState
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import history, notices, seats
from learning.services.promoting import fill, fill_or_hold
from learning.services.seats import SeatCount
from municipalities.rules import is_coordinator
from municipalities.services import locks

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)


@transaction.atomic
def send_drafts(*, coordinator: "User", local_government_id: int) -> list[TeamRequest]:
    """Invite everybody whom a coordinator wrote down before being approved; return the teams.

    The caller is within the decision and holds the local government's lock. Cohorts are locked in the order of their
    keys. A cohort that is over lets its drafts go; one that is called off keeps them, as it may yet be restored.
    """
    return [
        team
        for cohort_id in _cohorts_with_drafts(coordinator, local_government_id)
        for team in _send_in(cohort_id, coordinator, local_government_id)
    ]


@transaction.atomic
def let_drafts_go(*, coordinator: "User", local_government_id: int, is_decided: bool = False) -> list[TeamRequest]:
    """Free the seats that drafts hold whose coordinator is not approved; return the teams.

    They go to those who wait at once where `is_decided`: then whoever declined it has read whom that tells.
    """
    gone = []
    for cohort_id in _cohorts_with_drafts(coordinator, local_government_id):
        cohort = seats.lock(cohort_id)
        teams = _drafts(cohort_id, coordinator, local_government_id)
        lapse_locked(cohort, *teams, give=fill if is_decided else fill_or_hold)
        gone += teams
    return gone


def lapse_drafts() -> list[int]:
    """Let go the drafts that have held their seats for long enough; return the keys of their teams.

    Should a coordinator have been approved without anybody telling this app, their drafts are sent instead, unless the
    cohort was restored just now and may be called off again.
    """
    lapsed = []
    for team in TeamRequest.objects.drafts().filter(sends_at=None).select_related("coordinator").order_by("pk"):
        try:
            if _lapse_or_send(team):
                lapsed.append(team.pk)
        except DatabaseError:
            # The others' seats shall not wait for this one; the next sweep tries again.
            logger.exception("The draft of team %s could not be settled", team.pk)
    return lapsed


def send_due_teams() -> list[int]:
    """Send the teams that their coordinators could have taken back for long enough; return their keys.

    A sweep calls this often: each leaves in a transaction of its own, and what could not is found again.
    """
    sent = []
    for key in TeamRequest.objects.due_to_send().order_by("pk").values_list("pk", flat=True):
        try:
            if _send_due(key):
                sent.append(key)
        except DatabaseError:
            logger.exception("Team %s could not be sent", key)
    return sent


@transaction.atomic
def take_back_team(*, team_id: int, by: "User | None") -> list[Enrolment] | None:
    """Let nothing of a team leave that waits for its moment; return whom it named, or None where it has left already.

    Nobody has heard of it, be it to be withdrawn or not. Its seats go to the next in line.
    """
    cohort = _lock_with_city(team_id)
    team = TeamRequest.objects.drafts().exclude(sends_at=None).filter(pk=team_id).first()
    return _take_back(cohort, team, by) if cohort and team else None


def _take_back(cohort: Cohort, team: TeamRequest, by: "User | None") -> list[Enrolment]:
    close(team, TeamState.WITHDRAWN)
    drafts = list(team.enrolments.filter(state=EnrolmentState.DRAFTED).order_by("pk"))
    end(drafts, EnrolmentState.WITHDRAWN, ChangeKind.WITHDRAWN, actor=Actor.COORDINATOR, by=history.named(by))
    seats.keep(cohort, fill_or_hold(cohort))
    return drafts


@transaction.atomic
def _send_due(team_id: int) -> bool:
    cohort = _lock_with_city(team_id)
    team = TeamRequest.objects.due_to_send().select_related("coordinator").filter(pk=team_id).first()
    if cohort is None or team is None:
        return False
    if cohort.is_over():
        lapse_locked(cohort, team)
        return False
    if cohort.is_called_off:
        # From now on it is among what the cohort holds back, which leaves with the rest once it is restored.
        team.sends_at = None
        team.save(update_fields=["sends_at"])
        return False
    if cohort.holds_seats_back:
        # Who gets one of these seats is invited, rather than told of a place and then of a seat.
        return False
    if team.coordinator is not None and history.named(team.coordinator) is None:
        # Whoever ends the account lets its drafts go.
        return False
    send_locked(cohort, team)
    return True


def _lock_with_city(team_id: int) -> Cohort | None:
    """Lock a team's local government and then its cohort; None where the team is gone."""
    where = TeamRequest.objects.filter(pk=team_id).values_list("local_government_id", "cohort_id").first()
    if where is None:
        return None
    locks.local_government(where[0])
    return seats.lock(where[1])


@transaction.atomic
def _lapse_or_send(team: TeamRequest) -> bool:
    if team.coordinator is not None and is_coordinator(team.coordinator, team.local_government_id):
        locks.local_government(team.local_government_id)
        _send_in(team.cohort_id, team.coordinator, team.local_government_id, by_sweep=True)
        return False
    cohort = seats.lock(team.cohort_id)
    with suppress(TeamRequest.DoesNotExist):
        due = TeamRequest.objects.overdue() | TeamRequest.objects.drafts().filter(coordinator=None)
        overdue = due.select_related("coordinator").get(pk=team.pk)
        if lapse_locked(cohort, overdue):
            notices.say_lapsed(cohort, overdue)
        return True
    return False


def _cohorts_with_drafts(coordinator: "User", city: int) -> list[int]:
    drafts = TeamRequest.objects.drafts().of_coordinator(coordinator).filter(local_government=city)
    return sorted(set(drafts.values_list("cohort_id", flat=True)))


def _drafts(cohort_id: int, coordinator: "User", city: int) -> list[TeamRequest]:
    return list(TeamRequest.objects.drafts().of_city(cohort_id, city).of_coordinator(coordinator).order_by("pk"))


def _send_in(cohort_id: int, coordinator: "User", city: int, *, by_sweep: bool = False) -> list[TeamRequest]:
    cohort = seats.lock(cohort_id)
    # A decision about people who wait for it sends their drafts at once; what a cohort holds back has its own moment.
    is_held_back = cohort.is_called_off or (by_sweep and cohort.holds_seats_back)
    if is_held_back and not cohort.is_over():
        return []
    # What leaves or ends at a moment of its own can be taken back until then, whatever else is decided.
    drafts = _drafts(cohort_id, coordinator, city)
    sent = [one for one in drafts if one.sends_at is None and one.withdraws_at is None]
    for team in sent:
        if cohort.is_over():
            lapse_locked(cohort, team)
        else:
            send_locked(cohort, team)
    return sent


def lock_cities_held_back(cohort_id: int) -> list[int]:
    """Lock the local governments whose drafts leave once a cohort is restored; the caller locks the cohort after it."""
    drafts = TeamRequest.objects.approved().filter(cohort=cohort_id)
    wanted = drafts.values_list("local_government", flat=True)
    return [city.pk for city in locks.local_governments(wanted)]


def send_held_back(cohort: Cohort, cities: Iterable[int]) -> None:
    """Send what approved coordinators wrote down and a cohort that was called off held back.

    The caller holds the cohort and these cities. Who was approved since they were locked is left to the sweep.
    """
    if cohort.is_over():
        return
    drafts = TeamRequest.objects.approved().filter(cohort=cohort, local_government__in=cities)
    for team in drafts.select_related("coordinator").order_by("pk"):
        send_locked(cohort, team)


def send_locked(cohort: Cohort, team: TeamRequest) -> None:
    """Invite the people of a draft, the caller holding its cohort.

    Whom the city has enrolled meanwhile is dropped and, once no seats are given any more, whoever has none.
    """
    team.state, team.holds_until = TeamState.SENT, None
    team.save(update_fields=["state", "holds_until"])
    city = Enrolment.objects.of_team(cohort.pk, team.local_government_id)
    known = set(city.filter(state__in=KNOWN_STATES).values_list("email_key", flat=True))
    drafts = list(team.enrolments.filter(state=EnrolmentState.DRAFTED).order_by("pk"))
    is_late = cohort.has_given_its_seats()
    dropped = [one for one in drafts if one.email_key in known or (is_late and not one.has_seat)]
    end(dropped, EnrolmentState.LAPSED, ChangeKind.LAPSED, actor=Actor.SYSTEM)
    told = [one for one in drafts if one.is_live]
    _tell(cohort, told, team.coordinator)
    if drafts and team.sends_at is None:
        notices.say_sent(cohort, team)
    if dropped:
        seats.keep(cohort, fill(cohort))


def _tell(cohort: Cohort, drafts: list[Enrolment], coordinator: "User | None") -> None:
    now = clock.now()
    groups: dict[EnrolmentState, list[Enrolment]] = {
        EnrolmentState.INVITED: [],
        EnrolmentState.WAITLISTED: [],
        EnrolmentState.APPLIED: [],
    }
    for one in drafts:
        if one.has_seat:
            one.state, one.invited_at = EnrolmentState.INVITED, now
        else:
            one.state = EnrolmentState.WAITLISTED if one.waiting_number else EnrolmentState.APPLIED
        groups[EnrolmentState(one.state)].append(one)
    Enrolment.objects.bulk_update(drafts, ["state", "invited_at"])
    for state, what in (
        (EnrolmentState.INVITED, ChangeKind.INVITED),
        (EnrolmentState.WAITLISTED, ChangeKind.WAITLISTED),
        (EnrolmentState.APPLIED, ChangeKind.APPLIED),
    ):
        history.note(groups[state], what, actor=Actor.COORDINATOR, by=coordinator)
    notices.invite(cohort, groups[EnrolmentState.INVITED])
    notices.say_waiting(cohort, groups[EnrolmentState.WAITLISTED])


def lapse_locked(
    cohort: Cohort, *teams: TeamRequest, give: Callable[[Cohort], SeatCount] = fill_or_hold
) -> list[Enrolment]:
    """Let drafts of a cohort that the caller holds go, and then their seats to the next in line, be it of several
    drafts together. Returns whom it concerned.
    """
    for team in teams:
        close(team, TeamState.LAPSED)
    drafts = list(Enrolment.objects.filter(team__in=teams, state=EnrolmentState.DRAFTED))
    end(drafts, EnrolmentState.LAPSED, ChangeKind.LAPSED, actor=Actor.SYSTEM)
    seats.keep(cohort, give(cohort))
    return drafts


def close(team: TeamRequest, state: TeamState) -> None:
    """Write that a draft has ended and waits for no moment any more; the caller ends those in it."""
    team.state, team.holds_until = state, None
    team.withdraws_at = team.withdraws_by = None
    team.save(update_fields=["state", "holds_until", "withdraws_at", "withdraws_by"])


def end(
    enrolments: list[Enrolment],
    state: EnrolmentState,
    what: ChangeKind,
    *,
    actor: Actor,
    by: "User | None" = None,
    reason: str = "",
) -> None:
    """End enrolments before their time, the caller holding their cohort and filling the seats afterwards."""
    if not enrolments:
        return
    now = clock.now()
    for one in enrolments:
        one.state, one.has_seat, one.ended_at = state, False, now
    Enrolment.objects.bulk_update(enrolments, ["state", "has_seat", "ended_at"])
    history.note(enrolments, what, actor=actor, by=by, reason=reason)
