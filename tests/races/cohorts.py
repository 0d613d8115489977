"""What races in cohorts share: enrolling at once, doing without the locks, and what is wrong with the seats."""

from collections import Counter

import pytest
from django.db import IntegrityError
from psycopg.errors import DeadlockDetected

from learning.models import Cohort, Enrolment
from learning.services import (
    enrol_team,
    learning_units,
    seats,
)
from municipalities.models import LocalGovernment, Membership
from municipalities.services import locks
from tests.factories import learning as make


def take_locks_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the rows of cohort, enrolment and local government read without being locked."""

    def lock_enrolment(enrolment_id):
        enrolment = Enrolment.objects.select_related("cohort__course", "team", "person").get(pk=enrolment_id)
        return enrolment.cohort, enrolment

    monkeypatch.setattr(seats, "lock", lambda key: Cohort.objects.select_related("course").get(pk=key))
    monkeypatch.setattr(seats, "lock_enrolment", lock_enrolment)
    monkeypatch.setattr(locks, "local_government", lambda key: LocalGovernment.objects.get(pk=key))
    monkeypatch.setattr(
        learning_units, "_lock", lambda key: Enrolment.objects.select_related("cohort", "person").get(pk=key)
    )


def enrols(cohort: Cohort, by: Membership, *names: str):
    """Return a call that enrols people of a coordinator's city."""
    return lambda: enrol_team(
        cohort_id=cohort.pk,
        local_government_id=by.local_government_id,
        coordinator=by.person,
        people=[make.invitee(name) for name in names],
    )


def failed(answers: list) -> list[Exception]:
    return [answer for answer in answers if isinstance(answer, Exception)]


def faults(cohort: Cohort) -> list[str]:
    """Return what is wrong with a cohort's seats."""
    cohort.refresh_from_db()
    rows = list(cohort.enrolments.all())
    held = [one for one in rows if one.has_seat]
    share = Counter(one.local_government_id for one in held)
    numbers = sorted(one.waiting_number for one in rows if one.waiting_number)
    known = Counter((one.local_government_id, one.email_key) for one in rows if one.is_live and one.state != "drafted")
    found = []
    if cohort.seats is not None and len(held) > cohort.seats:
        found.append(f"{len(held)} seats held of {cohort.seats}")
    if cohort.seats_per_local_government and max(share.values(), default=0) > cohort.seats_per_local_government:
        found.append(f"a city holds {max(share.values())} seats")
    counted = seats.count(cohort)
    line = Enrolment.objects.filter(cohort=cohort).waiting()
    if any(counted.has_seat_for(one.local_government_id) for one in line):
        found.append("somebody waits although there is a seat for them")
    if len(numbers) != len(set(numbers)) or (numbers and numbers[-1] > cohort.last_waiting_number):
        found.append(f"numbers {numbers}")
    if max(known.values(), default=0) > 1:
        found.append("a city has an address twice")
    if cohort.seat_state != counted.state:
        found.append(f"visitors read {cohort.seat_state}")
    return found


def went_wrong(cohort: Cohort, answers: list) -> list:
    """Return what a control shows: what the database refused or ended as a deadlock, else the faults.

    Any other refusal would show nothing.
    """
    refused = failed(answers)
    ended = (IntegrityError, DeadlockDetected)
    assert [one for one in refused if not isinstance(one, ended) and not isinstance(one.__cause__, ended)] == []
    return refused or faults(cohort)
