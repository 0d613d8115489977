"""One batch from the queue to the server's answer, and what each answer does to its message."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from core import clock
from mail import rendering
from mail.enums import Outcome
from mail.models import Attempt, Message
from mail.services import delivery, enqueue, ledger, withdraw
from mail.transport import Answer, Connection
from tests.factories.mail import ask, deliver_all
from tests.services.mailserver import MailServer
from tests.services.smtpscript import ScriptedServer

Start = Callable[..., ScriptedServer]
pytestmark = pytest.mark.django_db
each_stream = pytest.mark.parametrize("stream", ["transactional", "bulk"])


def state(message: Message) -> tuple[str, str, int, str]:
    message.refresh_from_db()
    return message.state, message.reason, message.attempts, message.last_reply


@each_stream
def test_what_is_due_leaves_once_in_the_order_in_which_it_is_due(mail_server: MailServer, stream: str) -> None:
    now = clock.now()
    for minutes in (3, 1, 2):
        ask(to=f"due{minutes}@city.example", stream=stream, due_at=now - timedelta(minutes=minutes))
    later = ask(to="later@city.example", stream=stream, due_at=now + timedelta(minutes=1))
    other = ask(to="other@city.example", stream={"bulk": "transactional"}.get(stream, "bulk"))
    assert deliver_all(stream) == 3
    assert [one.recipients[0] for one in mail_server.accepted] == [f"due{n}@city.example" for n in (3, 2, 1)]
    assert state(later) == state(other) == ("queued", "", 0, "")
    assert deliver_all(stream) == 0


@each_stream
def test_an_accepted_message_keeps_what_went_out_and_the_answer(
    mail_server: MailServer, notice: str, stream: str
) -> None:
    message = enqueue(
        key="k", kind=notice, to="a@city.example", to_name="Zoë", language="fr", params={"number": 7}, stream=stream
    )
    assert deliver_all(stream) == 1
    assert state(message) == ("accepted", "", 1, "OK")
    (sent,) = mail_server.to("a@city.example")
    assert sent["Subject"] == message.subject == "Number 7 in fr"
    assert sent["Content-Language"] == "fr"
    assert sent["Message-ID"] == message.message_id
    assert "Hello <b>Zoë</b> & co" in message.text
    assert "Hello &lt;b&gt;Zoë&lt;/b&gt; &amp; co" in message.html
    body = sent.get_body(("html",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n").strip() == message.html.strip()
    attempt = Attempt.objects.get()
    assert (attempt.message, attempt.number, attempt.code, attempt.reply) == (message, 1, 250, "OK")
    assert attempt.started_at == message.started_at
    assert attempt.answered_at >= message.finished_at
    assert (message.lease_id, message.leased_until) == (None, None)


@each_stream
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("550 5.1.1 No such mailbox", ("failed", "refused", 1, "5.1.1 No such mailbox")),
        ("450 4.2.1 Busy", ("deferred", "later", 1, "4.2.1 Busy")),
        ("452 4.2.2 Full", ("deferred", "later", 1, "4.2.2 Full")),
        ("530 5.7.0 Authenticate first", ("deferred", "unreachable", 1, "5.7.0 Authenticate first")),
    ],
)
def test_an_answer_decides_what_becomes_of_the_message(
    mail_server: MailServer, stream: str, reply: str, expected: tuple
) -> None:
    message = ask(to="a@city.example", stream=stream)
    mail_server.refuse("a@city.example", reply)
    before = clock.now()
    deliver_all(stream)
    assert state(message) == expected
    assert Attempt.objects.get().code == int(reply[:3])
    if message.state == "deferred":
        first = {"450": 300, "452": 1800, "530": 60}[reply[:3]]
        assert timedelta(seconds=first / 2) <= message.due_at - before <= timedelta(seconds=first * 1.5 + 5)


def test_retries_double_are_scattered_and_end_when_the_time_is_up(
    mail_server: MailServer, time_machine, settings
) -> None:
    start = clock.now().replace(microsecond=0)
    time_machine.move_to(start, tick=False)
    message = ask(to="a@city.example")
    mail_server.refuse("a@city.example", "471 Later")
    waits: list[float] = []
    while state(message)[0] in {"queued", "deferred"}:
        time_machine.move_to(max(message.due_at, clock.now()), tick=False)
        began = clock.now()
        deliver_all()
        message.refresh_from_db()
        waits.append((message.due_at - began).total_seconds())
    assert state(message) == ("failed", "gave_up", len(waits), "Later")
    assert 30 <= waits[0] <= 90
    assert max(waits) <= 1.5 * settings.MAIL_RETRY_LONGEST_SECONDS
    tried_for = message.finished_at - message.first_tried_at
    assert timedelta(seconds=settings.MAIL_GIVE_UP_SECONDS) <= tried_for
    assert tried_for <= timedelta(seconds=settings.MAIL_GIVE_UP_SECONDS + 1.5 * settings.MAIL_RETRY_LONGEST_SECONDS)
    assert 15 <= len(waits) <= 60
    assert [attempt.number for attempt in message.tries.all()] == list(range(1, len(waits) + 1))


@each_stream
def test_a_message_that_makes_no_sense_any_more_is_cancelled_with_the_reason(
    mail_server: MailServer, notice: str, stream: str
) -> None:
    gone = enqueue(key="k", kind=notice, to="a@city.example", language="en", params={"number": 0}, stream=stream)
    late = ask(stream=stream, expires_at=clock.now() - timedelta(seconds=1))
    fine = ask(stream=stream)
    deliver_all(stream)
    assert state(gone) == ("cancelled", "senseless", 0, "Number 0 is gone.")
    assert state(late) == ("cancelled", "expired", 0, "")
    assert state(fine)[0] == "accepted"
    assert len(mail_server.accepted) == 1


@each_stream
def test_a_faulty_template_puts_its_own_message_off_and_no_other(
    mail_server: MailServer, notice: str, stream: str, caplog, time_machine, settings
) -> None:
    faulty = enqueue(key="k", kind=notice, to="a@city.example", language="en", params={"number": 13}, stream=stream)
    fine = ask(stream=stream)
    deliver_all(stream)
    assert state(faulty) == ("deferred", "unrenderable", 0, "ZeroDivisionError")
    assert faulty.due_at > clock.now()
    assert state(fine)[0] == "accepted"
    assert "could not be written" in caplog.text
    assert "a@city.example" not in caplog.text
    time_machine.move_to(clock.now() + timedelta(seconds=settings.MAIL_GIVE_UP_SECONDS))
    deliver_all(stream)
    assert state(faulty) == ("failed", "unrenderable", 0, "ZeroDivisionError")


@each_stream
def test_a_message_withdrawn_while_a_worker_holds_it_is_not_sent(
    mail_server: MailServer, stream: str, monkeypatch
) -> None:
    messages = [ask(key=f"k{n}", to=f"p{n}@city.example", stream=stream) for n in range(3)]
    original = rendering.render

    def render(message):
        if message.key == "k1":
            withdraw(keys=["k1"])
        return original(message)

    monkeypatch.setattr(rendering, "render", render)
    deliver_all(stream)
    assert [state(message)[0] for message in messages] == ["accepted", "cancelled", "accepted"]
    assert "p1@city.example" not in mail_server.recipients()


@each_stream
def test_a_lease_that_another_worker_has_taken_over_is_not_sent_twice(mail_server: MailServer, stream: str) -> None:
    message = ask(stream=stream)
    slow = ledger.lease(stream=stream, limit=5)
    Message.objects.update(state="queued", lease_id=None, leased_until=None)
    deliver_all(stream)
    delivery._work_through(slow)
    assert state(message)[0] == "accepted"
    assert len(mail_server.accepted) == 1


def test_one_connection_serves_a_batch(scripted: Start) -> None:
    server = scripted()
    for _n in range(20):
        ask()
    deliver_all()
    assert (server.connections, len(server.accepted)) == (1, 20)


def test_a_full_batch_calls_for_help_while_it_goes_on(scripted: Start, settings) -> None:
    scripted()
    settings.MAIL_BATCH_SIZES = {**settings.MAIL_BATCH_SIZES, "transactional": 2}
    calls: list[int] = []
    for _n in range(3):
        ask()
    waiting = Message.objects.filter(state="queued")
    delivery.deliver(stream="transactional", ring=lambda: calls.append(waiting.count()))
    assert calls == [1]
    delivery.deliver(stream="transactional", ring=lambda: calls.append(waiting.count()))
    assert calls == [1]


@each_stream
def test_a_full_batch_of_which_nothing_leaves_calls_for_help_too(
    mail_server: MailServer, notice: str, settings, stream: str
) -> None:
    settings.MAIL_BATCH_SIZES = {"transactional": 2, "bulk": 2}
    for number in range(3):
        gone = {"language": "en", "params": {"number": 0}, "stream": stream}
        enqueue(key=f"k{number}", kind=notice, to="a@city.example", **gone)
    calls: list[int] = []
    waiting = Message.objects.filter(state="queued")
    for _n in range(2):
        delivery.deliver(stream=stream, ring=lambda: calls.append(waiting.count()))
    assert calls == [1]
    assert mail_server.accepted == []


def test_a_bulk_group_is_closed_before_the_next_is_written(
    mail_server: MailServer, notice: str, monkeypatch, settings
) -> None:
    settings.MAIL_GROUP_SIZES = {**settings.MAIL_GROUP_SIZES, "bulk": 2}
    for number in range(1, 5):
        enqueue(
            key=str(number),
            kind=notice,
            to=f"p{number}@city.example",
            language="en",
            params={"number": number},
            stream="bulk",
        )
    seen: list[int] = []
    original = rendering.render

    def render(message):
        seen.append(Message.objects.filter(state="started").count())
        return original(message)

    monkeypatch.setattr(rendering, "render", render)
    deliver_all("bulk")
    assert seen == [0, 0, 0, 0]


def test_what_could_not_be_begun_goes_back_as_if_it_had_never_been_taken(monkeypatch, settings) -> None:
    monkeypatch.setattr(Connection, "connect", lambda self: None)
    monkeypatch.setattr(Connection, "hand_over", lambda self, letters: [Answer(Outcome.UNTRIED)] * len(letters))
    messages = [ask(stream="bulk") for _n in range(3)]
    delivery.deliver(stream="bulk")
    assert [state(message)[:3] for message in messages] == [("queued", "", 0)] * 3
    assert not Attempt.objects.exists()


def test_an_answer_that_comes_after_the_sweep_gave_up_on_the_worker_still_counts(monkeypatch, settings) -> None:
    from mail.services import sweeping

    monkeypatch.setattr(Connection, "connect", lambda self: None)

    def slow(self, letters):
        Message.objects.filter(state="started").update(leased_until=clock.now() - timedelta(seconds=1))
        sweeping.sweep()
        return [Answer(Outcome.ACCEPTED, 250, "OK")] * len(letters)

    monkeypatch.setattr(Connection, "hand_over", slow)
    bulk, single = ask(stream="bulk"), ask()
    delivery.deliver(stream="bulk")
    delivery.deliver(stream="transactional")
    assert state(bulk)[:3] == state(single)[:3] == ("accepted", "", 1)


@pytest.mark.django_db(transaction=True)
def test_the_ledger_refuses_to_work_inside_a_transaction() -> None:
    ask()
    with transaction.atomic(), pytest.raises(ledger.NotDurable):
        delivery.deliver(stream="transactional")
