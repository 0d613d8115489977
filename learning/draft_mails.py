"""What deciding about a coordinator mails about those whom they wrote down, for the rehearsal of that decision."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from django.utils.translation import gettext_lazy as _

from learning import mails
from learning.audiences import Coordinators, OfTeam, Told
from learning.drafted import drafts_to_send, gets_seat_or_waits
from learning.enums import LEAVABLE_STATES, EnrolmentState
from learning.models import Cohort, Enrolment, TeamRequest
from learning.running import once_sent
from learning.services import notices
from learning.services.freeing import foresee_seats
from mail.isolates import isolate
from mail.kinds import Rendering
from mail.rehearsal import Wording
from municipalities.drafted import Drafts, Fate, Mailed, Sending
from municipalities.running import RunningTeam

HEADINGS = {
    notices.INVITATION: _("Invitations"),
    notices.WAITING: _("Places on the waiting list"),
    notices.SENT: _("To the coordinator"),
    notices.PROMOTED: _("Seats for those who wait"),
}


def drafts_after(fate: Fate) -> Drafts:
    """Return what is mailed once this has become of drafts: to their people, and to whoever gets a seat by it."""
    sent = [(one, drafts_to_send(one.coordinator.pk, one.cities)) for one in fate.sent]
    kept = {one.pk: one for _sending, people in sent for one in people}
    seated = foresee_seats(fate, kept.values())
    moved_up = {one.pk for freed in seated for one in freed.people}
    applying = sum(_applies(one) for one in kept.values())
    parts = [part for sending, people in sent for part in _of_sending(sending, people, moved_up)]
    parts += [_seats(freed.cohort, hearing) for freed in seated if (hearing := _hearing(freed.people, kept))]
    return Drafts(parts, applying, lambda: _teams(sent), sum(freed.hurried for freed in seated))


def _hearing(promoted: list[Enrolment], sent: Collection[int]) -> list[Enrolment]:
    """Leave out drafts, of which nobody knows, unless they are among those that are sent."""
    return [one for one in promoted if one.state == EnrolmentState.WAITLISTED or one.pk in sent]


def _of_sending(sending: Sending, found: list[Enrolment], moved_up: Collection[int]) -> Iterator[Mailed]:
    for cohort, people in groupby(found, key=lambda one: one.cohort):
        team = TeamRequest(cohort=cohort, local_government=sending.city, coordinator=sending.coordinator)
        yield from _parts(team, [_as_sent(one, moved_up) for one in people], moved_up)


def _teams(sent: Iterable[tuple[Sending, list[Enrolment]]]) -> list[RunningTeam]:
    return [
        team
        for sending, people in sent
        for team in once_sent(sending.city, {one.cohort_id for one in people if one.state in LEAVABLE_STATES})
    ]


def _applies(draft: Enrolment) -> bool:
    return not gets_seat_or_waits(draft) and not draft.cohort.has_given_its_seats()


def _as_sent(draft: Enrolment, moved_up: Collection[int]) -> Enrolment:
    """Give a draft, in memory, the state that the rehearsal counts it under: what it becomes."""
    if draft.has_seat or draft.pk in moved_up:
        draft.state = EnrolmentState.INVITED
    elif _applies(draft):
        draft.state = EnrolmentState.APPLIED
    else:
        draft.state = EnrolmentState.WAITLISTED if gets_seat_or_waits(draft) else EnrolmentState.LAPSED
    return draft


def _parts(team: TeamRequest, people: Iterable[Enrolment], moved_up: Collection[int]) -> Iterator[Mailed]:
    by_state: dict[str, list[Enrolment]] = {}
    for one in people:
        by_state.setdefault(one.state, []).append(one)
    cohort = team.cohort
    # Who moves up reads of the seat, no longer of the place.
    if invited := [one for one in by_state.get(EnrolmentState.INVITED, []) if one.pk not in moved_up]:
        yield _mailed(notices.INVITATION, cohort, OfTeam(team, notices.INVITATION, invited))
    if waiting := by_state.get(EnrolmentState.WAITLISTED):
        yield _mailed(notices.WAITING, cohort, OfTeam(team, notices.WAITING, waiting))
    yield _mailed(notices.SENT, cohort, Sent(team, Counter({state: len(found) for state, found in by_state.items()})))


def _seats(cohort: Cohort, people: list[Enrolment]) -> Mailed:
    """Return the part of those who get a seat, of whatever city."""
    for one in people:
        one.state = EnrolmentState.WAITLISTED
    mailed = _mailed(notices.PROMOTED, cohort, Told(cohort, notices.PROMOTED, people))
    return replace(mailed, cities=[one.local_government_id for one in people])


def _mailed(mail: str, cohort: Cohort, audience: Told | Coordinators) -> Mailed:
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
