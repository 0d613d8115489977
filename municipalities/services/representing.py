"""Asking to represent a local government, listed or not."""

import secrets
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.text import slugify

from accounts.services import update_profile
from core.folding import fold
from mail import undo
from municipalities import rules
from municipalities.enums import MembershipRole, Standing
from municipalities.errors import DecidedAlready, NotRepresentable, NotYours
from municipalities.models import LocalGovernment, Membership
from municipalities.services import closing, held, locks, notices
from municipalities.signals import coordination_given_up

if TYPE_CHECKING:
    from accounts.models import User

LONGEST_SLUG = 90


@transaction.atomic
def represent(
    *, person: "User", local_government_id: int, role: str, department: str = "", own_name: str = ""
) -> Membership:
    """Ask to represent a local government; asking twice returns what is open, as it is.

    Raises NotRepresentable for a local government that is not there or no longer listed.
    """
    try:
        local_government = locks.local_government(local_government_id)
    except LocalGovernment.DoesNotExist as missing:
        raise NotRepresentable from missing
    if local_government.standing == Standing.RETIRED:
        raise NotRepresentable
    _keep_name(person, own_name)
    theirs = Membership.objects.of_person(person).filter(local_government=local_government)
    closing.close_overdue(theirs)
    if known := theirs.open().first():
        return known
    asked = Membership.objects.create(
        person=person, local_government=local_government, role=MembershipRole(role), department=department
    )
    notices.tell_coordinators(asked, due_at=undo.leaves_at())
    return asked


@transaction.atomic
def change_request(*, membership_id: int, by: "User", role: str, department: str, own_name: str = "") -> Membership:
    """Put into other words what somebody asked for, while nobody has decided; it keeps its position in the queue.

    An approval that has not taken effect was of other words, so it goes. Raises NotYours for everybody but the person
    who asked, Gone and DecidedAlready.
    """
    # First of all, as an erasure takes the person's row before those of their requests; a refusal takes it back.
    _keep_name(by, own_name)
    membership = locks.membership(membership_id)
    if not rules.may_change_request(by, membership):
        raise NotYours
    if not membership.is_asked:
        raise DecidedAlready
    was_of_coordinator, before = membership.is_of_coordinator, membership.as_asked
    membership.role, membership.department = MembershipRole(role), department
    membership.save(update_fields=["role", "department"])
    if membership.as_asked != before:
        held.drop_decision(membership)
    if was_of_coordinator and not membership.is_of_coordinator:
        coordination_given_up.send(sender=Membership, membership=membership)
    return membership


@transaction.atomic
def propose_local_government(
    *, person: "User", name: str, country: str, department: str = "", own_name: str = ""
) -> Membership:
    """Ask to coordinate a city that the person did not find; a proposal stays out of the directory until staff agree.

    A city of that very name in that country, listed or proposed, is taken instead of a second one.
    """
    name = " ".join(name.split())
    locks.proposals(country)
    known = _same(name, country)
    local_government = known or LocalGovernment.objects.create(
        slug=_slug(name, country), name=name, country=country.upper(), standing=Standing.PENDING
    )
    return represent(
        person=person,
        local_government_id=local_government.pk,
        role=MembershipRole.COORDINATOR,
        department=department,
        own_name=own_name,
    )


def _keep_name(person: "User", own_name: str) -> None:
    """Keep the name of who had none before anybody is told of the request, since they read it."""
    if own_name and not person.display_name:
        update_profile(person=person, display_name=own_name)


def _same(name: str, country: str) -> LocalGovernment | None:
    wanted = fold(name)
    alike = LocalGovernment.objects.in_country(country).exclude(standing=Standing.RETIRED)
    # Listed before proposed: "active" comes first in the alphabet too.
    for local_government in alike.filter(folded_names__contains=wanted).order_by("standing", "pk"):
        if wanted in (fold(one) for one in local_government.all_names()):
            return local_government
    return None


def _slug(name: str, country: str) -> str:
    """Return a slug that nobody has; a name in letters that addresses lack gives none of its own."""
    slug = f"{slugify(fold(name))[:LONGEST_SLUG]}-{country.lower()}".strip("-")
    if LocalGovernment.objects.filter(slug=slug).exists():
        return f"{slug}-{secrets.token_hex(3)}"
    return slug
