"""Whom what staff do with a cohort, or have just done and can still take back, writes to; nothing is written here."""

import copy
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.db.models import Q

from core import clock
from learning.drafted import HeldBack, held_back_in
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
    # Drafts that end as they are sent, whose seats go on.
    dropped: list[Enrolment] = field(default_factory=list)
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
    restored, at = as_restored(cohort), undo.leaves_at()
    later = notices.refused(cohort, since=cohort.called_off_at) if cohort.called_off_at else {}
    return ToBeTold(
        **_by_seats(restored, later),
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
    unseated = told_in_vain(cohort, at=unseated_at)
    people = _people(mails)
    told = _by_seats(cohort, people) if fills_at else {"later": people, "seated": []}
    return ToBeTold(
        **told,
        unseated=[one for one in unseated if one not in told["seated"]],
        later_at=min(moments, default=at),
        seated_at=at,
        unseated_at=unseated_at,
    )


def foresee_planned(cohort: Cohort, news: ToBeTold | None) -> ToBeTold:
    """Return who is told by what a cohort says, as things stand now, at moments that lie ahead: who gets a seat when
    enrolment opens, and who waits in vain when no more seats are given.

    `news` is who is told before that, once the undo window has passed, or None.
    """
    now = clock.now()
    held_until = cohort.fills_at if cohort.fills_at is not None and cohort.holds_seats_back else now
    opens_at, ends_at = cohort.opens_at or now, cohort.seats_given_until
    # Drafts that have been told of their place by then.
    sent = (
        {one.pk for one in news.later.get(notices.WAITING, []) if one.state == EnrolmentState.DRAFTED}
        if news
        else set()
    )
    promoted = _next_once_open(cohort, news) if opens_at > held_until else []
    told = told_in_vain(cohort, at=ends_at, sent=sent) if ends_at > (news.unseated_at if news else now) else []
    seated_before = {one.pk for one in (*promoted, *(news.seated if news else []))}
    return ToBeTold(
        seated=[one for one in promoted if one.state == EnrolmentState.WAITLISTED or one.pk in sent],
        unseated=[one for one in told if one.pk not in seated_before],
        later_at=ends_at,
        seated_at=opens_at,
        unseated_at=ends_at,
    )


def as_restored(cohort: Cohort) -> Cohort:
    """Return a copy in memory of a cohort that is called off as restoring would leave it."""
    restored = copy.copy(cohort)
    restored.called_off_at, restored.fills_at = None, undo.leaves_at()
    return restored


def _next_once_open(cohort: Cohort, news: ToBeTold | None) -> list[Enrolment]:
    opened = copy.copy(cohort)
    opened.fills_at = cohort.opens_at
    return next_in_line(opened, ended=news.dropped if news else [])


def moving_up(cohort: Cohort) -> list[Enrolment]:
    """Return who gets a seat once what a cohort holds back is given and sent, drafts among them; writes nothing."""
    return next_in_line(cohort, ended=_dropped(cohort, held_back_in(cohort)))


def _by_seats(cohort: Cohort, later: dict[str, list[Enrolment]]) -> dict:
    """Return who is told of what when seats are given and drafts sent, `later` being mails that leave anyhow."""
    drafts = held_back_in(cohort)
    dropped = _dropped(cohort, drafts)
    promoted = next_in_line(cohort, ended=dropped)
    moved_up = {one.pk for one in promoted}
    told_before = _told_before(cohort, dropped, [one for one in drafts.people if one.pk in moved_up])
    # Nobody knows of a draft, but of a place that was told before the seat came.
    seated = [one for one in promoted if one.state == EnrolmentState.WAITLISTED or one.pk in told_before]
    # Who moves up reads of the seat, no longer of the place.
    said = {
        kind: [one for one in people if kind != notices.WAITING or one.pk not in moved_up]
        for kind, people in later.items()
    }
    for one in drafts.people:
        if one.has_seat or one.pk in moved_up - told_before:
            said.setdefault(notices.INVITATION, []).append(one)
        elif one.pk not in moved_up and not cohort.has_given_its_seats(cohort.fills_at):
            said.setdefault(notices.WAITING, []).append(one)
    return {"later": said, "seated": seated, "coordinators": drafts.teams, "dropped": dropped}


def _dropped(cohort: Cohort, drafts: HeldBack) -> list[Enrolment]:
    """Return whom sending drafts only ends, of those with a seat or a number: the city has enrolled them already, or
    it is too late; one statement.
    """
    told = [one.pk for one in drafts.people]
    found = Enrolment.objects.filter(Q(has_seat=True) | Q(waiting_number__isnull=False), cohort=cohort)
    ended = found.filter(state=EnrolmentState.DRAFTED, team__in=TeamRequest.objects.approved()).exclude(pk__in=told)
    return list(ended.order_by("team", "pk"))


def _told_before(cohort: Cohort, dropped: list[Enrolment], moving: Collection[Enrolment]) -> set[int]:
    """Return the keys of those drafts that are sent, with a place, before a draft that ends leaves them a seat.

    Teams are sent one by one, and whoever one of them drops gives the seat on before the next is sent.
    """
    found: set[int] = set()
    if not dropped or not moving:
        return found
    ended: list[Enrolment] = []
    seated = {one.pk for one in next_in_line(cohort)}
    for team, leaving in groupby(dropped, key=lambda one: one.team_id):
        ended += leaving
        by_now = {one.pk for one in next_in_line(cohort, ended=ended)}
        found |= {one.pk for one in moving if one.pk in by_now - seated and (one.team_id or 0) <= (team or 0)}
        seated |= by_now
    return found


def _people(mails: dict[str, list]) -> dict[str, list[Enrolment]]:
    """Return whom mails that wait in the outbox are about; one statement."""
    wanted = {one.params["enrolment"] for messages in mails.values() for one in messages}
    found = Enrolment.objects.select_related("person").in_bulk(wanted)
    return {
        kind: [found[one.params["enrolment"]] for one in messages if one.params["enrolment"] in found]
        for kind, messages in mails.items()
    }
