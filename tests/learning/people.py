"""The people of a cohort, what has become of them and what was mailed, for tests of the services that enrol."""

import time_machine

from accounts.models import User
from learning.models import Cohort
from learning.services import give_held_seats
from mail import undo
from mail.models import Message
from municipalities.enums import MembershipState
from municipalities.models import Membership
from tests.factories import municipalities as cities
from tests.factories.accounts import PersonFactory


def states(cohort: Cohort) -> list[tuple[str, str, bool, int | None]]:
    """Return name, state, seat and place in line of everybody in a cohort, as they came."""
    found = cohort.enrolments.order_by("pk")
    return list(found.values_list("name", "state", "has_seat", "waiting_number"))


def mails() -> list[tuple[str, str]]:
    """Return kind and address of the mails about enrolments, as they were asked for."""
    ours = Message.objects.filter(kind__regex=r"^(team|enrolment|application)-").order_by("id")
    return list(ours.values_list("kind", "to_address"))


def asked(**fields) -> Membership:
    """Make the request of somebody who would coordinate a city and is not approved."""
    return cities.coordinator(state=MembershipState.ASKED, **fields)


def staff() -> User:
    """Return somebody who may decide on everything."""
    return PersonFactory(is_staff=True, is_superuser=True)


def the_window_passes() -> list[int]:
    """Let the sweep come that gives what staff can take back no more; return the keys of the cohorts."""
    with time_machine.travel(undo.leaves_at(), tick=False):
        return give_held_seats()
