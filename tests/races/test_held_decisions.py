"""Decisions held for the undo window against whoever takes them back or decides, and the sweep started twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from core import clock
from mail.models import Message
from municipalities.errors import DecidedAlready, TooLateToTakeBack
from municipalities.models import HeldDecision, LocalGovernment, Membership
from municipalities.services import (
    carry_out_decisions,
    change_request,
    deciding,
    decline_membership,
    holding,
    locks,
    take_back_decision,
)
from municipalities.services import held as held_decisions
from tests.factories.accounts import PersonFactory
from tests.municipalities.decisions import approve, decline, with_seats_waited_for, with_team
from tests.races.meeting import Later, meet_before

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def without_lock(monkeypatch):
    """Read local governments, memberships and decisions without locking them."""
    monkeypatch.setattr(locks, "local_government", lambda key: LocalGovernment.objects.get(pk=key))
    monkeypatch.setattr(
        locks,
        "membership",
        lambda key, **gone: Membership.objects.select_related("person", "local_government").get(pk=key),
    )
    monkeypatch.setattr(type(HeldDecision.objects.all()), "locked", lambda self: self)


@pytest.fixture
def meet_before_carrying_out(monkeypatch):
    """Have the sweep meet the others when it has found a decision due and has begun to carry it out."""
    meet_before(monkeypatch, HeldDecision, "delete")


def due() -> tuple[Membership, HeldDecision, User]:
    """Return a request with a team whose approval is due, and who decided."""
    staff = PersonFactory(admin=True)
    asked = with_team("Bo")
    decision = approve(asked, staff)
    now = clock.now()
    HeldDecision.objects.update(decided_at=now - timedelta(minutes=2), takes_effect_at=now)
    return asked, decision, staff


def due_to_be_declined() -> tuple[Membership, HeldDecision, User]:
    """Return a request with a team whose seat somebody waits for, which is due to be declined, and who decided."""
    staff = PersonFactory(admin=True)
    asked = with_seats_waited_for("Bo", waiting=("Di",))
    decision = decline(asked, staff)
    now = clock.now()
    HeldDecision.objects.update(decided_at=now - timedelta(minutes=2), takes_effect_at=now)
    return asked, decision, staff


def left(asked: Membership) -> tuple[str, int]:
    """Return how a request stands, and to how many people a mail was asked for."""
    addressed = Message.objects.values_list("to_address", flat=True)
    return Membership.objects.get(pk=asked.pk).state, len(set(addressed))


def sweep_against(at_once, call: Callable[[Membership, HeldDecision, User], Any]) -> tuple[Any, tuple[str, int]]:
    """Do something with a decision that the sweep is carrying out; return the answer and what came of it."""
    asked, decision, staff = due()
    swept, answer = at_once([carry_out_decisions, Later(lambda: call(asked, decision, staff))])
    assert not isinstance(swept, Exception), swept
    return answer, left(asked)


def taking_back(asked: Membership, decision: HeldDecision, staff: User) -> None:
    take_back_decision(decision_id=decision.pk, by=staff)


def declining(asked: Membership, decision: HeldDecision, staff: User) -> Membership:
    return decline_membership(membership_id=asked.pk, by=staff, reason="No")


def changing(asked: Membership, decision: HeldDecision, staff: User) -> Membership:
    return change_request(membership_id=asked.pk, by=asked.person, role="member", department="")


def test_what_is_taken_back_while_it_is_carried_out_is_too_late_and_says_so(at_once, meet_before_carrying_out):
    answer, came = sweep_against(at_once, taking_back)
    assert (type(answer), came) == (TooLateToTakeBack, ("approved", 2))


def test_control_without_the_lock_who_takes_back_reads_that_it_worked(at_once, meet_before_carrying_out, without_lock):
    answer, came = sweep_against(at_once, taking_back)
    assert (answer, came) == (None, ("approved", 2))


def test_what_is_carried_out_while_it_is_taken_back_writes_to_nobody(at_once, meet_before_carrying_out):
    asked, decision, staff = due()
    answers = at_once([lambda: taking_back(asked, decision, staff), Later(carry_out_decisions)])
    assert (answers, left(asked)) == ([None, []], ("asked", 0))


def test_control_without_the_lock_it_writes_to_the_team_all_the_same(at_once, meet_before_carrying_out, without_lock):
    asked, decision, staff = due()
    at_once([lambda: taking_back(asked, decision, staff), Later(carry_out_decisions)])
    assert left(asked) == ("approved", 2)


def test_what_is_declined_while_it_is_taken_back_gives_nobody_a_seat(at_once, meet_before_carrying_out):
    asked, decision, staff = due_to_be_declined()
    answers = at_once([lambda: taking_back(asked, decision, staff), Later(carry_out_decisions)])
    assert (answers, left(asked)) == ([None, []], ("asked", 0))


def test_control_without_the_lock_the_seat_goes_to_somebody_all_the_same(
    at_once, meet_before_carrying_out, without_lock
):
    asked, decision, staff = due_to_be_declined()
    at_once([lambda: taking_back(asked, decision, staff), Later(carry_out_decisions)])
    assert left(asked) == ("declined", 2)


def test_two_sweeps_at_once_carry_it_out_once(at_once, meet_before_carrying_out):
    asked, decision, _staff = due()
    assert sorted(at_once([carry_out_decisions] * 2), key=len) == [[], [decision.pk]]
    assert left(asked) == ("approved", 2)


def test_control_without_the_lock_both_carry_it_out(at_once, monkeypatch, meet_before_carrying_out, without_lock):
    done = []
    decide = holding._decide
    monkeypatch.setattr(holding, "_decide", lambda decision: (done.append(decision.membership_id), decide(decision)))
    asked, _decision, _staff = due()
    at_once([carry_out_decisions] * 2)
    assert done == [asked.pk] * 2


def test_who_declines_while_it_is_carried_out_reads_that_it_is_decided(at_once, meet_before_carrying_out):
    answer, came = sweep_against(at_once, declining)
    assert (type(answer), came) == (DecidedAlready, ("approved", 2))


def test_control_without_the_lock_a_request_is_approved_and_declined(
    at_once, monkeypatch, meet_before_carrying_out, without_lock
):
    monkeypatch.setattr(held_decisions, "need_none_about_request", lambda membership: None)
    meet_before(monkeypatch, Membership, "save")
    _answer, _came = sweep_against(at_once, declining)
    kinds = set(Message.objects.values_list("kind", flat=True))
    assert {"membership-approved", "membership-declined"} <= kinds


def test_who_changes_their_request_while_it_is_carried_out_is_what_was_approved(at_once, monkeypatch):
    meet_before(monkeypatch, deciding, "_decide")
    answer, came = sweep_against(at_once, changing)
    assert (type(answer), came) == (DecidedAlready, ("approved", 2))
    assert Membership.objects.get().role == "coordinator"


def test_control_without_the_lock_somebody_is_approved_as_what_nobody_read(at_once, monkeypatch, without_lock):
    monkeypatch.setattr(held_decisions, "drop_decision", lambda membership: None)
    meet_before(monkeypatch, deciding, "_decide")
    sweep_against(at_once, changing)
    found = Membership.objects.get()
    assert (found.state, found.role) == ("approved", "member")
