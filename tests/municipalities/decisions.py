"""Decisions that write to many, as whoever has read whom they tell takes them, and the sweep that carries them out."""

from collections.abc import Sequence
from typing import Any

import time_machine

from accounts.models import User
from mail import undo
from mail.models import Message
from municipalities import services
from municipalities.models import HeldDecision, LocalGovernment, Membership
from municipalities.services.foreseeing import (
    foresee_approving,
    foresee_declining,
    foresee_merging,
    foresee_refusing,
)
from tests.factories import learning as make
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory


def with_team(*names: str, **fields: Any) -> Membership:
    """Return the request of somebody who would coordinate a city and has written people down."""
    asked = cities.coordinator(state="asked", **{"person": PersonFactory(display_name="Ana"), **fields})
    if names:
        make.team(make.cohort(), *names, coordinator=asked)
    return asked


def with_seats_waited_for(*names: str, waiting: Sequence[str] = (), **fields: Any) -> Membership:
    """Return the request of somebody whose team holds all seats of a cohort, which people of another city wait for."""
    asked = with_team(**fields)
    cohort = make.cohort(seats=len(names))
    make.team(cohort, *names, coordinator=asked)
    if waiting:
        make.team(cohort, *waiting)
    Message.objects.all().delete()
    return asked


def proposed_by(number: int, **fields: Any) -> list[Membership]:
    """Return the requests of so many people for one proposed city."""
    city = cities.proposed(**fields)
    return [cities.coordinator(state="asked", local_government=city) for _each in range(number)]


def approve(asked: Membership, by: User) -> Membership | HeldDecision:
    """Approve as whoever has read whom it tells."""
    mark = foresee_approving(asked).mark
    return services.approve_or_hold(membership_id=asked.pk, by=by, seen=asked.as_asked, rehearsed=mark)


def decline(asked: Membership, by: User, *, reason: str = "No") -> Membership | HeldDecision:
    """Decline as whoever has read whom it tells."""
    mark = foresee_declining(asked, reason=reason).mark
    return services.decline_or_hold(membership_id=asked.pk, by=by, reason=reason, rehearsed=mark)


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
