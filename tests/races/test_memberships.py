"""Races about who represents a city; each with a control that takes the lock away and must go wrong."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from municipalities.errors import RequestNeedsCoordinator, StandingChanged
from municipalities.models import LocalGovernment, Membership
from municipalities.services import (
    approve_membership,
    change_request,
    closing,
    deciding,
    decline_membership,
    end_membership,
    locks,
    propose_local_government,
    refuse_local_government,
    represent,
    representing,
    save_local_government,
)
from municipalities.signals import membership_approved, membership_declined
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory
from tests.races.meeting import Later, meet, meet_after, meet_before

pytestmark = pytest.mark.django_db(transaction=True)

CALLS = 8


@pytest.fixture
def without_lock(monkeypatch):
    """Read local governments and memberships without locking them."""
    monkeypatch.setattr(locks, "local_government", lambda key: LocalGovernment.objects.get(pk=key))
    monkeypatch.setattr(
        locks, "local_governments", lambda keys: list(LocalGovernment.objects.filter(pk__in=keys).order_by("pk"))
    )
    monkeypatch.setattr(
        locks,
        "membership",
        lambda key, **gone: Membership.objects.select_related("person", "local_government").get(pk=key),
    )


@pytest.fixture
def meet_before_asking(monkeypatch):
    """Have all meet between looking for an open request and writing one."""
    meet_before(monkeypatch, Membership, "save")


@pytest.fixture
def meet_before_deciding(monkeypatch):
    """Have both meet between looking at who decides and writing the decision."""
    meet_before(monkeypatch, deciding, "_decide")


@pytest.fixture
def decisions():
    """Collect the decisions that upper apps hear of."""
    heard = []

    def approved(sender, membership, **kwargs):
        heard.append("approved")

    def declined(sender, membership, **kwargs):
        heard.append("declined")

    membership_approved.connect(approved)
    membership_declined.connect(declined)
    yield heard
    membership_approved.disconnect(approved)
    membership_declined.disconnect(declined)


def merging_against_asking(at_once) -> tuple[Membership | None, LocalGovernment]:
    """Let somebody ask for a proposed city while it is merged; return what they have, and the listed city."""
    staff, person = PersonFactory(admin=True), PersonFactory()
    listed, proposed = make.local_government(), make.proposed()
    at_once(
        [
            lambda: represent(person=person, local_government_id=proposed.pk, role="member"),
            Later(lambda: refuse_local_government(local_government_id=proposed.pk, by=staff, same_as=listed.pk)),
        ]
    )
    return Membership.objects.filter(person=person).first(), listed


def test_asking_for_a_city_while_it_is_merged_leads_to_the_listed_one(at_once, meet_before_asking):
    asked, listed = merging_against_asking(at_once)
    assert (asked.local_government, asked.state) == (listed, "asked")


def test_control_without_the_lock_a_request_stays_behind_at_a_retired_city(at_once, meet_before_asking, without_lock):
    asked, _listed = merging_against_asking(at_once)
    assert asked.local_government.standing == "retired"


def test_one_person_asks_eight_times_at_once_and_has_one_request(at_once, meet_before_asking):
    person, city = PersonFactory(), make.local_government()
    answers = at_once([partial(represent, person=person, local_government_id=city.pk, role="member")] * CALLS)
    assert {answer.pk for answer in answers} == {Membership.objects.get().pk}


def test_control_without_the_lock_the_database_refuses_the_second_request(at_once, meet_before_asking, without_lock):
    person, city = PersonFactory(), make.local_government()
    answers = at_once([partial(represent, person=person, local_government_id=city.pk, role="member")] * CALLS)
    assert sum(isinstance(answer, IntegrityError) for answer in answers) == CALLS - 1
    assert Membership.objects.count() == 1


def approving_against_declining(at_once) -> list:
    staff, coordinator = PersonFactory(admin=True), make.coordinator()
    asked = make.membership(state="asked", local_government=coordinator.local_government)
    return at_once(
        [
            lambda: approve_membership(membership_id=asked.pk, by=staff),
            lambda: decline_membership(membership_id=asked.pk, by=coordinator.person, reason="no"),
        ]
    )


def test_one_request_gets_one_decision(at_once, meet_before_deciding, decisions):
    answers = approving_against_declining(at_once)
    assert len(decisions) == 1
    assert sum(isinstance(answer, Exception) for answer in answers) == 1


def test_control_without_the_lock_a_request_is_approved_and_declined(
    at_once, meet_before_deciding, decisions, without_lock
):
    approving_against_declining(at_once)
    assert sorted(decisions) == ["approved", "declined"]


def deciding_after_leaving(at_once) -> Membership:
    """Let a coordinator decide whose membership staff have just ended, not yet committed."""
    staff, coordinator = PersonFactory(admin=True), make.coordinator()
    asked = make.membership(state="asked", local_government=coordinator.local_government)

    def leave():
        with transaction.atomic():
            end_membership(membership_id=coordinator.pk, by=staff)
            meet()

    at_once([leave, Later(lambda: approve_membership(membership_id=asked.pk, by=coordinator.person))])
    asked.refresh_from_db()
    return asked


def test_a_coordinator_whose_membership_is_just_ended_decides_nothing_more(at_once):
    assert deciding_after_leaving(at_once).state == "asked"


def test_control_without_the_lock_a_former_coordinator_still_approves(at_once, without_lock):
    assert deciding_after_leaving(at_once).state == "approved"


def both_leaving(at_once, monkeypatch) -> tuple[list, int]:
    """Let both coordinators of a city leave while a colleague waits; return the answers and how many still coordinate."""
    meet_before(monkeypatch, closing, "_end")
    city = make.local_government()
    both = [make.coordinator(local_government=city) for _one in range(2)]
    make.membership(state="asked", local_government=city)
    answers = at_once([partial(end_membership, membership_id=one.pk, by=one.person) for one in both])
    return answers, Membership.objects.deciding().filter(local_government=city).count()


def test_of_two_coordinators_who_leave_at_once_one_stays_for_who_waits(at_once, monkeypatch):
    answers, left = both_leaving(at_once, monkeypatch)
    assert (sum(isinstance(one, RequestNeedsCoordinator) for one in answers), left) == (1, 1)


def test_control_without_the_lock_both_leave_and_somebody_waits(at_once, monkeypatch, without_lock):
    answers, left = both_leaving(at_once, monkeypatch)
    assert ([type(one) for one in answers], left) == ([Membership] * 2, 0)


def proposing_at_once(at_once, monkeypatch) -> list:
    """Let four people propose one city of which nobody has heard; its name has no letters that an address could."""
    meet_after(monkeypatch, representing, "_same")
    people = [PersonFactory() for _one in range(4)]
    return at_once([partial(propose_local_government, person=person, name="تطوان", country="MA") for person in people])


def test_four_propose_one_city_at_once_and_ask_for_the_same(at_once, monkeypatch):
    answers = proposing_at_once(at_once, monkeypatch)
    city = LocalGovernment.objects.get()
    assert [answer.local_government for answer in answers] == [city] * 4


def test_control_without_the_lock_the_database_refuses_a_second_proposal(at_once, monkeypatch):
    monkeypatch.setattr(locks, "proposals", lambda country: None)
    answers = proposing_at_once(at_once, monkeypatch)
    assert any(isinstance(answer, IntegrityError) for answer in answers)


def changing_against_approving(at_once) -> Membership:
    """Let somebody ask for more while a coordinator approves what they read; return what came of it."""
    coordinator = make.coordinator()
    asked = make.membership(state="asked", local_government=coordinator.local_government)
    at_once(
        [
            lambda: approve_membership(membership_id=asked.pk, by=coordinator.person, seen="member:"),
            Later(lambda: change_request(membership_id=asked.pk, by=asked.person, role="coordinator", department="")),
        ]
    )
    asked.refresh_from_db()
    return asked


def test_nobody_becomes_a_coordinator_by_changing_a_request_while_it_is_approved(at_once, meet_before_deciding):
    found = changing_against_approving(at_once)
    assert (found.role, found.state) == ("member", "approved")


def test_control_without_the_lock_a_request_that_nobody_read_is_approved(at_once, meet_before_deciding, without_lock):
    found = changing_against_approving(at_once)
    assert (found.role, found.state) == ("coordinator", "approved")


def approving(asked: Membership) -> Callable[[], object]:
    return partial(approve_membership, membership_id=asked.pk, by=PersonFactory(admin=True))


def refusing(asked: Membership) -> Callable[[], object]:
    return partial(refuse_local_government, local_government_id=asked.local_government_id, by=PersonFactory(admin=True))


def saving_against(at_once, decide: Callable[[Membership], Callable[[], object]]) -> tuple[Any, str]:
    """Save a form opened while a city was proposed, the decision not yet written; return the answer and the standing."""
    city = make.local_government(standing="pending")
    asked = make.coordinator(state="asked", local_government=city)
    _decided, answer = at_once(
        [
            decide(asked),
            Later(
                partial(save_local_government, local_government=LocalGovernment.objects.get(pk=city.pk), seen="pending")
            ),
        ]
    )
    city.refresh_from_db()
    return answer, city.standing


@pytest.mark.parametrize(("decide", "expected"), [(approving, "active"), (refusing, "retired")])
def test_a_form_saved_while_a_city_is_approved_or_refused_is_refused(at_once, meet_before_deciding, decide, expected):
    answer, standing = saving_against(at_once, decide)
    assert (type(answer), standing) == (StandingChanged, expected)


def test_control_without_the_lock_the_form_takes_the_city_off_the_list(at_once, meet_before_deciding, without_lock):
    answer, standing = saving_against(at_once, approving)
    assert (type(answer), standing) == (LocalGovernment, "pending")
