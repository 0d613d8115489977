"""What approving a coordinator mails about those whom they had written down, for the rehearsal of that decision."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from learning import mails
from learning.audiences import Coordinators, OfTeam
from learning.drafted import drafts_to_send, gets_seat_or_waits
from learning.enums import LEAVABLE_STATES, EnrolmentState
from learning.models import Cohort, Enrolment, TeamRequest
from learning.running import once_sent
from learning.services import notices
from mail.isolates import isolate
from mail.kinds import Rendering
from mail.rehearsal import Wording
from municipalities.drafted import Drafts, Mailed

if TYPE_CHECKING:
    from accounts.models import User
    from municipalities.models import LocalGovernment

HEADINGS = {
    notices.INVITATION: _("Invitations"),
    notices.WAITING: _("Places on the waiting list"),
    notices.SENT: _("To the coordinator"),
}


def drafts_of(coordinator: "User", cities: Collection[int], city: "LocalGovernment") -> Drafts:
    """Return what `send_drafts` mails once somebody coordinates `city` who has written people down for `cities`."""
    found = drafts_to_send(coordinator.pk, cities)
    parts: list[Mailed] = []
    for cohort, people in groupby(found, key=lambda one: one.cohort):
        team = TeamRequest(cohort=cohort, local_government=city, coordinator=coordinator)
        parts += _parts(team, [_as_sent(one) for one in people])
    cohorts = {one.cohort_id for one in found if one.state in LEAVABLE_STATES}
    return Drafts(parts, sum(_applies(one) for one in found), lambda: once_sent(city, cohorts))


def _applies(draft: Enrolment) -> bool:
    return not gets_seat_or_waits(draft) and not draft.cohort.has_given_its_seats()


def _as_sent(draft: Enrolment) -> Enrolment:
    """Give a draft, in memory, the state that the rehearsal counts it under: what it becomes."""
    if draft.has_seat:
        draft.state = EnrolmentState.INVITED
    elif _applies(draft):
        draft.state = EnrolmentState.APPLIED
    else:
        draft.state = EnrolmentState.WAITLISTED if gets_seat_or_waits(draft) else EnrolmentState.LAPSED
    return draft


def _parts(team: TeamRequest, people: Iterable[Enrolment]) -> Iterator[Mailed]:
    by_state: dict[str, list[Enrolment]] = {}
    for one in people:
        by_state.setdefault(one.state, []).append(one)
    cohort = team.cohort
    if invited := by_state.get(EnrolmentState.INVITED):
        yield _mailed(notices.INVITATION, cohort, OfTeam(team, notices.INVITATION, invited))
    if waiting := by_state.get(EnrolmentState.WAITLISTED):
        yield _mailed(notices.WAITING, cohort, OfTeam(team, notices.WAITING, waiting))
    yield _mailed(notices.SENT, cohort, Sent(team, Counter({state: len(found) for state, found in by_state.items()})))


def _mailed(mail: str, cohort: Cohort, audience: OfTeam | Coordinators) -> Mailed:
    return Mailed(f"{mail}-{cohort.pk}", f"{HEADINGS[mail]} · {isolate(cohort.name)}", audience)


class Sent(Coordinators):
    """The coordinator of one team, who reads how many of it are invited, wait or apply."""

    def __init__(self, team: TeamRequest, states: Counter[str]) -> None:
        super().__init__(team.cohort, [team])
        self.team, self.states = team, states

    def wordings(self) -> list[Wording]:
        """Return none: there is one reader, whose numbers are known."""
        return []

    def sample(self, language: str) -> Rendering:
        """Write the mail with the numbers that it would have."""
        names = {
            "invited": EnrolmentState.INVITED,
            "waiting": EnrolmentState.WAITLISTED,
            "applied": EnrolmentState.APPLIED,
            "refused": EnrolmentState.LAPSED,
        }
        return mails.write_sent(self.team, {name: self.states[state] for name, state in names.items()})
