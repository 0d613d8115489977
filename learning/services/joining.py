"""Coming in by one's own link, and confirming once who one is."""

from typing import TYPE_CHECKING

from django.db import transaction

from accounts.services import update_profile
from accounts.services.newcomers import person_for
from core import clock, languages, text
from learning import rules
from learning.enums import Actor, ChangeKind, EnrolmentState
from learning.errors import (
    AccountClosed,
    CohortCalledOff,
    CohortOver,
    JoinedAlready,
    NoSeatYet,
    NotDecidedYet,
    NotInvited,
    RecordStays,
    SomebodyElse,
)
from learning.models import Enrolment
from learning.services import history, seats
from learning.services.reading_lines import LONGEST_NAME
from learning.services.returning import take_up
from learning.services.sending import end

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def join(*, enrolment_id: int, person: "User | None" = None, language: str = "") -> Enrolment:
    """Let somebody come in who was invited; joining twice changes nothing.

    `person` is who is signed in, and must be whom the invitation was sent to. Without one the caller must know that
    whoever asks holds the link from the mail: the account of its address is found, or made with the address verified,
    in the `language` in which they read the page, or else that of the invitation.
    Whoever took part for the same city before goes on with what they had done and said then.
    `made_account` of what is returned says whether this very call has made that account: whoever had one before still
    has to sign in. What the person waits for or has applied for in this cohort
    without a team ends. Raises SomebodyElse, AccountClosed, NoSeatYet, NotDecidedYet, NotInvited, JoinedAlready,
    CohortCalledOff and CohortOver.
    """
    cohort, enrolment = seats.lock_enrolment(enrolment_id)
    if person is not None and not rules.owns_enrolment(person, enrolment):
        raise SomebodyElse
    if enrolment.has_joined:
        return enrolment
    _refuse_unless_invited(enrolment)
    if person is None:
        person, enrolment.made_account = person_for(
            email=enrolment.email, display_name=enrolment.name, language=language or enrolment.language
        )
    enrolment.person = person
    if not person.is_active:
        raise AccountClosed
    if Enrolment.objects.joined().filter(cohort=cohort, person=enrolment.person).exists():
        raise JoinedAlready
    _let_other_wishes_go(enrolment)
    enrolment.state, enrolment.joined_at = EnrolmentState.ACTIVE, clock.now()
    enrolment.save(update_fields=["person", "state", "joined_at"])
    history.note([enrolment], ChangeKind.JOINED, actor=Actor.PERSON, by=enrolment.person)
    take_up(cohort, [enrolment])
    return enrolment


def _refuse_unless_invited(enrolment: Enrolment) -> None:
    if enrolment.state == EnrolmentState.WAITLISTED:
        raise NoSeatYet
    if enrolment.state == EnrolmentState.APPLIED and enrolment.team_id is None:
        raise NotDecidedYet
    if enrolment.state != EnrolmentState.INVITED:
        raise NotInvited
    if enrolment.cohort.is_called_off:
        raise CohortCalledOff
    if enrolment.cohort.is_over():
        raise CohortOver


def _let_other_wishes_go(enrolment: Enrolment) -> None:
    """End what the person has asked for in this cohort without a team: it would enrol them a second time."""
    asked = Enrolment.objects.filter(cohort=enrolment.cohort_id, person=enrolment.person).exclude(pk=enrolment.pk)
    waiting = asked.filter(state__in=(EnrolmentState.APPLIED, EnrolmentState.WAITLISTED))
    end(list(waiting), EnrolmentState.LAPSED, ChangeKind.LAPSED, actor=Actor.SYSTEM)


@transaction.atomic
def confirm_details(*, enrolment_id: int, name: str, department: str = "", language: str) -> Enrolment:
    """Keep what somebody who has joined says about themselves.

    An account without a name of its own, or with the one that the coordinator wrote, gets this one too. Raises
    RecordStays for who takes part no more.
    """
    enrolment = Enrolment.objects.select_for_update(of=("self",), no_key=True).get(pk=enrolment_id)
    if not enrolment.has_joined or enrolment.person is None:
        raise RecordStays
    is_first = enrolment.confirmed_at is None
    lent = {"", enrolment.name} if is_first else {""}
    enrolment.name = text.single_line(name)[:LONGEST_NAME]
    enrolment.department = text.single_line(department)[:LONGEST_NAME]
    enrolment.language = languages.nearest(language)
    enrolment.confirmed_at = enrolment.confirmed_at or clock.now()
    enrolment.save(update_fields=["name", "department", "language", "confirmed_at"])
    if enrolment.person.display_name in lent:
        update_profile(person=enrolment.person, display_name=enrolment.name)
    if is_first:
        history.note([enrolment], ChangeKind.CONFIRMED, actor=Actor.PERSON, by=enrolment.person)
    return enrolment
