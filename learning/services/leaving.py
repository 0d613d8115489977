"""Ending enrolments: one person's, or one that goes on under another name."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import transaction

from core import clock, languages, text
from core.emailkeys import email_key
from learning.enums import KNOWN_STATES, LEAVABLE_STATES, LIVE_STATES, Actor, ChangeKind, EnrolmentState
from learning.errors import AlreadyInTeam, CohortCalledOff, CohortOver, JoinedAlready, RecordStays
from learning.models import Cohort, Enrolment
from learning.services import history, notices, seats
from learning.services.enrolling import refuse_pestering
from learning.services.promoting import fill
from learning.services.reading_lines import LONGEST_NAME
from learning.services.sending import end
from mail.addresses import envelope_address

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def withdraw_enrolment(
    *, enrolment_id: int, by: "User | None", reason: str = "", among: Collection[str] = LIVE_STATES
) -> Enrolment:
    """End an enrolment and give its seat to the first in line; withdrawing twice changes nothing.

    `by` is None for whoever holds the person's own link, who names the states they may end with `among`: another
    is refused with JoinedAlready. Raises RecordStays for who has completed the course and CohortOver once the cohort
    is over: what people took part in stays as it was.
    """
    cohort, enrolment = seats.lock_enrolment(enrolment_id)
    if not enrolment.is_live:
        return enrolment
    if enrolment.state not in among:
        raise JoinedAlready
    if enrolment.state == EnrolmentState.COMPLETED:
        raise RecordStays
    if cohort.is_over():
        raise CohortOver
    withdraw_locked(cohort, [enrolment], by=by, reason=reason)
    seats.keep(cohort, fill(cohort))
    return enrolment


@transaction.atomic
def replace(*, enrolment_id: int, email: str, name: str = "", language: str = "", by: "User | None") -> Enrolment:
    """Let somebody else go on in a leaver's place; return the new enrolment, which has the seat or the place in line.

    They are written to in `language`, or else in the leaver's. The leaver's enrolment ends and keeps its record.
    Handing on to the same address twice changes nothing. Raises RecordStays where it has ended already or is completed,
    AlreadyInTeam, InvitedTooOften, CohortOver, CohortCalledOff and BadAddress.
    """
    envelope_address(email)
    cohort, leaver = seats.lock_enrolment(enrolment_id)
    _need_running(cohort)
    key = email_key(email)
    if done := Enrolment.objects.live().filter(replaced=leaver, email_key=key).first():
        return done
    if leaver.state not in LEAVABLE_STATES or leaver.local_government_id is None:
        raise RecordStays
    if _has(leaver, key):
        raise AlreadyInTeam
    refuse_pestering(leaver.local_government_id, {key: email})
    successor = _successor(leaver, email.strip(), key, name, language)
    was_told = leaver.was_told
    _hand_over(leaver, successor, by)
    if was_told:
        notices.say_withdrawn(cohort, [leaver])
    if successor.state == EnrolmentState.INVITED:
        notices.invite(cohort, [successor])
    elif successor.state == EnrolmentState.WAITLISTED:
        notices.say_waiting(cohort, [successor])
    return successor


def withdraw_locked(
    cohort: Cohort, leaving: list[Enrolment], *, by: "User | None", reason: str = "", actor: Actor | None = None
) -> None:
    """End enrolments of a locked cohort and tell whoever knew of them; the caller fills the seats afterwards.

    As whom `by` acts on each is found out unless `actor` says it: nobody is taken for whoever holds their own link.
    """
    told = [one for one in leaving if one.was_told]
    groups: dict[tuple[int | None, bool], list[Enrolment]] = {}
    for one in leaving:
        is_own = by is not None and one.person_id == by.pk
        groups.setdefault((one.team_id, is_own), []).append(one)
    # To all others of one team `by` stands in one way.
    for group in groups.values():
        acts_as = actor or history.actor_for(group[0], by)
        end(group, EnrolmentState.WITHDRAWN, ChangeKind.WITHDRAWN, actor=acts_as, by=by, reason=reason)
    notices.say_withdrawn(cohort, told)


def _need_running(cohort: Cohort) -> None:
    if cohort.is_called_off:
        raise CohortCalledOff
    if cohort.is_over():
        raise CohortOver


def _has(leaver: Enrolment, key: str) -> bool:
    """Whether the city, or the leaver's own draft, has this address already."""
    if leaver.email_key == key:
        return True
    city = Enrolment.objects.filter(cohort=leaver.cohort_id, local_government=leaver.local_government_id)
    if leaver.state == EnrolmentState.DRAFTED:
        return city.filter(team=leaver.team_id, email_key=key, state__in=LIVE_STATES).exists()
    return city.filter(email_key=key, state__in=KNOWN_STATES).exists()


def _successor(leaver: Enrolment, email: str, key: str, name: str, language: str) -> Enrolment:
    # Who takes over from somebody who had joined begins as somebody invited.
    state = EnrolmentState.INVITED if leaver.has_joined else leaver.state
    return Enrolment(
        cohort_id=leaver.cohort_id,
        local_government_id=leaver.local_government_id,
        team_id=leaver.team_id,
        name=text.single_line(name)[:LONGEST_NAME],
        email=email,
        email_key=key,
        language=languages.nearest(language) if language else leaver.language,
        state=state,
        has_seat=leaver.has_seat,
        waiting_number=leaver.waiting_number,
        invited_at=clock.now() if state == EnrolmentState.INVITED else None,
        replaced=leaver,
    )


def _hand_over(leaver: Enrolment, successor: Enrolment, by: "User | None") -> None:
    actor = history.actor_for(leaver, by)
    end([leaver], EnrolmentState.WITHDRAWN, ChangeKind.REPLACED, actor=actor, by=by)
    if leaver.waiting_number is not None:
        # A place in line has one holder at a time.
        leaver.waiting_number = None
        leaver.save(update_fields=["waiting_number"])
    successor.save(force_insert=True)
    steps = {
        EnrolmentState.DRAFTED: ChangeKind.DRAFTED,
        EnrolmentState.INVITED: ChangeKind.INVITED,
        EnrolmentState.APPLIED: ChangeKind.APPLIED,
        EnrolmentState.WAITLISTED: ChangeKind.WAITLISTED,
    }
    history.note([successor], steps[EnrolmentState(successor.state)], actor=actor, by=by)
