"""Who may speak for a local government and who may decide that, as named predicates."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from core import clock
from municipalities.errors import (
    DecisionNeedsCoordinator,
    MembershipError,
    RequestNeedsCoordinator,
    RequestOutlastsCoordinators,
    TeamNeedsCoordinator,
    TeamOutlastsCoordinators,
)
from municipalities.models import Membership
from municipalities.running import RunningTeam

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

    Visitor = User | AnonymousUser

VIEW_MEMBERSHIPS = "municipalities.view_membership"
CHANGE_MEMBERSHIPS = "municipalities.change_membership"


def is_coordinator(person: "Visitor", local_government_id: int) -> bool:
    """Whether somebody answers for this local government's team today."""
    if person.pk is None or not person.is_active:
        return False
    theirs = Membership.objects.of_person(person).current().coordinators()
    return theirs.filter(local_government_id=local_government_id).exists()


def has_asked_to_coordinate(person: "Visitor", local_government_id: int) -> bool:
    """Whether somebody has asked to answer for this local government's team and nobody has decided yet."""
    if person.pk is None or not person.is_active:
        return False
    theirs = Membership.objects.of_person(person).asked().coordinators()
    return theirs.filter(local_government_id=local_government_id).exists()


def colleagues_of(membership: Membership) -> list[Membership]:
    """Return the other open memberships of the same local government, with their people and what is held about them;
    one statement.
    """
    others = Membership.objects.open().filter(local_government=membership.local_government_id)
    return list(others.exclude(pk=membership.pk).select_related("person", "held_decision"))


def coordinates_alone(membership: Membership, colleagues: Iterable[Membership], last: date | None = None) -> bool:
    """Whether none of its colleagues would coordinate the team after a day, today unless given."""
    today = clock.now().date()
    if not (membership.is_of_coordinator and membership.holds_on(today)):
        return False
    return not any(one.coordinates_beyond(last or today) for one in colleagues)


def teams_abandoned(
    membership: Membership, colleagues: Collection[Membership], teams: Iterable[RunningTeam], last: date | None = None
) -> list[RunningTeam]:
    """Return the teams under way that nobody would coordinate until their end if it ended after a day, today unless
    given.
    """
    last = last or clock.now().date()
    # Who stays for the whole last day of a team stays for long enough.
    one_day = timedelta(days=1)
    lasting = [team for team in teams if last < team.ends_on]
    return [team for team in lasting if coordinates_alone(membership, colleagues, team.ends_on - one_day)]


def refusal_to_end(
    membership: Membership,
    colleagues: Collection[Membership],
    teams: Iterable[RunningTeam],
    last: date | None = None,
    *,
    is_own: bool = True,
) -> MembershipError | None:
    """Return why a membership cannot end after a day, today unless given; None where it can.

    Teams that are under way need a coordinator until the last of them is over, whoever asks needs one who decides. It
    is the same whether its person ends it or, unless `is_own`, a colleague, who may have noted their own last day.
    """
    last = last or clock.now().date()
    if teams_abandoned(membership, colleagues, teams, last):
        is_alone = is_own and coordinates_alone(membership, colleagues)
        return TeamNeedsCoordinator() if is_alone else TeamOutlastsCoordinators()
    waiting = [one for one in colleagues if one.is_asked]
    if not (waiting and coordinates_alone(membership, colleagues, last)):
        return None
    if all(hasattr(one, "held_decision") for one in waiting):
        return DecisionNeedsCoordinator()
    return RequestNeedsCoordinator() if is_own else RequestOutlastsCoordinators()


def may_decide_all(person: "Visitor") -> bool:
    """Whether somebody decides for every local government: staff with that right."""
    return bool(person.is_active and person.has_perm(CHANGE_MEMBERSHIPS))


def may_approve(person: "Visitor", membership: Membership) -> bool:
    """Whether somebody may approve or decline this: staff, and a current coordinator for colleagues.

    Nobody decides for themselves. That the first coordinator is approved by staff alone follows: before, there is no
    current coordinator.
    """
    if membership.person_id == person.pk:
        return False
    return may_decide_all(person) or is_coordinator(person, membership.local_government_id)


def may_change_request(person: "Visitor", membership: Membership) -> bool:
    """Whether somebody may put into other words what was asked: the person who asked, and nobody for them."""
    return person.is_active and membership.person_id == person.pk


def may_end(person: "Visitor", membership: Membership) -> bool:
    """Whether somebody may end this: the person, a current coordinator of the same local government, staff."""
    if person.is_active and membership.person_id == person.pk:
        return True
    return may_approve(person, membership)
