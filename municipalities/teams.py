"""The teams that a coordinator answers for, as their page shows them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core import clock
from municipalities.models import LocalGovernment, Membership

if TYPE_CHECKING:
    from accounts.models import User


@dataclass
class Team:
    """One local government with those who ask to represent it and those who do."""

    local_government: LocalGovernment
    asking: list[Membership] = field(default_factory=list)
    members: list[Membership] = field(default_factory=list)


def coordinated_by(person: "User", own: Iterable[Membership]) -> list[Team]:
    """Return the teams that a person coordinates today, given their own memberships; one statement, or none."""
    today = clock.now().date()
    teams = {
        one.local_government_id: Team(one.local_government)
        for one in own
        if one.is_of_coordinator and one.holds_on(today)
    }
    if not teams:
        return []
    colleagues = Membership.objects.open().filter(local_government__in=teams).exclude(person=person)
    for one in colleagues.select_related("person").order_by("asked_at", "pk"):
        team = teams[one.local_government_id]
        (team.asking if one.is_asked else team.members).append(one)
    return list(teams.values())
