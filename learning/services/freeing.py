"""Who gets the seats that a decision about coordinators frees, before anybody has decided; nothing is written here."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from django.db.models import Exists, OuterRef, Q

from core import clock
from learning.drafted import sent_by_approving
from learning.enums import EnrolmentState, TeamState
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services.moving import enrolled_twice
from learning.services.promoting import next_in_line_after
from mail import undo
from municipalities.drafted import Fate


@dataclass(frozen=True)
class Freed:
    """Who gets a seat in a cohort, drafts among them; and how many would hear of one only if it were given at once."""

    cohort: Cohort
    people: list[Enrolment] = field(default_factory=list)
    hurried: int = 0


def foresee_seats(fate: Fate, kept: Collection[Enrolment]) -> list[Freed]:
    """Return who gets a seat in which cohort once this has become of drafts; a few statements for each cohort in which
    somebody ends.

    `kept` are the people of those drafts that are sent. The others of these are dropped: enrolled already, or too late.
    """
    now, at, found = clock.now(), undo.leaves_at(), []
    for cohort, ended in _by_cohort(_ended(fate, kept)):
        if promoted := next_in_line_after(cohort, ended, at=at, moved=fate.merged):
            found.append(Freed(cohort, promoted))
        elif not cohort.gives_seats(at):
            # In the last minute before it gives none.
            hurried = next_in_line_after(cohort, ended, at=now, moved=fate.merged)
            found.append(Freed(cohort, hurried=sum(one.state == EnrolmentState.WAITLISTED for one in hurried)))
    return found


def _by_cohort(ended: Iterable[Enrolment]) -> Iterable[tuple[Cohort, Sequence[Enrolment]]]:
    in_order = sorted(ended, key=lambda one: (one.cohort_id, one.pk))
    for _key, people in groupby(in_order, key=lambda one: one.cohort_id):
        leaving = list(people)
        yield leaving[0].cohort, leaving


def _ended(fate: Fate, kept: Collection[Enrolment]) -> set[Enrolment]:
    """Return whose enrolment ends: drafts that are let go or dropped and, by a merge, what both cities have."""
    dropped = [sent_by_approving(one.coordinator.pk, one.cities) for one in fate.sent]
    let_go = [
        Q(team__state=TeamState.DRAFT, team__coordinator=person, team__local_government=city)
        for person, city in fate.let_go
    ]
    doubled = [_met_drafts(*fate.merged)] if fate.merged else []
    concerned = [*dropped, *let_go, *doubled]
    if not concerned:
        return set()
    is_any = Q()
    for one in concerned:
        is_any |= one
    drafts = Enrolment.objects.filter(is_any, state=EnrolmentState.DRAFTED).select_related("cohort__course")
    ended = set(drafts.exclude(pk__in=[one.pk for one in kept]))
    return ended | (_known_twice(*fate.merged) if fate.merged else set())


def _met_drafts(source: int, target: int) -> Q:
    """Return what is true of those whom a merge ends in drafts that one coordinator has for both cities.

    The first draft goes into the other, without whom that names too. One of them that is to be withdrawn is so then.
    """
    of_both = Q()
    for is_ending in (True, False):
        there = Enrolment.objects.filter(
            cohort=OuterRef("cohort"),
            email_key=OuterRef("email_key"),
            state=EnrolmentState.DRAFTED,
            team__in=TeamRequest.objects.drafts().filter(local_government=target, withdraws_at__isnull=not is_ending),
            team__coordinator=OuterRef("team__coordinator"),
        )
        of_both |= Q(Exists(there), team__local_government=source, team__withdraws_at__isnull=not is_ending)
    for here, other in ((source, target), (target, source)):
        staying = TeamRequest.objects.drafts().filter(
            cohort=OuterRef("cohort"),
            coordinator=OuterRef("team__coordinator"),
            local_government=other,
            withdraws_at=None,
        )
        of_both |= Q(Exists(staying), team__local_government=here, team__withdraws_at__isnull=False)
    return Q(of_both, team__state=TeamState.DRAFT)


def _known_twice(source: int, target: int) -> set[Enrolment]:
    ended: set[Enrolment] = set()
    cohorts = TeamRequest.objects.sent().filter(local_government=source).values_list("cohort_id", flat=True)
    for cohort_id in set(cohorts):
        live = Enrolment.objects.of_team(cohort_id, source).live().select_related("cohort__course").order_by("pk")
        ended.update(enrolled_twice(list(live), cohort_id, target)[0])
    return ended
