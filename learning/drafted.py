"""Which of the people that coordinators have written down hear of it once staff approve, or restore a cohort."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from learning.enums import KNOWN_STATES, EnrolmentState, TeamState
from learning.models import Cohort, Enrolment, TeamRequest
from municipalities.drafted import Coordination


def invited_by(coordinations: Collection[Coordination]) -> dict[Coordination, int]:
    """Count those whom `send_drafts` would write to for each coordinator and city, everybody once; one statement."""
    people, cities = {person for person, _city in coordinations}, {city for _person, city in coordinations}
    # Whoever has neither seat nor number waits for a moderator and hears of nothing yet.
    drafts = Enrolment.objects.filter(
        Q(has_seat=True) | Q(waiting_number__isnull=False),
        ~Exists(_known()),
        state=EnrolmentState.DRAFTED,
        team__state=TeamState.DRAFT,
        team__coordinator__in=people,
        team__local_government__in=cities,
        # What leaves or ends at a moment of its own, as its coordinator chose, is not sent by approving.
        team__sends_at=None,
        team__withdraws_at=None,
        cohort__called_off_at=None,
    )
    keys: dict[Coordination, set[str]] = defaultdict(set)
    for one in drafts.select_related("team", "cohort"):
        team = one.team
        if team is None or team.coordinator_id is None or one.cohort.is_over():
            continue
        if gets_seat_or_waits(one):
            keys[team.coordinator_id, team.local_government_id].add(one.email_key)
    return {which: len(found) for which, found in keys.items()}


def gets_seat_or_waits(draft: Enrolment) -> bool:
    """Whether somebody who was written down is written to once the draft is sent; who has neither seat nor number
    applies, and who only waits hears nothing once no seats are given any more.
    """
    return draft.has_seat or (draft.waiting_number is not None and not draft.cohort.has_given_its_seats())


def drafts_to_send(coordinator_id: int, cities: Sequence[int]) -> list[Enrolment]:
    """Return whom `send_drafts` would still enrol of what somebody wrote down for these cities; one statement.

    Where there are several, as in a merge, whom any of them knows is left out, and whom two drafts of a cohort name
    comes once: as for the last of the cities, into which the others go. What leaves or ends at a moment of its own, as
    its coordinator chose, is none of it.
    """
    known = Enrolment.objects.filter(
        cohort=OuterRef("cohort"), local_government__in=cities, email_key=OuterRef("email_key"), state__in=KNOWN_STATES
    )
    drafts = Enrolment.objects.filter(
        ~Exists(known), sent_by_approving(coordinator_id, cities), state=EnrolmentState.DRAFTED
    )
    into_last = Case(When(local_government=cities[-1], then=0), default=1)
    found: dict[tuple[int, str], Enrolment] = {}
    for one in drafts.select_related("person", "cohort__course").order_by("cohort", into_last, "pk"):
        if not one.cohort.is_over():
            found.setdefault((one.cohort_id, one.email_key), one)
    return list(found.values())


def sent_by_approving(coordinator_id: int, cities: Collection[int]) -> Q:
    """Return what is true of those in the drafts that `send_drafts` handles."""
    return Q(
        team__state=TeamState.DRAFT,
        team__coordinator=coordinator_id,
        team__local_government__in=cities,
        team__sends_at=None,
        team__withdraws_at=None,
        cohort__called_off_at=None,
    )


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Whom drafts that a cohort holds back tell once they are sent: their people, and their approved coordinators."""

    people: list[Enrolment] = field(default_factory=list)
    teams: list[TeamRequest] = field(default_factory=list)


def held_back_in(cohort: Cohort) -> HeldBack:
    """Return whom the drafts of a cohort that is, or was, called off tell once it is restored; one statement."""
    if cohort.is_over():
        return HeldBack()
    drafts = Enrolment.objects.filter(
        ~Exists(_known()), cohort=cohort, state=EnrolmentState.DRAFTED, team__in=TeamRequest.objects.approved()
    )
    is_late = cohort.has_given_its_seats()
    found = list(drafts.select_related("person", "team__coordinator").order_by("pk"))
    # The second of a city's coordinators who wrote somebody down reads that they are enrolled already.
    told: dict[tuple[int | None, str], Enrolment] = {}
    for one in found:
        if one.has_seat or (one.waiting_number is not None and not is_late):
            told.setdefault((one.local_government_id, one.email_key), one)
    return HeldBack(list(told.values()), list({one.team_id: one.team for one in found if one.team}.values()))


def _known() -> QuerySet[Enrolment]:
    """Return whom the city of an outer enrolment has in its cohort under the same address, and who knows of it."""
    return Enrolment.objects.filter(
        cohort=OuterRef("cohort"),
        local_government=OuterRef("local_government"),
        email_key=OuterRef("email_key"),
        state__in=KNOWN_STATES,
    )
