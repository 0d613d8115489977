"""Several workers, sweeps and callers at once on a real database; each proof fails when its lock is taken away."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from core import clock
from mail import mime, rules
from mail.enums import Outcome, State
from mail.models import Attempt, Message
from mail.services import delivery, enqueueing, ledger, resend, sweeping, turning, withdraw
from mail.services.ledger import Opening
from mail.services.resending import CannotResend
from mail.transport import Answer, Connection
from tests.factories.accounts import PersonFactory
from tests.factories.mail import ask
from tests.races.meeting import GATE, Later, at_once, meet, meet_before
from tests.services.smtpscript import ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)
Start = Callable[..., ScriptedServer]


@contextmanager
def without(monkeypatch: pytest.MonkeyPatch, module: object, name: str, *texts: tuple[str, str]) -> Iterator[None]:
    """Take words out of a statement; each must have been there."""
    statement = getattr(module, name)
    for there, instead in texts:
        assert there in statement
        statement = statement.replace(there, instead)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, statement)
        turning.statement.cache_clear()
        yield
    turning.statement.cache_clear()


# All workers see the same rows waiting before one of them takes any.
AT_THE_GATE = ("ORDER BY due_at, id FOR", f"{GATE} ORDER BY due_at, id FOR")
NO_LOCK = (" FOR UPDATE SKIP LOCKED", "")
NO_SECOND_LOOK = (")) AND state IN ('queued', 'deferred')", "))")
NO_GUARD = ("mail_message.state = 'leased' AND mail_message.lease_id = %(lease)s", "TRUE")


def deliver_with(workers: int, stream: str) -> None:
    results = at_once([lambda: delivery.deliver(stream=stream)] * workers, gate=True)
    assert not [one for one in results if isinstance(one, Exception)], results


@pytest.mark.rounds(25)
@pytest.mark.parametrize("stream", ["transactional", "bulk"])
def test_four_workers_on_one_queue_send_each_message_once(
    scripted: Start, stream: str, monkeypatch: pytest.MonkeyPatch, settings
) -> None:
    settings.MAIL_BATCH_SIZES = {"transactional": 10, "bulk": 10}
    server = scripted()
    messages = [ask(stream=stream) for _n in range(40)]
    with without(monkeypatch, ledger, "_LEASE", AT_THE_GATE):
        deliver_with(4, stream)
    assert server.recipients() == dict.fromkeys((message.to_address for message in messages), 1)
    assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}
    assert Attempt.objects.count() == 40


@pytest.mark.parametrize("stream", ["transactional", "bulk"])
def test_negative_control_without_lock_and_guard_messages_double(
    scripted: Start, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = scripted()
    for _n in range(10):
        ask(stream=stream)
    opened = "_OPEN_PREPARED"
    with (
        without(monkeypatch, ledger, "_LEASE", AT_THE_GATE, NO_LOCK, NO_SECOND_LOOK),
        without(monkeypatch, turning, opened, NO_GUARD),
        pytest.MonkeyPatch.context() as patch,
    ):
        # Both hold the same messages before either begins, and have begun the same before either hands over.
        meet_before(patch, delivery, "_work_through")
        meet_before(patch, Connection, "hand_over")
        patch.setattr(ledger, "release", lambda *, lease: 0)
        at_once([lambda: delivery.deliver(stream=stream)] * 2, gate=True)
    assert max(server.recipients().values()) == 2


def test_the_second_look_alone_keeps_a_worker_from_taking_back_what_another_has_started(
    scripted: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = scripted()
    for _n in range(10):
        ask()
    with without(monkeypatch, ledger, "_LEASE", AT_THE_GATE, NO_LOCK):
        deliver_with(2, "transactional")
        deliver_with(2, "transactional")
    assert set(server.recipients().values()) == {1}
    assert len(server.accepted) == 10


def withdrawn_in_mid_flight(server: ScriptedServer) -> tuple[int, str]:
    """Withdraw a message between its being taken and its start; return how often it was sent, and its state."""
    message = ask(key="k", to="a@city.example")
    lease = ledger.lease(stream="transactional", limit=1)
    assert withdraw(keys=["k"]) == 1
    delivery._work_through(lease)
    message.refresh_from_db()
    return server.recipients()["a@city.example"], message.state


def test_a_withdrawn_message_is_not_sent_by_whoever_holds_it(scripted: Start) -> None:
    assert withdrawn_in_mid_flight(scripted()) == (0, "cancelled")


def test_negative_control_without_the_guard_the_start_itself_collides_with_the_withdrawal(
    scripted: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = scripted()
    # Even without it the database refuses a started message that nobody holds.
    with (
        without(monkeypatch, turning, "_OPEN_PREPARED", NO_GUARD),
        pytest.raises(IntegrityError, match="mail_message_"),
    ):
        withdrawn_in_mid_flight(server)


def lost(number: int) -> None:
    """Leave messages as a killed worker does."""
    for _n in range(number):
        ask()
    lease = ledger.lease(stream="transactional", limit=number)
    ledger.turn(lease=lease, closing=[], opening=[Opening(one, None) for one in lease.messages])
    Message.objects.update(leased_until=clock.now())


def sweep_twice_at_once(*, has_gate: bool = False) -> tuple[Counter, int]:
    results = at_once([sweeping.sweep] * 2, gate=has_gate)
    assert not [one for one in results if isinstance(one, Exception)], results
    return Counter(Message.objects.values_list("state", "repeats")), sum(one.repeated for one in results)


@pytest.mark.rounds(40)
def test_two_sweeps_at_once_do_no_more_than_one() -> None:
    lost(30)
    assert sweep_twice_at_once() == ({("queued", 1): 30}, 30)
    assert Attempt.objects.count() == 30


def test_negative_control_two_sweeps_without_the_lock_repeat_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    lost(30)
    at_the_gate = ("AND leased_until < %(now)s", f"AND leased_until < %(now)s {GATE}")
    with without(monkeypatch, sweeping, "_SETTLE", at_the_gate, ("FOR UPDATE SKIP LOCKED", "")):
        found, repeated = sweep_twice_at_once(has_gate=True)
    assert (found, repeated) == ({("queued", 2): 30}, 60)


def ask_at_once(number: int) -> list[object]:
    def work() -> object:
        return ask(key="the same", to="a@city.example").pk

    return at_once([work] * number)


@pytest.mark.rounds(40)
def test_sixteen_callers_with_one_key_make_one_message() -> None:
    results = ask_at_once(16)
    assert len(set(results)) == 1, results
    assert Message.objects.count() == 1


def test_negative_control_callers_collide_when_the_conflict_is_not_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    def statement(columns: tuple[str, ...]) -> str:
        marks = ", ".join(["%s"] * len(columns))
        return f"INSERT INTO mail_message ({', '.join(columns)}) VALUES ({marks}) RETURNING id"

    monkeypatch.setattr(enqueueing, "_statement", statement)
    results = ask_at_once(16)
    assert sum(isinstance(one, IntegrityError) for one in results) == 15


def test_two_members_of_staff_who_send_again_at_once_make_one_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    by = PersonFactory()

    def copies(message: Message) -> int:
        calls = [lambda: resend(message_pk=message.pk, by=by, reason="Lost")] * 4
        refused = [one for one in at_once(calls) if isinstance(one, Exception)]
        assert {type(one) for one in refused} <= {CannotResend, IntegrityError}, refused
        return message.resends.count()

    def failed() -> Message:
        message = ask()
        Message.objects.filter(pk=message.pk).update(state="failed", reason="refused", finished_at=clock.now())
        return message

    assert copies(failed()) == 1
    # Without the look under the lock each of them would make a copy of their own.
    monkeypatch.setattr("mail.services.resending.FINAL", set(State.values))
    assert copies(failed()) == 4


def close_against_somebody_with_another_order() -> list[object]:
    """Close two messages while somebody holds the second and then wants the first; the closer is the one to give way."""
    for number in (1, 2):
        ask(to=f"p{number}@city.example")
    lease = ledger.lease(stream="transactional", limit=2)
    ledger.turn(lease=lease, closing=[], opening=[Opening(one, mime.Content("S", "Text")) for one in lease.messages])
    first, second = lease.messages
    accepted = [rules.verdict(one, Answer(Outcome.ACCEPTED, 250, "OK"), now=clock.now()) for one in lease.messages]

    def other_order() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '20s'")
            cursor.execute("SELECT FROM mail_message WHERE id = %s FOR UPDATE", [second.pk])
            meet()
            cursor.execute("SELECT FROM mail_message WHERE id = %s FOR UPDATE", [first.pk])

    def close() -> None:
        with connection.cursor() as cursor:
            # PostgreSQL looks once after so long; by then the other one must want the first.
            cursor.execute("SET deadlock_timeout = '1s'")
        ledger.turn(lease=lease, closing=accepted, opening=[])

    return at_once([other_order, Later(close)])


def test_an_answer_survives_a_deadlock_with_whoever_locks_in_another_order() -> None:
    assert close_against_somebody_with_another_order() == [None, None]
    assert list(Message.objects.values_list("state", flat=True)) == ["accepted", "accepted"]


def test_without_insisting_the_answer_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MOST_DEADLOCKS", 1)
    told = close_against_somebody_with_another_order()
    assert isinstance(told[1], OperationalError)
    assert list(Message.objects.values_list("state", flat=True)) == ["started", "started"]
