"""Moving teams when a proposed city turns out to be one that is known already."""

from django.db import transaction

from learning.enums import KNOWN_STATES, LIVE_STATES, Actor, ChangeKind, EnrolmentState, TeamState
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import history, seats
from learning.services.promoting import fill
from learning.services.sending import end


@transaction.atomic
def move_teams(*, source_id: int, target_id: int) -> int:
    """Give everything that hangs from one local government to another; return how many enrolments moved.

    The caller holds both local governments. Whom the other one has enrolled already is let go here. Nobody loses a
    seat, even where the city then has more than its share; it gets no further ones.
    """
    concerned = TeamRequest.objects.filter(local_government=source_id).values_list("cohort_id", flat=True)
    return sum(_move_in(cohort_id, source_id, target_id) for cohort_id in sorted(set(concerned)))


def _move_in(cohort_id: int, source_id: int, target_id: int) -> int:
    cohort = seats.lock(cohort_id)
    for team in TeamRequest.objects.of_city(cohort_id, source_id).drafts():
        _join_drafts(team, target_id)
    known = Enrolment.objects.of_team(cohort_id, target_id).filter(state__in=KNOWN_STATES)
    addresses = set(known.values_list("email_key", flat=True))
    moving = Enrolment.objects.of_team(cohort_id, source_id)
    live = list(moving.live().order_by("pk").select_for_update(of=("self",), no_key=True))
    twice = [one for one in live if one.state in KNOWN_STATES and one.email_key in addresses]
    end(twice, EnrolmentState.LAPSED, ChangeKind.LAPSED, actor=Actor.SYSTEM)
    history.note([one for one in live if one.is_live], ChangeKind.MOVED, actor=Actor.SYSTEM)
    number = moving.update(local_government=target_id)
    TeamRequest.objects.of_city(cohort_id, source_id).update(local_government=target_id)
    _settle(cohort)
    return number


def _join_drafts(team: TeamRequest, target_id: int) -> None:
    """Put a draft into the one that its coordinator has for the other city, if there is one."""
    other = TeamRequest.objects.of_city(team.cohort_id, target_id).of_coordinator(team.coordinator_id).drafts().first()
    if other is None:
        return
    there = set(other.enrolments.filter(state__in=LIVE_STATES).values_list("email_key", flat=True))
    drafts = list(team.enrolments.filter(state=EnrolmentState.DRAFTED))
    end([one for one in drafts if one.email_key in there], EnrolmentState.LAPSED, ChangeKind.LAPSED, actor=Actor.SYSTEM)
    team.enrolments.filter(state=EnrolmentState.DRAFTED).update(team=other)
    team.state, team.holds_until = TeamState.LAPSED, None
    team.save(update_fields=["state", "holds_until"])


def _settle(cohort: Cohort) -> None:
    seats.keep(cohort, fill(cohort))
