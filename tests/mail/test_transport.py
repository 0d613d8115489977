"""What came of each message is told apart to the byte, with and without pipelining."""

import contextlib
import smtplib
import socket
import threading
import time
from collections.abc import Callable

import pytest

from gkec import environment
from mail.enums import Outcome
from mail.transport import Answer, Connection, Letter, Unreachable
from tests.services.smtpscript import CLOSE, DRIP, HANG, ScriptedServer

Start = Callable[..., ScriptedServer]
BODY = b"Message-ID: <%d@test>\r\n\r\n.dot\r\nline\r\n..two\r\nend\r\n"

both = pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one by one"])


def letters(number: int = 3) -> list[Letter]:
    return [Letter("from@gkec.example", f"p{n}@city.example", BODY % n) for n in range(number)]


def hand_over(server: ScriptedServer, number: int = 3, *, seconds: float = 5) -> list[Answer]:
    with Connection({"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": server.port}, seconds=seconds) as connection:
        connection.connect()
        return connection.hand_over(letters(number))


def outcomes(answers: list[Answer]) -> list[str]:
    return [answer.outcome.value for answer in answers]


@both
def test_each_message_of_a_group_arrives_whole(scripted: Start, pipelining: bool) -> None:
    server = scripted(pipelining=pipelining)
    answers = hand_over(server, 25)
    assert answers == [Answer(Outcome.ACCEPTED, 250, "taken")] * 25
    assert [recipient for recipient, _id, _content in server.accepted] == [f"p{n}@city.example" for n in range(25)]
    assert server.accepted[7][2] == b"Message-ID: <7@test>\r\n\r\n..dot\r\nline\r\n...two\r\nend\r\n"
    assert server.connections == 1


@both
@pytest.mark.parametrize(
    ("step", "reply", "outcome"),
    [
        ("RCPT", "550 5.1.1 no such mailbox", Outcome.REFUSED),
        ("RCPT", "450 4.2.1 busy", Outcome.LATER),
        ("RCPT", "452 4.2.2 full", Outcome.LATER),
        ("RCPT", "552 5.2.2 full", Outcome.REFUSED),
        ("RCPT", "530 5.7.0 authenticate first", Outcome.UNREACHABLE),
        ("MAIL", "550 5.7.1 sender unknown", Outcome.UNREACHABLE),
        ("MAIL", "552 5.3.4 too big", Outcome.REFUSED),
        ("MAIL", "451 4.3.0 later", Outcome.LATER),
        ("DATA", "451 4.3.0 later", Outcome.LATER),
        ("DATA", "554 5.7.1 no", Outcome.REFUSED),
        ("END", "451 4.7.1 greylisted", Outcome.LATER),
        ("END", "554 5.6.0 content refused", Outcome.REFUSED),
    ],
)
def test_a_refusal_is_judged_by_its_code_and_step_and_harms_no_neighbour(
    scripted: Start, pipelining: bool, step: str, reply: str, outcome: Outcome
) -> None:
    server = scripted(pipelining=pipelining)
    # MAIL comes before the recipient is known, so its script goes by turn.
    server.script = {"MAIL": ["", reply]} if step == "MAIL" else {(step, "p1@city.example"): reply}
    answers = hand_over(server)
    assert outcomes(answers) == ["accepted", outcome.value, "accepted"]
    assert answers[1] == Answer(outcome, int(reply[:3]), reply[4:])
    assert server.recipients() == {"p0@city.example": 1, "p2@city.example": 1}


@both
@pytest.mark.parametrize("step", ["RCPT", "DATA", "MIDDLE"])
def test_a_connection_that_breaks_before_the_final_dot_cannot_have_delivered(
    scripted: Start, pipelining: bool, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than the sockets' buffers hold, or the dot would be on its way before the server hangs up.
    monkeypatch.setattr("tests.mail.test_transport.BODY", BODY + (b"x" * 70 + b"\r\n") * 200_000)
    server = scripted(pipelining=pipelining)
    server.script = {(step, "p1@city.example"): CLOSE}
    assert outcomes(hand_over(server)) == ["accepted", "cut", "untried"]
    assert server.recipients() == {"p0@city.example": 1}


@both
@pytest.mark.parametrize("keeps", [True, False])
def test_a_connection_that_breaks_after_the_final_dot_leaves_the_fate_unknown(
    scripted: Start, pipelining: bool, keeps: bool
) -> None:
    server = scripted(pipelining=pipelining, keeps=keeps)
    server.script = {("END", "p1@city.example"): CLOSE}
    assert outcomes(hand_over(server)) == ["accepted", "no_answer", "untried"]
    assert server.recipients()["p1@city.example"] == int(keeps)


@both
def test_421_after_the_data_ends_the_connection_and_leaves_the_rest_untried(scripted: Start, pipelining: bool) -> None:
    server = scripted(pipelining=pipelining)
    server.script = {("END", "p1@city.example"): "421 4.3.2 shutting down"}
    answers = hand_over(server)
    assert outcomes(answers) == ["accepted", "later", "untried"]
    assert answers[1].code == 421


@both
def test_421_before_the_data_means_that_we_are_not_let_in(scripted: Start, pipelining: bool) -> None:
    server = scripted(pipelining=pipelining)
    server.script = {("RCPT", "p1@city.example"): "421 4.7.0 too many connections"}
    assert outcomes(hand_over(server)) == ["accepted", "unreachable", "untried"]


@both
@pytest.mark.parametrize(("step", "outcome"), [("RCPT", "cut"), ("END", "no_answer")])
def test_a_server_that_hangs_is_left_when_the_time_is_up(
    scripted: Start, pipelining: bool, step: str, outcome: str
) -> None:
    server = scripted(pipelining=pipelining)
    server.script = {(step, "p1@city.example"): HANG}
    started = time.monotonic()
    assert outcomes(hand_over(server, seconds=0.6)) == ["accepted", outcome, "untried"]
    assert 0.4 < time.monotonic() - started < 2


@both
@pytest.mark.parametrize(("step", "outcome"), [("RCPT", "cut"), ("END", "no_answer")])
def test_a_server_that_answers_byte_by_byte_is_left_when_the_time_is_up(
    scripted: Start, pipelining: bool, step: str, outcome: str
) -> None:
    server = scripted(pipelining=pipelining)
    server.script = {(step, "p1@city.example"): DRIP}
    started = time.monotonic()
    assert outcomes(hand_over(server, seconds=0.6)) == ["accepted", outcome, "untried"]
    assert 0.4 < time.monotonic() - started < 2


@both
def test_a_slow_group_begins_no_message_in_the_second_half_of_its_time(scripted: Start, pipelining: bool) -> None:
    server = scripted(pipelining=pipelining, on_data=lambda recipient: time.sleep(0.12))
    answers = hand_over(server, 20, seconds=1)
    taken = len(server.accepted)
    assert outcomes(answers) == ["accepted"] * taken + ["untried"] * (20 - taken)
    assert 3 <= taken <= 7


def test_a_server_that_asks_for_the_data_of_a_refused_address_gets_an_empty_message(scripted: Start) -> None:
    server = scripted(pipelining=True)
    server.script = {("RCPT", "p1@city.example"): "550 no"}
    server.asks_anyway = True
    answers = hand_over(server)
    assert outcomes(answers) == ["accepted", "refused", "accepted"]
    assert server.recipients() == {"p0@city.example": 1, "p2@city.example": 1}


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ({"CONNECT": "554 go away"}, "554 go away"),
        ({"CONNECT": CLOSE}, "Connection unexpectedly closed"),
        ({"EHLO": "550 never heard of you"}, "550 never heard of you"),
        ({"EHLO": HANG}, "timed out"),
        ({"CONNECT": DRIP}, "timed out"),
        ({"EHLO": DRIP}, "timed out"),
    ],
)
def test_a_server_that_does_not_let_us_in_is_unreachable(scripted: Start, script: dict, words: str) -> None:
    server = scripted()
    server.script = script
    started = time.monotonic()
    with (
        pytest.raises(Unreachable, match=words),
        Connection({"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": server.port}, seconds=0.5) as connection,
    ):
        connection.connect()
    assert time.monotonic() - started < 2


def test_an_address_at_which_nobody_answers_leaves_the_others_their_time(scripted: Start, monkeypatch) -> None:
    server = scripted()
    # A queue of one that is full: whoever comes next hears nothing, as behind a firewall.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent, contextlib.ExitStack() as waiting:
        for _n in range(2):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(silent.getsockname())
        places = [silent.getsockname(), ("127.0.0.1", server.port)]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)
        started = time.monotonic()
        with Connection({"EMAIL_HOST": "mx.example", "EMAIL_PORT": 25}, seconds=2) as connection:
            connection.connect()
            assert outcomes(connection.hand_over(letters(1))) == ["accepted"]
        assert 0.9 < time.monotonic() - started < 1.9


def test_nobody_listening_is_unreachable(scripted: Start) -> None:
    server = scripted()
    server.stop()
    with pytest.raises(Unreachable, match="refused"):
        Connection({"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": server.port}, seconds=2).connect()


def test_no_word_leaves_in_plain_text_when_tls_was_asked_for(scripted: Start) -> None:
    server = scripted()
    settings = {
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": server.port,
        "EMAIL_USE_TLS": True,
        "EMAIL_HOST_USER": "gkec",
        "EMAIL_HOST_PASSWORD": "never to be seen",
    }
    with pytest.raises(Unreachable, match="STARTTLS extension not supported"):
        Connection(settings, seconds=2).connect()
    assert [command.split(" ")[0] for command in server.commands] == ["ehlo"]


def test_a_server_behind_smtps_hears_tls_with_the_first_byte(monkeypatch) -> None:
    heard: list[bytes] = []

    def listen() -> None:
        connection, _address = listener.accept()
        with connection:
            # Whoever meant STARTTLS would wait for a greeting, until its patience ended and nothing came.
            heard.append(connection.recv(3))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("EMAIL_URL", f"smtps://127.0.0.1:{listener.getsockname()[1]}")
        server = threading.Thread(target=listen, daemon=True)
        server.start()
        with pytest.raises(Unreachable):
            Connection(environment.mail_server("EMAIL_URL"), seconds=5).connect()
        server.join(10)
    # The record of a handshake, in whichever version.
    assert [words[:2] for words in heard] == [b"\x16\x03"]


def test_a_refused_password_is_unreachable_and_does_not_name_the_password(scripted: Start, monkeypatch) -> None:
    server = scripted()

    def refuse(self, user, password, **kwargs):
        raise smtplib.SMTPAuthenticationError(535, b"5.7.8 no such user")

    monkeypatch.setattr(smtplib.SMTP, "login", refuse)
    settings = {
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": server.port,
        "EMAIL_HOST_USER": "gkec",
        "EMAIL_HOST_PASSWORD": "never to be seen",
    }
    with pytest.raises(Unreachable) as refused:
        Connection(settings, seconds=2).connect()
    assert str(refused.value) == "535 5.7.8 no such user"
