"""Who may enrol, see, guide and read, as named predicates."""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from django.db.models import QuerySet

from core import clock
from core.emailkeys import email_key
from learning.enums import EnrolmentState
from learning.errors import CohortCalledOff, CohortOver, EnrolmentClosed, EnrolmentNotOpen, EnrolmentRefused
from learning.models import Cohort, Enrolment, TeamRequest, Unit
from municipalities.enums import Standing
from municipalities.models import LocalGovernment, Membership
from municipalities.rules import has_asked_to_coordinate, is_coordinator

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

    Visitor = User | AnonymousUser

VIEW_COHORTS = "learning.view_cohort"
CHANGE_COHORTS = "learning.change_cohort"
ADD_COHORTS = "learning.add_cohort"
VIEW_ENROLMENTS = "learning.view_enrolment"
CHANGE_ENROLMENTS = "learning.change_enrolment"


def may_enrol(person: "Visitor", local_government_id: int) -> bool:
    """Whether somebody may enrol people of a city: its coordinators, and as a draft whoever has asked to be one."""
    return is_coordinator(person, local_government_id) or has_asked_to_coordinate(person, local_government_id)


def cities_to_enrol(person: "User") -> QuerySet[LocalGovernment]:
    """Return the local governments whose people somebody may enrol, as `may_enrol` says it of one; none is retired."""
    theirs = Membership.objects.of_person(person).coordinators()
    those = theirs.current() | theirs.asked()
    return LocalGovernment.objects.exclude(standing=Standing.RETIRED).filter(pk__in=those.values("local_government"))


def refusal_of(cohort: Cohort) -> EnrolmentRefused | None:
    """Return why dates or staff forbid enrolling now; None while people can be enrolled, be it on the waiting list."""
    now = clock.now()
    if cohort.is_called_off:
        return CohortCalledOff()
    if cohort.is_over(now):
        return CohortOver()
    if now >= cohort.enrolment_closes_at:
        return EnrolmentClosed()
    return None if cohort.takes_enrolments(now) else EnrolmentNotOpen()


def may_see_team(person: "Visitor", cohort_id: int, local_government_id: int) -> bool:
    """Whether somebody may see everybody whom a city has in a cohort: its coordinators, its moderators, staff."""
    if is_coordinator(person, local_government_id) or may_see_enrolments(person):
        return True
    return person.is_active and Cohort.objects.moderated_by(person.pk).filter(pk=cohort_id).exists()


def has_drafts(person: "Visitor", cohort_id: int, local_government_id: int) -> bool:
    """Whether somebody waits to be approved and has written people down; they may see those, and nobody else's.

    Drafts that were let go count: their coordinator reads there what has become of them.
    """
    if not has_asked_to_coordinate(person, local_government_id):
        return False
    theirs = TeamRequest.objects.of_city(cohort_id, local_government_id).of_coordinator(person)
    return theirs.untold().exists()


def may_change_team(person: "Visitor", local_government_id: int) -> bool:
    """Whether somebody may replace and withdraw the people of a city: its coordinators, and staff."""
    return is_coordinator(person, local_government_id) or may_change_enrolments(person)


def may_withdraw(person: "Visitor", enrolment: Enrolment) -> bool:
    """Whether somebody may end an enrolment: whose it is, their city's coordinators, its moderators, staff."""
    if owns_enrolment(person, enrolment) or may_moderate(person, enrolment.cohort):
        return True
    if enrolment.local_government_id is None:
        return False
    return is_coordinator(person, enrolment.local_government_id) or _is_their_draft(person, enrolment)


def may_leave(enrolment: Enrolment) -> bool:
    """Whether whoever takes part can end it themselves: neither once the course is completed nor once it is over."""
    return enrolment.state == EnrolmentState.ACTIVE and not enrolment.cohort.is_over()


def has_to_confirm(enrolment: Enrolment) -> bool:
    """Whether who has joined is asked who they are: once, and not any more where the cohort is over or called off."""
    cohort = enrolment.cohort
    return enrolment.confirmed_at is None and not (cohort.is_called_off or cohort.is_over())


def may_replace(person: "Visitor", enrolment: Enrolment) -> bool:
    """Whether somebody may give a city's seat to somebody else: its coordinators, its moderators, staff.

    Who waits to be approved as a coordinator may, as long as what they wrote down is a draft.
    """
    if enrolment.local_government_id is None:
        return False
    if is_coordinator(person, enrolment.local_government_id) or _is_their_draft(person, enrolment):
        return True
    return may_moderate(person, enrolment.cohort)


def _is_their_draft(person: "Visitor", enrolment: Enrolment) -> bool:
    team = enrolment.team
    return bool(person.is_active and team is not None and team.is_draft and team.coordinator_id == person.pk)


def may_moderate(person: "Visitor", cohort: Cohort) -> bool:
    """Whether somebody guides a cohort, sees everybody in it and decides on applications: its moderators, staff."""
    if not person.is_active or person.pk is None:
        return False
    return may_change_enrolments(person) or cohort.moderators.filter(pk=person.pk).exists()


def may_see_enrolments(person: "Visitor") -> bool:
    """Whether somebody may read the names and addresses of all learners: staff with that right."""
    return bool(person.is_active and person.has_perm(VIEW_ENROLMENTS))


def may_change_enrolments(person: "Visitor") -> bool:
    """Whether somebody may change other people's enrolments in every cohort: staff with that right."""
    return may_see_enrolments(person) and person.has_perm(CHANGE_ENROLMENTS)


def keys_of(person: "Visitor") -> set[str]:
    """Return a person's own addresses, normalised: those that are shown to be theirs."""
    if person.pk is None:
        return set()
    verified = EmailAddress.objects.filter(user=person.pk, verified=True)
    return {email_key(address) for address in verified.values_list("email", flat=True)}


def keys_of_members(cohort: Cohort, without: Collection[int] = ()) -> set[str]:
    """Return the addresses, normalised, that are shown to be those of people who take part in a cohort.

    `without` are the keys of enrolments that are taken to have ended.
    """
    members = Enrolment.objects.joined().filter(cohort=cohort).exclude(pk__in=without).order_by()
    verified = EmailAddress.objects.filter(user__in=members.values("person"), verified=True)
    return {email_key(address) for address in verified.values_list("email", flat=True)}


def owns_enrolment(person: "Visitor", enrolment: Enrolment) -> bool:
    """Whether an enrolment is somebody's: theirs by account or, while nobody has joined, by a verified address."""
    if person.pk is None or not person.is_active:
        return False
    if enrolment.person_id is not None:
        return enrolment.person_id == person.pk
    return enrolment.email_key in keys_of(person)


def may_read_unit(enrolment: Enrolment, unit: Unit, at: datetime | None = None) -> bool:
    """Whether a learner may read a unit: they have joined, their cohort has begun, and their course teaches it."""
    cohort = enrolment.cohort
    if not enrolment.has_joined or cohort.is_called_off or not cohort.has_started(at):
        return False
    return unit.is_current and unit.module.is_current and unit.module.course_id == cohort.course_id
