"""What a server has answered is written down, whatever goes wrong beside it."""

from collections.abc import Callable

import pytest
from django.db import OperationalError

from core import clock
from mail.enums import Outcome
from mail.models import Message, Suppression
from mail.services import delivery, ledger, sweeping
from mail.services.writing import Desk
from mail.transport import Answer, Connection
from tests.factories.mail import ask, deliver_all
from tests.services.mailserver import MailServer
from tests.services.smtpscript import CLOSE, ScriptedServer

pytestmark = pytest.mark.django_db


def states() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


@pytest.mark.parametrize(("stream", "sent"), [("bulk", 2), ("transactional", 1)])
def test_a_fault_while_the_next_are_written_loses_no_answer(
    mail_server: MailServer, monkeypatch, settings, stream: str, sent: int
) -> None:
    settings.MAIL_GROUP_SIZES = {"bulk": 2, "transactional": 1}
    for _n in range(3):
        ask(stream=stream)
    drop = ledger.drop

    def breaks_at_the_second(**given) -> None:
        monkeypatch.setattr(ledger, "drop", breaks)
        drop(**given)

    def breaks(**given) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(ledger, "drop", breaks_at_the_second)
    with pytest.raises(OperationalError):
        delivery.deliver(stream=stream)
    assert (states(), len(mail_server.accepted)) == (["accepted"] * sent + ["queued"] * (3 - sent), sent)


def test_a_fault_is_told_of_also_where_the_server_shuts_its_door_in_that_moment(monkeypatch) -> None:
    for _n in range(3):
        ask()
    next_group = Desk.next_group

    def breaks(*_given) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    def breaks_at_the_second(self, size: int) -> list:
        monkeypatch.setattr(Desk, "next_group", breaks)
        return next_group(self, size)

    monkeypatch.setattr(Desk, "next_group", breaks_at_the_second)
    monkeypatch.setattr(Connection, "connect", lambda self: None)
    monkeypatch.setattr(Connection, "hand_over", lambda self, letters: [Answer(Outcome.UNREACHABLE, 421, "Closing")])
    with pytest.raises(OperationalError):
        delivery.deliver(stream="transactional")
    assert states() == ["deferred"] * 3


@pytest.mark.parametrize(
    ("stream", "known"),
    [
        ("bulk", ["accepted", "deferred", "queued", "leased", "leased"]),
        ("transactional", ["accepted", "deferred", "leased", "leased", "leased"]),
    ],
)
def test_answers_are_written_down_before_the_server_is_called_anew(
    scripted: Callable[..., ScriptedServer], monkeypatch, settings, stream: str, known: list[str]
) -> None:
    settings.MAIL_GROUP_SIZES = {"bulk": 3, "transactional": 1}
    scripted().script = {("RCPT", "p1@city.example"): CLOSE}
    for number in range(5):
        ask(to=f"p{number}@city.example", stream=stream)
    seen: list[list[str]] = []
    connect = Connection.connect

    def connecting(self: Connection) -> None:
        # A server that hangs may take longer to connect to than the lease lasts.
        if self._smtp is None:
            seen.append(states())
        connect(self)

    monkeypatch.setattr(Connection, "connect", connecting)
    delivery.deliver(stream=stream)
    assert seen == [["leased"] * 5, known]


def test_an_address_that_cannot_be_put_on_the_list_costs_no_neighbour_its_answer(
    mail_server: MailServer, monkeypatch
) -> None:
    def breaks(**given) -> None:
        raise OperationalError("deadlock detected")

    for name in ("a", "gone", "c"):
        ask(to=f"{name}@city.example", stream="bulk")
    mail_server.refuse("gone@city.example", "550 5.1.1 unknown")
    monkeypatch.setattr(delivery, "suppress_bounced", breaks)
    deliver_all("bulk")
    assert (states(), Suppression.objects.count()) == (["accepted", "failed", "accepted"], 0)


def test_a_late_answer_takes_the_message_out_of_the_hand_of_who_would_send_it_again(
    mail_server: MailServer, monkeypatch
) -> None:
    message = ask()
    others: list[ledger.Lease] = []
    hand_over = Connection.hand_over

    def slowly(self: Connection, letters) -> list[Answer]:
        answers = hand_over(self, letters)
        if not others:
            Message.objects.update(leased_until=clock.now())
            assert sweeping.sweep().repeated == 1
            others.append(ledger.lease(stream="transactional", limit=1))
        return answers

    monkeypatch.setattr(Connection, "hand_over", slowly)
    delivery.deliver(stream="transactional")
    [other] = others
    assert [one.pk for one in other.messages] == [message.pk]
    assert ledger.turn(lease=other, closing=[], opening=[one.opening for one in Desk(other).next_group(1)]) == set()
    message.refresh_from_db()
    assert (message.state, message.lease_id, len(mail_server.accepted)) == ("accepted", None, 1)
    assert deliver_all() == 0
