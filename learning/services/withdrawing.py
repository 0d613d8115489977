"""Ending whole teams: at once where that writes to nobody, else when the undo window has passed."""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import DatabaseError, connection, transaction

from core import clock
from learning.enums import Actor, EnrolmentState, TeamState
from learning.errors import CohortOver
from learning.models import Cohort, Enrolment, TeamRequest
from learning.querysets_cohorts import TeamQuerySet
from learning.querysets_enrolments import EnrolmentQuerySet
from learning.services import history, seats
from learning.services.enrolling import HOLD
from learning.services.leaving import withdraw_locked
from learning.services.promoting import fill, next_in_line_after
from learning.services.sending import take_back_team
from mail import undo

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)


@transaction.atomic
def withdraw_teams(
    *, team_ids: Collection[int], by: "User", reason: str = "", at: datetime | None = None
) -> list[Enrolment]:
    """End every enrolment that some teams have open, drafts among them; who has completed the course keeps the record.

    With `at` all of them end then, unless `keep_teams` comes first, as soon as anybody would be written to, of them or
    of those who wait for a seat; else at once all the same. All are withdrawn or, where it is refused, none. Raises
    CohortOver once a cohort of theirs is over. Cohorts are locked in the order of their keys. Returns whom it concerned
    by now.
    """
    cohorts = [seats.lock(key) for key in _cohorts_of(team_ids)]
    if any(cohort.is_over() for cohort in cohorts):
        raise CohortOver
    teams = TeamRequest.objects.live().filter(pk__in=team_ids)
    if at is not None and any(is_to_wait(one, _leaving(teams.filter(cohort=one)), at=at) for one in cohorts):
        teams.filter(withdraws_at=None).update(withdraws_at=at, withdraws_by=history.named(by))
        return []
    ended = []
    for cohort in cohorts:
        here = list(teams.filter(cohort=cohort).values_list("pk", flat=True))
        ended += end_teams(cohort, here, by=by, reason=reason)
        # Together, so that nobody of one team is given a seat of another that leaves too.
        seats.keep(cohort, fill(cohort))
    return ended


def is_to_wait(cohort: Cohort, leaving: Iterable[Enrolment], *, at: datetime) -> bool:
    """Whether ending these enrolments of a cohort writes to anybody: to one of them, or to whoever gets a seat by it.

    At once somebody may get one who would get none at that moment, or by another team.
    """
    leaving = list(leaving)
    if any(one.was_told for one in leaving) or told_of_seats(cohort, leaving, at=at):
        return True
    return any(_hears_of_a_seat(one) for one in next_in_line_after(cohort, leaving, at=clock.now()))


def told_of_seats(cohort: Cohort, leaving: Collection[Enrolment], *, at: datetime) -> list[Enrolment]:
    """Return who is told of a seat since these enrolments of a cohort, which need not be locked, end at a moment.

    Whoever is so by another team that is to be withdrawn is none of them, nor is anybody in a draft.
    """
    ending = _leaving(TeamRequest.objects.ending().filter(cohort=cohort))
    others = list(ending.exclude(pk__in=[one.pk for one in leaving]))
    anyhow = {one.pk for one in next_in_line_after(cohort, others, at=at)} if others else set()
    seated = next_in_line_after(cohort, [*others, *leaving], at=at)
    return [one for one in seated if _hears_of_a_seat(one) and one.pk not in anyhow]


def _hears_of_a_seat(waiting: Enrolment) -> bool:
    return waiting.state == EnrolmentState.WAITLISTED


@transaction.atomic
def keep_teams(*, team_ids: Collection[int]) -> int:
    """Let teams go on that were to be withdrawn; return how many there were. Those that have ended stay so.

    What would have been sent meanwhile, or is to be since its coordinator was approved, leaves when an undo window has
    passed, so that it can be taken back like any other list.
    """
    for key in _cohorts_of(team_ids):
        seats.lock(key)
    kept = list(TeamRequest.objects.ending().filter(pk__in=team_ids).values_list("pk", flat=True))
    keep_locked(kept)
    found = TeamRequest.objects.filter(pk__in=kept)
    leaves_at = undo.leaves_at()
    for late in (found.due_to_send(), found.approved()):
        late.update(sends_at=leaves_at, holds_until=leaves_at + HOLD)
    return len(kept)


def keep_locked(team_ids: Collection[int]) -> int:
    """Let teams go on whose cohorts the caller holds."""
    return TeamRequest.objects.ending().filter(pk__in=team_ids).update(withdraws_at=None, withdraws_by=None)


def let_teams_be() -> int:
    """Take back whatever of teams waits for its moment, in nobody's name; return of how many teams.

    For a site that was restored: the lost one may have invited or withdrawn them after the backup, and told everybody.
    A list stands ready for its coordinator to be sent anew.
    """
    columns = connection.introspection.get_table_description(connection.cursor(), TeamRequest._meta.db_table)
    if "withdraws_at" not in {one.name for one in columns}:
        # The backup is of an earlier release, which let nothing wait.
        return 0
    kept = set(TeamRequest.objects.ending().values_list("pk", flat=True))
    TeamRequest.objects.filter(pk__in=kept).update(withdraws_at=None, withdraws_by=None)
    drafts = list(TeamRequest.objects.drafts().exclude(sends_at=None).values_list("pk", flat=True))
    return len(kept | {key for key in drafts if take_back_team(team_id=key, by=None) is not None})


def withdraw_due_teams() -> list[int]:
    """Withdraw the teams that could have been kept for long enough; return the keys of their cohorts.

    A sweep calls this often: each cohort's leave together, so that nobody of one is given the seat of another.
    """
    done = []
    for key in sorted(set(TeamRequest.objects.due_to_withdraw().values_list("cohort_id", flat=True))):
        try:
            if _withdraw_due(key):
                done.append(key)
        except DatabaseError:
            logger.exception("The teams of cohort %s that leave could not be withdrawn", key)
    return done


@transaction.atomic
def _withdraw_due(cohort_id: int) -> bool:
    cohort = seats.lock(cohort_id)
    due = list(TeamRequest.objects.due_to_withdraw().filter(cohort=cohort).select_related("withdraws_by"))
    if cohort.is_over():
        # What people took part in stays as it was.
        keep_locked([one.pk for one in due])
        return False
    for person in {one.withdraws_by for one in due}:
        end_teams(cohort, [one.pk for one in due if one.withdraws_by == person], by=person)
    # Together, so that nobody of one team is given a seat of another that leaves too.
    seats.keep(cohort, fill(cohort))
    return bool(due)


def end_teams(cohort: Cohort, teams: list[int], *, by: "User | None", reason: str = "") -> list[Enrolment]:
    """End teams of a locked cohort, drafts among them; the caller fills the seats afterwards."""
    open_ones = _leaving(teams).select_related("team", "person").order_by("pk")
    leaving = list(open_ones.select_for_update(of=("self",), no_key=True))
    ended = TeamRequest.objects.filter(pk__in=teams)
    ended.update(state=TeamState.WITHDRAWN, holds_until=None, withdraws_at=None, withdraws_by=None)
    # Whoever decided it may have ended their account since, or be about to.
    known = history.named(by)
    withdraw_locked(cohort, leaving, by=known, reason=reason, actor=Actor.COORDINATOR if known is None else None)
    return leaving


def _leaving(teams: TeamQuerySet | Iterable[int]) -> EnrolmentQuerySet:
    return Enrolment.objects.leavable().filter(team__in=teams)


def _cohorts_of(team_ids: Collection[int]) -> list[int]:
    return sorted(set(TeamRequest.objects.filter(pk__in=team_ids).values_list("cohort_id", flat=True)))
