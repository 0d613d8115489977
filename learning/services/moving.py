"""Moving teams when a proposed city turns out to be one that is known already."""

from django.db import transaction

from learning.enums import KNOWN_STATES, LIVE_STATES, Actor, ChangeKind, EnrolmentState, TeamState
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import history, seats
from learning.services.promoting import fill
from learning.services.sending import close, end
from learning.services.withdrawing import end_teams


@transaction.atomic
def move_teams(*, source_id: int, target_id: int) -> int:
    """Give everything that hangs from one local government to another; return how many enrolments moved.

    The caller holds both local governments. Whom both have enrolled keeps the further of the two enrolments. Nobody
    loses a seat, even where the city then has more than its share; it gets no further ones. Where two accounts have
    joined under one address, both stay as they are: the first keeps its city, since one city has an address once.
    """
    concerned = TeamRequest.objects.filter(local_government=source_id).values_list("cohort_id", flat=True)
    return sum(_move_in(cohort_id, source_id, target_id) for cohort_id in sorted(set(concerned)))


def _move_in(cohort_id: int, source_id: int, target_id: int) -> int:
    cohort = seats.lock(cohort_id)
    for team in TeamRequest.objects.of_city(cohort_id, source_id).drafts():
        _join_drafts(cohort, team, target_id)
    moving = Enrolment.objects.of_team(cohort_id, source_id)
    live = list(moving.live().order_by("pk").select_for_update(of=("self",), no_key=True))
    lesser, staying = enrolled_twice(live, cohort_id, target_id)
    end(lesser, EnrolmentState.LAPSED, ChangeKind.LAPSED, actor=Actor.SYSTEM)
    moving = moving.exclude(pk__in=staying)
    moved = [one for one in live if one.is_live and one.pk not in staying]
    history.note(moved, ChangeKind.MOVED, actor=Actor.SYSTEM)
    number = moving.update(local_government=target_id)
    TeamRequest.objects.of_city(cohort_id, source_id).update(local_government=target_id)
    _settle(cohort)
    return number


def enrolled_twice(live: list[Enrolment], cohort_id: int, target_id: int) -> tuple[list[Enrolment], set[int]]:
    """Return, of those whom the other city knows too, the enrolment of each that ends, and the keys of those to leave.

    Who takes part comes before who may join, and a seat before a place in line.
    """
    known = Enrolment.objects.of_team(cohort_id, target_id).filter(state__in=KNOWN_STATES)
    there = {one.email_key: one for one in known}
    lesser, staying = [], set()
    for one in live:
        other = there.get(one.email_key)
        if other is None or one.state not in KNOWN_STATES:
            continue
        if one.has_joined and other.has_joined:
            staying.add(one.pk)
        elif (one.has_joined, one.has_seat) > (other.has_joined, other.has_seat):
            lesser.append(other)
        else:
            lesser.append(one)
    return lesser, staying


def _join_drafts(cohort: Cohort, team: TeamRequest, target_id: int) -> None:
    """Put a draft into the one that its coordinator has for the other city, if there is one.

    Where one of them is to be withdrawn it is so now: in one draft its people would be invited, or the others not.
    """
    other = TeamRequest.objects.of_city(team.cohort_id, target_id).of_coordinator(team.coordinator_id).drafts().first()
    if other is None:
        return
    if bool(team.withdraws_at) != bool(other.withdraws_at):
        leaving = team if team.withdraws_at else other
        end_teams(cohort, [leaving.pk], by=leaving.withdraws_by)
        return
    if team.withdraws_at and other.withdraws_at and team.withdraws_at > other.withdraws_at:
        other.withdraws_at, other.withdraws_by = team.withdraws_at, team.withdraws_by
        other.save(update_fields=["withdraws_at", "withdraws_by"])
    there = set(other.enrolments.filter(state__in=LIVE_STATES).values_list("email_key", flat=True))
    drafts = list(team.enrolments.filter(state=EnrolmentState.DRAFTED))
    end([one for one in drafts if one.email_key in there], EnrolmentState.LAPSED, ChangeKind.LAPSED, actor=Actor.SYSTEM)
    team.enrolments.filter(state=EnrolmentState.DRAFTED).update(team=other)
    close(team, TeamState.LAPSED)


def _settle(cohort: Cohort) -> None:
    seats.keep(cohort, fill(cohort))
