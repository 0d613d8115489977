"""An account is ended while a decision is held or carried out that its person took, or that is about their request.

Who decides is asked for by `may_be_given`, and the end of who asked takes the lock of their city first of all.
"""

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models.deletion import Collector

from accounts.enums import Channel
from accounts.models import DataRequest, User
from accounts.services import ending, erase, subject_of
from learning.services import erasing
from municipalities.errors import Gone, NotYours
from municipalities.models import HeldDecision, Membership
from municipalities.services import carry_out_decisions, holding
from tests.factories.accounts import editor
from tests.municipalities.decisions import approve, with_team
from tests.races.meeting import Later, meet, meet_before

pytestmark = pytest.mark.django_db(transaction=True)

WHO = pytest.mark.parametrize("who", ["decider", "asker"])


@pytest.fixture
def meet_before_carrying_out(monkeypatch):
    """Have the sweep meet the others when it has found a decision due and has begun to carry it out."""
    meet_before(monkeypatch, HeldDecision, "delete")


@pytest.fixture
def meet_before_deleting(monkeypatch):
    """Have an erasure meet the others when it has locked the account and looked for all that goes with it."""
    deletes = Collector.delete

    def slowly(collector: Collector) -> Any:
        if User in collector.data:
            meet()
        return deletes(collector)

    monkeypatch.setattr(Collector, "delete", slowly)


@pytest.fixture
def unasked(monkeypatch):
    """Neither tell that an account is being ended nor ask, and end one without the lock of its cities."""
    monkeypatch.setattr(ending, "before_ending", lambda **of: None)
    monkeypatch.setattr(holding, "may_be_given", lambda **of: True)
    monkeypatch.setattr(erasing, "locks", SimpleNamespace(local_government=lambda key: None))


def ends(person: User) -> DataRequest:
    return erase(subject=subject_of(person), channel=Channel.SELF)


def due(who: str) -> tuple[HeldDecision, User]:
    """Return an approval that is due, and who is to be erased of the two that it has to do with."""
    by, asked = editor(), with_team("Bo")
    decision = approve(asked, by)
    HeldDecision.objects.update(takes_effect_at=decision.decided_at)
    return decision, by if who == "decider" else asked.person


def came(decision: HeldDecision, swept: Any, erased: Any) -> tuple[bool, bool]:
    """Return whether the sweep carried the decision out, and whether the account was ended."""
    return swept == [decision.pk], isinstance(erased, DataRequest)


def swept_first(at_once, who: str) -> tuple[bool, bool]:
    """Erase somebody while a sweep carries a decision out."""
    decision, person = due(who)
    return came(decision, *at_once([carry_out_decisions, Later(lambda: ends(person))]))


def erased_first(at_once, who: str) -> tuple[bool, bool]:
    """Let a sweep come while somebody is erased."""
    decision, person = due(who)
    erased, swept = at_once([lambda: ends(person), Later(carry_out_decisions)])
    return came(decision, swept, erased)


@WHO
def test_who_is_erased_while_a_decision_is_carried_out_goes_afterwards(at_once, meet_before_carrying_out, who):
    assert swept_first(at_once, who) == (True, True)
    left = Membership.objects.values_list("state", "decided_by")
    assert (HeldDecision.objects.count(), list(left)) == (0, [("approved", None)] if who == "decider" else [])


@WHO
def test_control_unasked_one_of_the_two_is_broken_off(at_once, meet_before_carrying_out, unasked, who):
    assert swept_first(at_once, who) != (True, True)


def is_anything_broken_off(caplog) -> bool:
    """Return whether a sweep, which goes on with the next decision, has said that it could not carry one out."""
    return any("could not be carried out" in one.getMessage() for one in caplog.records)


@WHO
def test_nothing_is_carried_out_while_somebody_is_erased(at_once, meet_before_deleting, caplog, who):
    assert (erased_first(at_once, who), is_anything_broken_off(caplog)) == ((False, True), False)
    left = Membership.objects.values_list("state", flat=True)
    assert (HeldDecision.objects.count(), list(left)) == (0, ["asked"] if who == "decider" else [])


@WHO
def test_control_unasked_one_of_them_is_broken_off_there_too(at_once, meet_before_deleting, unasked, caplog, who):
    _is_carried_out, is_erased = erased_first(at_once, who)
    assert is_erased is is_anything_broken_off(caplog)


def held_while_erased(at_once, who: str) -> list[type]:
    """Approve while the one who approves, or who asked, is erased; return what came of the erasure and of that."""
    by, asked = editor(), with_team("Bo")
    person = by if who == "decider" else asked.person
    return [type(one) for one in at_once([lambda: ends(person), Later(lambda: approve(asked, by))])]


@WHO
def test_nothing_is_held_that_leads_to_an_account_that_is_being_ended(at_once, meet_before_deleting, who):
    assert held_while_erased(at_once, who) == [DataRequest, NotYours if who == "decider" else Gone]
    assert HeldDecision.objects.count() == 0


@WHO
def test_control_unasked_it_would_lead_to_an_account_that_is_gone(at_once, meet_before_deleting, unasked, who):
    assert IntegrityError in held_while_erased(at_once, who)
