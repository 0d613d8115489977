"""Whom what staff do with a cohort, or have just done and can still take back, writes to; nothing is written here."""

import copy
from dataclasses import dataclass, field
from datetime import datetime

from learning.drafted import held_back_in
from learning.enums import EnrolmentState
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import notices
from learning.services.expiring import ends_waits_at, told_in_vain
from learning.services.promoting import next_in_line
from mail import undo


@dataclass(frozen=True, slots=True, kw_only=True)
class ToBeTold:
    """Who is told what, and from when on: of a seat, that there is none, and what could not leave meanwhile."""

    # By the kind of their mail.
    later: dict[str, list[Enrolment]] = field(default_factory=dict)
    coordinators: list[TeamRequest] = field(default_factory=list)
    seated: list[Enrolment] = field(default_factory=list)
    unseated: list[Enrolment] = field(default_factory=list)
    later_at: datetime
    seated_at: datetime
    unseated_at: datetime

    @property
    def again(self) -> int:
        """How many mails were refused or held back meanwhile."""
        return sum(len(people) for people in self.later.values()) + len(self.coordinators)

    @property
    def promoted(self) -> int:
        """How many get a seat and hear of it."""
        return len(self.seated)

    @property
    def in_vain(self) -> int:
        """How many are told that there is no seat."""
        return len(self.unseated)

    @property
    def tells_nobody(self) -> bool:
        """Whether it disturbs nobody."""
        return not (self.again or self.promoted or self.in_vain)


def foresee_restoring(cohort: Cohort) -> ToBeTold:
    """Return whom restoring a cohort that is called off would write to."""
    restored, at = copy.copy(cohort), undo.leaves_at()
    restored.called_off_at, restored.fills_at = None, at
    promoted = next_in_line(restored)
    later = notices.refused(cohort, since=cohort.called_off_at) if cohort.called_off_at else {}
    return ToBeTold(
        **_with_drafts(restored, later, promoted),
        seated=_hearing(promoted),
        unseated=told_in_vain(restored, instead_of=cohort, at=at),
        later_at=at,
        seated_at=at,
        unseated_at=at,
    )


def foresee_news(cohort: Cohort) -> ToBeTold | None:
    """Return who is told of what staff did within the undo window, as things stand now; None where none is open."""
    ends_at, fills_at = ends_waits_at(cohort), cohort.fills_at if cohort.holds_seats_back else None
    at = fills_at or ends_at
    if at is None or cohort.is_called_off:
        return None
    unseated_at = max(ends_at or at, at)
    mails = notices.asked_again(cohort)
    moments = [one.due_at for messages in mails.values() for one in messages]
    promoted = next_in_line(cohort) if fills_at else []
    unseated = told_in_vain(cohort, at=unseated_at) if ends_at else []
    people = _people(mails)
    drafts = _with_drafts(cohort, people, promoted) if fills_at else {"later": people}
    return ToBeTold(
        **drafts,
        seated=_hearing(promoted),
        unseated=[one for one in unseated if one not in promoted],
        later_at=min(moments, default=at),
        seated_at=at,
        unseated_at=unseated_at,
    )


def _hearing(promoted: list[Enrolment]) -> list[Enrolment]:
    """Leave out drafts: nobody knows of one."""
    return [one for one in promoted if one.state == EnrolmentState.WAITLISTED]


def _people(mails: dict[str, list]) -> dict[str, list[Enrolment]]:
    """Return whom mails that wait in the outbox are about; one statement."""
    wanted = {one.params["enrolment"] for messages in mails.values() for one in messages}
    found = Enrolment.objects.select_related("person").in_bulk(wanted)
    return {
        kind: [found[one.params["enrolment"]] for one in messages if one.params["enrolment"] in found]
        for kind, messages in mails.items()
    }


def _with_drafts(cohort: Cohort, later: dict[str, list[Enrolment]], promoted: list[Enrolment]) -> dict:
    """Return who gets a mail late, drafts among them, and their coordinators."""
    moved_up, drafts = {one.pk for one in promoted}, held_back_in(cohort)
    # Who moves up reads of the seat, no longer of the place.
    said = {
        kind: [one for one in people if kind != notices.WAITING or one.pk not in moved_up]
        for kind, people in later.items()
    }
    for one in drafts.people:
        kind = notices.INVITATION if one.has_seat or one.pk in moved_up else notices.WAITING
        said.setdefault(kind, []).append(one)
    return {"later": said, "coordinators": drafts.teams}
