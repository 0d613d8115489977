"""Decisions that write to many, as whoever has read whom they tell takes them, and the sweep that carries them out."""

from typing import Any

import time_machine

from accounts.models import User
from mail import undo
from municipalities import services
from municipalities.models import HeldDecision, LocalGovernment, Membership
from municipalities.services.foreseeing import foresee_approving, foresee_merging, foresee_refusing
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory


def with_team(*names: str, **fields: Any) -> Membership:
    """Return the request of somebody who would coordinate a city and has written people down."""
    asked = cities.coordinator(state="asked", **{"person": PersonFactory(display_name="Ana"), **fields})
    if names:
        make.team(make.cohort(), *names, coordinator=asked)
    return asked


def proposed_by(number: int, **fields: Any) -> list[Membership]:
    """Return the requests of so many people for one proposed city."""
    city = cities.proposed(**fields)
    return [cities.coordinator(state="asked", local_government=city) for _each in range(number)]


def approve(asked: Membership, by: User) -> Membership | HeldDecision:
    """Approve as whoever has read whom it tells."""
    mark = foresee_approving(asked).mark
    return services.approve_or_hold(membership_id=asked.pk, by=by, seen=asked.as_asked, rehearsed=mark)


def refuse(city: LocalGovernment, by: User, *, reason: str = "A company") -> LocalGovernment | HeldDecision:
    """Refuse as whoever has read whom it tells."""
    mark = foresee_refusing(city, reason=reason).mark
    return services.refuse_or_hold(local_government_id=city.pk, by=by, reason=reason, rehearsed=mark)


def merge(city: LocalGovernment, same_as: LocalGovernment, by: User) -> LocalGovernment | HeldDecision:
    """Merge as whoever has read whom it tells."""
    mark = foresee_merging(city, same_as).mark
    return services.refuse_or_hold(local_government_id=city.pk, by=by, same_as=same_as.pk, rehearsed=mark)


def the_window_passes() -> list[int]:
    """Let the sweep come that carries out what nobody has taken back; return the keys of what it did."""
    with time_machine.travel(undo.leaves_at(), tick=False):
        return services.carry_out_decisions()
