"""Between writing a message and handing it over: connecting, a rate and those before it may take minutes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from core import clock
from mail import kinds, rates
from mail.kinds import NoLongerMakesSense, Rendering
from mail.models import Message
from mail.services import delivery, enqueue, ledger, sweeping
from mail.transport import Connection
from tests.factories.mail import ask

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("stream", ["transactional", "bulk"])
def test_nothing_is_begun_when_connecting_or_the_rate_has_outlasted_the_lease(
    mail_server, settings, monkeypatch, stream
):
    connect, wait = Connection.connect, rates.seconds_to_wait
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False) as time:
        slow = {
            "connect": lambda self: (time.shift(timedelta(seconds=settings.MAIL_LEASE_SECONDS)), connect(self)),
            "rate": lambda *given: time.shift(timedelta(seconds=settings.MAIL_LEASE_SECONDS)) or wait(*given),
        }
        for place, name, what in ((Connection, "connect", "connect"), (rates, "seconds_to_wait", "rate")):
            with monkeypatch.context() as patch:
                patch.setattr(place, name, slow[what])
                ask(stream=stream)
                delivery.deliver(stream=stream)
            assert set(Message.objects.values_list("state", "attempts")) == {("queued", 0)}
    assert mail_server.accepted == []


def _sense(of: list[int]) -> Callable[[Message], Rendering]:
    """Write only messages whose number still stands in a list."""

    def render(message: Message) -> Rendering:
        if message.params["number"] not in of:
            raise NoLongerMakesSense("It is over.")
        return Rendering(subject="A", template="mail/notice", context={"paragraphs": ["B"], "reason": "C"})

    return render


@pytest.mark.parametrize("stream", ["transactional", "bulk"])
@pytest.mark.parametrize("how", ["expired", "senseless"])
def test_what_ends_between_writing_and_handing_over_does_not_leave(mail_server, settings, monkeypatch, stream, how):
    """Behind a server to which connecting takes a minute."""
    true = [1, 2]
    monkeypatch.setitem(kinds._registered, "test-sense", kinds.MailKind("test-sense", _sense(true), "Test"))
    connect = Connection.connect
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False) as time:
        end = clock.now() + timedelta(seconds=30)
        for number in true:
            ends = {"expires_at": end} if number == 1 and how == "expired" else {}
            given = {"kind": "test-sense", "language": "en", "params": {"number": number}, "stream": stream, **ends}
            enqueue(key=str(number), to=f"p{number}@city.example", **given)

        def slowly(self):
            if not self.is_open:
                time.shift(timedelta(minutes=1))
                true.remove(1) if how == "senseless" else None
            connect(self)

        monkeypatch.setattr(Connection, "connect", slowly)
        delivery.deliver(stream=stream)
        states = list(Message.objects.order_by("pk").values_list("state", "reason", "attempts"))
        assert states == [("cancelled", how, 0), ("accepted", "", 1)]
    assert list(mail_server.recipients()) == ["p2@city.example"]


@pytest.mark.parametrize("stream", ["transactional", "bulk"])
def test_the_statement_that_starts_a_message_refuses_what_has_expired_in_the_seconds_since_it_was_written(
    mail_server, monkeypatch, stream
):
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False) as time:
        late = ask(stream=stream, expires_at=clock.now() + timedelta(seconds=2))
        fine = ask(stream=stream, expires_at=clock.now() + timedelta(seconds=4))
        turn = ledger.turn

        def slowly(**given):
            if given["opening"] and late.pk in {one.message.pk for one in given["opening"]}:
                time.shift(timedelta(seconds=2))
            return turn(**given)

        monkeypatch.setattr(ledger, "turn", slowly)
        delivery.deliver(stream=stream)
        sweeping.sweep()
    states = Message.objects.order_by("pk").values_list("pk", "state", "reason", "attempts")
    assert list(states) == [(late.pk, "cancelled", "expired", 0), (fine.pk, "accepted", "", 1)]
    assert list(mail_server.recipients()) == [fine.to_address]


def test_a_mail_to_one_that_lost_its_sense_while_the_one_before_it_was_handed_over_does_not_leave(
    mail_server, monkeypatch
):
    true = [1, 2, 3]
    monkeypatch.setitem(kinds._registered, "test-sense", kinds.MailKind("test-sense", _sense(true), "Test"))
    for number in true:
        enqueue(
            key=str(number),
            kind="test-sense",
            to=f"p{number}@city.example",
            language="en",
            params={"number": number},
        )
    handed_over = delivery._handed_over
    with time_machine.travel(clock.now() + timedelta(seconds=1), tick=False) as time:

        def slowly(road, sending):
            # The second was written before the first was handed over.
            if 2 in true:
                true.remove(2)
                time.shift(timedelta(seconds=10))
            return handed_over(road, sending)

        monkeypatch.setattr(delivery, "_handed_over", slowly)
        delivery.deliver(stream="transactional")
    assert [message.state for message in Message.objects.order_by("pk")] == ["accepted", "cancelled", "accepted"]
    assert list(mail_server.recipients()) == ["p1@city.example", "p3@city.example"]
