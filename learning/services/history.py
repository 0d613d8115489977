"""Writing down what happened to enrolments, many at once."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from accounts.services.ending import may_be_given
from core import clock
from learning.enums import Actor, ChangeKind
from learning.models import Enrolment, EnrolmentChange
from municipalities.rules import is_coordinator

if TYPE_CHECKING:
    from accounts.models import User

LONGEST_REASON = 500


def note(
    enrolments: Iterable[Enrolment], what: ChangeKind, *, actor: Actor, by: "User | None" = None, reason: str = ""
) -> None:
    """Add one step to the history of each; one statement."""
    now = clock.now()
    EnrolmentChange.objects.bulk_create(
        EnrolmentChange(enrolment=one, at=now, what=what, actor=actor, by=by, reason=reason[:LONGEST_REASON])
        for one in enrolments
    )


def named(by: "User | None") -> "User | None":
    """Return who is written down for a step: nobody whose account is being ended, since that would wait for its end."""
    return by if by is not None and may_be_given(person_id=by.pk) else None


def actor_for(enrolment: Enrolment, by: "User | None") -> Actor:
    """Return as whom somebody acts on an enrolment; nobody in particular is whoever holds its own link."""
    if by is None or (enrolment.person_id is not None and enrolment.person_id == by.pk):
        return Actor.PERSON
    if enrolment.team is not None and enrolment.team.coordinator_id == by.pk:
        return Actor.COORDINATOR
    if enrolment.local_government_id and is_coordinator(by, enrolment.local_government_id):
        return Actor.COORDINATOR
    return Actor.STAFF
