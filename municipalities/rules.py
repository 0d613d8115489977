"""Who may speak for a local government and who may decide that, as named predicates."""

from datetime import date
from typing import TYPE_CHECKING

from core import clock
from municipalities.models import Membership

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


def coordinates_alone(membership: Membership, last: date | None = None) -> bool:
    """Whether nobody would coordinate the team after this membership's last day, today unless given."""
    today = clock.now().date()
    if not (membership.is_of_coordinator and membership.holds_on(today)):
        return False
    others = Membership.objects.deciding().filter(local_government=membership.local_government_id)
    return not others.staying(last or today).exclude(pk=membership.pk).exists()


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
