"""Two decisions about one address at once; each with a control that takes the lock away and must go wrong."""

from typing import Any

import pytest

from accounts.models import ConsentRecord
from mail.models import Message
from newsletter import wording
from newsletter.enums import LeftWhy, SubscriberState
from newsletter.models import Subscriber
from newsletter.services import ask, ask_no_more, block_address, confirm, leave, rowlock, subscribing
from tests.factories import newsletter as make
from tests.factories.accounts import PersonFactory
from tests.races.meeting import Later, meet, meet_after

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL = "ana@city.example"
CLIENTS = 8


@pytest.fixture
def meet_with_the_row(monkeypatch):
    """Have both meet between looking at the row and deciding."""
    meet_after(monkeypatch, rowlock, "lock")


@pytest.fixture
def without_lock(monkeypatch):
    """Read the row without locking it, and meet there."""
    monkeypatch.setattr(rowlock, "lock", lambda pk: Subscriber.objects.get(pk=pk))
    meet_after(monkeypatch, rowlock, "lock")


def asks() -> None:
    ask(
        email=EMAIL,
        language="en",
        country="",
        interests=[],
        channel="/en/news/subscribe/",
        wording=wording.agreeing(),
    )


def leaves(subscriber: Subscriber) -> Any:
    return lambda: leave(subscriber_id=subscriber.pk, why=LeftWhy.LINK, channel="/news/unsubscribe/")


def wants_no_question(subscriber: Subscriber) -> Any:
    return lambda: ask_no_more(subscriber_id=subscriber.pk, channel="/news/unwanted/")


def log() -> list[bool]:
    return list(ConsentRecord.objects.order_by("pk").values_list("given", flat=True))


def yes_and_no(at_once, no: Any = leaves) -> tuple[bool, str, list[bool]]:
    """Confirm and say no at once; return whether both went through, the state, and the log of consents."""
    subscriber = make.subscriber(EMAIL, state=SubscriberState.ASKED)
    answers = at_once([lambda: confirm(subscriber_id=subscriber.pk), no(subscriber)])
    both = not any(isinstance(answer, Exception) for answer in answers)
    return both, Subscriber.objects.get().state, log()


@pytest.mark.parametrize(("no", "state"), [(leaves, "left"), (wants_no_question, "blocked")])
def test_yes_and_no_at_once_end_in_no_whichever_came_first(at_once, meet_with_the_row, no, state):
    assert yes_and_no(at_once, no) in [(True, state, [True, False]), (False, state, [])]


@pytest.mark.parametrize("no", [leaves, wants_no_question])
def test_without_the_lock_a_consent_would_stand_that_was_taken_back(at_once, without_lock, no):
    both, _state, consents = yes_and_no(at_once, no)
    assert (both, consents) == (True, [True])


def asked_and_blocked(at_once) -> tuple[str, list[Exception]]:
    """Let staff block an address which somebody asks for in that moment; return the state, and what failed."""
    make.subscriber(EMAIL, state=SubscriberState.LEFT)
    staff = PersonFactory()
    answers = at_once([asks, Later(lambda: block_address(email=EMAIL, by=staff, reason="A trap"))])
    return Subscriber.objects.get().state, [one for one in answers if isinstance(one, Exception)]


def test_who_asks_while_staff_block_the_address_does_not_lift_the_block(at_once, monkeypatch):
    meet_after(monkeypatch, subscribing, "_found_or_made")
    assert asked_and_blocked(at_once) == ("blocked", [])


def test_without_the_lock_who_asked_before_the_block_would_lift_it(at_once, monkeypatch):
    monkeypatch.setattr(rowlock, "lock", lambda pk: Subscriber.objects.get(pk=pk))
    monkeypatch.setattr(rowlock, "found_or_made", lambda made: Subscriber.objects.get(email_key=made.email_key).pk)
    meet_after(monkeypatch, subscribing, "_found_or_made")
    assert asked_and_blocked(at_once)[0] == "asked"


def test_two_clicks_at_once_are_one_withdrawal(at_once, meet_with_the_row):
    at_once([leaves(make.subscriber(EMAIL))] * 2)
    assert log() == [False]


def test_without_the_lock_they_would_be_two(at_once, without_lock):
    at_once([leaves(make.subscriber(EMAIL))] * 2)
    assert log() == [False, False]


@pytest.mark.rounds(40)
def test_one_address_asked_for_many_times_at_once_is_one_row_and_one_mail(at_once):
    answers = at_once([asks] * CLIENTS)
    assert answers == [None] * CLIENTS
    assert (Subscriber.objects.count(), Message.objects.count()) == (1, 1)


def test_without_the_one_statement_some_would_fail(at_once, monkeypatch):
    def looked_up(email: str, language: str, said: dict) -> tuple[Subscriber, bool]:
        found = Subscriber.objects.filter(email_key=email).first()
        meet()
        return found or Subscriber.objects.create(email=email, email_key=email, language=language, wording=said), True

    monkeypatch.setattr(subscribing, "_found_or_made", looked_up)
    answers = at_once([asks] * CLIENTS)
    assert [type(answer).__name__ for answer in answers].count("IntegrityError") == CLIENTS - 1
