"""Enrolling a city's team: one transaction, the cohort's row locked late, seats counted under it, one mail each."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Q

from core import clock, languages, text
from core.emailkeys import email_key
from learning.enums import KNOWN_STATES, LIVE_STATES, Actor, ChangeKind, EnrolmentState, TeamState
from learning.errors import (
    CityNotListed,
    InvitedTooOften,
    NotCoordinator,
    TeamEnds,
    TooManyAtOnce,
    TooManyDrafts,
)
from learning.models import Cohort, Enrolment, TeamRequest
from learning.rules import refusal_of
from learning.services import history, notices, reading_lines, seats, sending
from learning.services.promoting import fill, foreseen
from learning.services.reading_lines import LONGEST_NAME, MOST_AT_ONCE, Invitee, Preview
from learning.services.seats import Given
from mail.addresses import envelope_address
from municipalities import rules
from municipalities.enums import Standing
from municipalities.services import locks

if TYPE_CHECKING:
    from accounts.models import User

HOLD = timedelta(days=7)
PESTERING = timedelta(days=1)
MOST_TIMES = 5
# Somebody who only says that they speak for a city, or for many, cannot hold more seats than this.
MOST_DRAFTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamOutcome:
    """What became of each: invited (or written down, while the team is a draft), waiting, applied, known, refused."""

    team: TeamRequest
    invited: list[Enrolment] = field(default_factory=list)
    waiting: list[Enrolment] = field(default_factory=list)
    applied: list[Enrolment] = field(default_factory=list)
    already: list[Invitee] = field(default_factory=list)
    refused: list[Invitee] = field(default_factory=list)

    @property
    def is_draft(self) -> bool:
        """Whether nobody has been written to yet."""
        return self.team.is_draft

    @property
    def enrolled(self) -> list[Enrolment]:
        """All who are new."""
        return [*self.invited, *self.waiting, *self.applied]


def preview_team(*, cohort_id: int, local_government_id: int, lines: str, coordinator: "User | None" = None) -> Preview:
    """Say for each line whom it names or what is the matter; writes nothing.

    Who is in the team already is told to its coordinators alone; to whoever waits to be approved, only whom they wrote
    down themselves. Nothing is said about people in other teams, nor whether an address has an account here.
    """
    known: set[str] = set()
    if coordinator is not None:
        is_approved = rules.is_coordinator(coordinator, local_government_id)
        known = set(_known(cohort_id, local_government_id, coordinator, is_approved=is_approved))
    return reading_lines.read(lines, known)


@dataclass(frozen=True, slots=True)
class Prospect:
    """How many of a list would get a seat, a place on the waiting list, or neither; the city's share if that is why.

    `is_full` says whether no seat at all would be left, `first_place` which place in line the first of them would have.
    """

    seated: int
    waiting: int
    refused: int
    share: int | None = None
    is_full: bool = False
    first_place: int = 1

    @property
    def seats_everybody(self) -> bool:
        """Whether nobody of the list goes without a seat."""
        return not self.waiting and not self.refused


def foresee_team(*, cohort_id: int, local_government_id: int, number: int) -> Prospect:
    """Say what so many new people of a city would get if they were enrolled now; writes and locks nothing.

    `enrol_team` decides under the lock, where somebody else may have been quicker. Of the seats that are free nobody
    learns more than what their own list gets. Where moderators decide on everybody, this says nothing.
    """
    counted = foreseen(Cohort.objects.get(pk=cohort_id))
    ahead = counted.waiting
    given = Counter(counted.give(local_government_id) for _one in range(number))
    is_short = given[Given.SEAT] < number
    return Prospect(
        seated=given[Given.SEAT],
        waiting=given[Given.PLACE],
        refused=given[Given.NOTHING],
        share=counted.per_city if is_short and counted.has_spent_share(local_government_id) else None,
        is_full=counted.free == 0,
        first_place=ahead + 1,
    )


@transaction.atomic
def enrol_team(
    *,
    cohort_id: int,
    local_government_id: int,
    coordinator: "User",
    people: Sequence[Invitee],
    sends_at: datetime | None = None,
) -> TeamOutcome:
    """Enrol a city's people: each gets a seat and an invitation or, where none is free, a place on the waiting list.

    Until the coordinator is approved they are drafts, which hold their seats for seven days; with `sends_at` so are an
    approved one's until that moment, to be taken back meanwhile. Where a moderator decides they apply at once.
    Addresses that the team has already, and those beyond the seats of a cohort without a waiting list, come back in the
    outcome; a team of which nobody is new is not kept. Raises NotCoordinator, CityNotListed, an EnrolmentRefused,
    TeamEnds, TooManyAtOnce, TooManyDrafts, InvitedTooOften and BadAddress.

    Whether the coordinator may know of a kept cohort nobody asks here: the password of a page is kept in the session,
    which only a request has. The caller has found the cohort through `access.cohort_for` or `access.met_by`.
    """
    # This lock first: whoever approves or merges holds it when they come for the cohort.
    city = locks.local_government(local_government_id)
    is_approved = rules.is_coordinator(coordinator, local_government_id)
    if not is_approved and not rules.has_asked_to_coordinate(coordinator, local_government_id):
        raise NotCoordinator
    if city.standing == Standing.RETIRED:
        raise CityNotListed
    cohort = seats.lock(cohort_id)
    refuse_unless_open(cohort)
    # An application writes to nobody of the team, so that there is nothing to take back.
    sends_at = None if cohort.by_approval or not is_approved else sends_at
    team = _team(cohort, local_government_id, coordinator, is_approved=is_approved, sends_at=sends_at)
    new, already = _new(people, _known(cohort_id, local_government_id, coordinator, is_approved=is_approved))
    if len(new) > MOST_AT_ONCE:
        raise TooManyAtOnce(MOST_AT_ONCE)
    if not is_approved:
        _refuse_too_many_drafts(coordinator, len(new))
    refuse_pestering(local_government_id, {key: one.email for key, one in new.items()})
    outcome = _decide(cohort, team, new, already)
    if outcome.enrolled and (team._state.adding or sends_at is not None):
        team.save()
    _write(cohort, outcome, coordinator)
    return outcome


def refuse_unless_open(cohort: Cohort) -> None:
    """Raise the refusal that fits when dates or staff forbid enrolling."""
    if refusal := refusal_of(cohort):
        raise refusal


def refuse_pestering(city: int | None, people: Mapping[str, str]) -> None:
    """Raise InvitedTooOften where a city enrols an address over and over: each time writes to whoever reads it.

    `people` are addresses as they were typed, by their normalised form; the refusal names those concerned. Only the
    city's own enrolments count, so that nobody learns from it what others do.
    """
    lately = Enrolment.objects.filter(
        local_government=city, email_key__in=list(people), created_at__gt=clock.now() - PESTERING
    ).exclude(team__in=TeamRequest.objects.taken_back())
    often = lately.order_by().values("email_key").annotate(number=Count("pk")).filter(number__gte=MOST_TIMES)
    if keys := set(often.values_list("email_key", flat=True)):
        raise InvitedTooOften(address for key, address in people.items() if key in keys)


def _team(
    cohort: Cohort, city: int, coordinator: "User", *, is_approved: bool, sends_at: datetime | None
) -> TeamRequest:
    """Return the team to which people are added; a new one is not stored yet, nor when a draft is to leave."""
    own = TeamRequest.objects.of_city(cohort.pk, city).of_coordinator(coordinator)
    draft = own.drafts().first()
    if draft is not None:
        if draft.withdraws_at is not None:
            # Whoever is added would be withdrawn with the others, and nobody has two drafts of one city.
            raise TeamEnds
        if sends_at is not None:
            draft.sends_at, draft.holds_until = sends_at, sends_at + HOLD
        elif is_approved:
            sending.send_locked(cohort, draft)
        return draft
    # Who was a coordinator once and has asked again has a team that was sent; what they add now waits all the same.
    if is_approved and sends_at is None and (sent := own.sent().filter(withdraws_at=None).first()):
        return sent
    if sends_at is not None:
        holds_until: datetime | None = sends_at + HOLD
    else:
        holds_until = None if is_approved else _held_until(cohort, coordinator)
    return TeamRequest(
        cohort=cohort,
        local_government_id=city,
        coordinator=coordinator,
        state=TeamState.SENT if holds_until is None else TeamState.DRAFT,
        holds_until=holds_until,
        sends_at=sends_at,
    )


def _held_until(cohort: Cohort, coordinator: "User") -> datetime:
    """Return until when a draft holds its seats: as long as the coordinator's first one in this cohort, whichever their
    city and however often they ask.
    """
    untold = TeamRequest.objects.filter(cohort=cohort, sends_at=None).of_coordinator(coordinator).never_told()
    first = untold.order_by("created_at").first()
    until = (first.created_at if first else clock.now()) + HOLD
    if until <= clock.now():
        raise TooManyDrafts
    return until


def _known(cohort_id: int, city: int, coordinator: "User", *, is_approved: bool) -> Iterable[str]:
    """Return the addresses in a city's team, and in what leaves for it within the undo window.

    For who waits to be approved only those in what they wrote down themselves.
    """
    team = Enrolment.objects.of_team(cohort_id, city)
    if is_approved:
        leaving = Q(team__sends_at__isnull=False) | Q(team__coordinator=coordinator)
        found = team.filter(Q(state__in=KNOWN_STATES) | Q(leaving, state=EnrolmentState.DRAFTED))
    else:
        # Not of what they enrolled in former days: they have asked anew, and who is in the team is no longer theirs.
        drafts = team.filter(team__coordinator=coordinator)
        found = drafts.filter(team__state=TeamState.DRAFT, state__in=LIVE_STATES)
    return found.values_list("email_key", flat=True)


def _new(people: Sequence[Invitee], known: Iterable[str]) -> tuple[dict[str, Invitee], list[Invitee]]:
    seen = set(known)
    new: dict[str, Invitee] = {}
    already = []
    for one in people:
        envelope_address(one.email)
        key = email_key(one.email)
        if key in seen:
            already.append(one)
        else:
            new[key] = one
            seen.add(key)
    return new, already


def _refuse_too_many_drafts(coordinator: "User", more: int) -> None:
    drafts = Enrolment.objects.filter(state=EnrolmentState.DRAFTED, team__coordinator=coordinator)
    held = drafts.filter(team__sends_at=None).count()
    if held + more > MOST_DRAFTS:
        raise TooManyDrafts


def _decide(cohort: Cohort, team: TeamRequest, new: dict[str, Invitee], already: list[Invitee]) -> TeamOutcome:
    """Decide on each in turn and keep the count of the seats; nothing is written but that."""
    outcome = TeamOutcome(team=team, already=already)
    counted = fill(cohort)
    for key, one in new.items():
        enrolment = _enrolment(team, one, key)
        if cohort.by_approval:
            enrolment.state = EnrolmentState.DRAFTED if team.is_draft else EnrolmentState.APPLIED
            outcome.applied.append(enrolment)
            continue
        given = counted.give(team.local_government_id)
        if given == Given.SEAT:
            enrolment.has_seat = True
            enrolment.state = EnrolmentState.DRAFTED if team.is_draft else EnrolmentState.INVITED
            enrolment.invited_at = None if team.is_draft else enrolment.created_at
            outcome.invited.append(enrolment)
        elif given == Given.PLACE:
            enrolment.waiting_number = counted.last_number
            enrolment.state = EnrolmentState.DRAFTED if team.is_draft else EnrolmentState.WAITLISTED
            outcome.waiting.append(enrolment)
        else:
            outcome.refused.append(one)
    seats.keep(cohort, counted)
    return outcome


def _enrolment(team: TeamRequest, one: Invitee, key: str) -> Enrolment:
    return Enrolment(
        cohort_id=team.cohort_id,
        local_government_id=team.local_government_id,
        team=team,
        name=text.single_line(one.name)[:LONGEST_NAME],
        email=one.email.strip(),
        email_key=key,
        language=languages.nearest(one.language or languages.current()),
    )


def _write(cohort: Cohort, outcome: TeamOutcome, coordinator: "User") -> None:
    Enrolment.objects.bulk_create(outcome.enrolled)
    by: dict = {"actor": Actor.COORDINATOR, "by": coordinator}
    if outcome.is_draft:
        history.note(outcome.enrolled, ChangeKind.DRAFTED, **by)
        return
    history.note(outcome.invited, ChangeKind.INVITED, **by)
    history.note(outcome.waiting, ChangeKind.WAITLISTED, **by)
    history.note(outcome.applied, ChangeKind.APPLIED, **by)
    notices.invite(cohort, outcome.invited)
    notices.say_waiting(cohort, outcome.waiting)
