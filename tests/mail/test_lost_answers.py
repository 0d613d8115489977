"""Where no answer comes to a message: the door is shut, the connection breaks, or the server falls silent."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from core import clock
from mail.models import Attempt, Message
from tests.factories.mail import ask, deliver_all
from tests.mail.test_delivery import each_stream, state
from tests.services.smtpscript import CLOSE, ScriptedServer

Start = Callable[..., ScriptedServer]
pytestmark = pytest.mark.django_db


def test_words_that_shut_the_door_are_kept_with_the_others_without_the_address_they_name(scripted: Start) -> None:
    scripted(script={"RCPT": "454 4.7.1 <ana@city.example>: Relay access denied"})
    ask(to="ana@city.example")
    ask(to="bo@city.example")
    deliver_all()
    replies = dict(Message.objects.values_list("to_address", "last_reply"))
    assert replies["ana@city.example"] == "4.7.1 <ana@city.example>: Relay access denied"
    assert "ana@city.example" not in replies["bo@city.example"]
    assert replies["bo@city.example"].endswith("Relay access denied")


@each_stream
def test_an_unreachable_server_puts_everything_off_and_counts_no_attempt(
    settings, stream: str, caplog, time_machine
) -> None:
    settings.MAIL_SERVER = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": 1}
    messages = [ask(stream=stream) for _n in range(3)]
    with caplog.at_level(logging.WARNING):
        assert deliver_all(stream) == 3
    assert [state(message)[:3] for message in messages] == [("deferred", "unreachable", 0)] * 3
    assert "refused" in messages[0].last_reply
    assert len({message.due_at for message in messages}) == 3
    assert "3 messages wait for it" in caplog.text
    assert not Attempt.objects.exists()
    time_machine.move_to(clock.now() + timedelta(seconds=settings.MAIL_GIVE_UP_SECONDS + 1))
    deliver_all(stream)
    assert [state(message)[:3] for message in messages] == [("failed", "gave_up", 0)] * 3


@each_stream
def test_a_server_that_lets_nobody_in_fails_no_message(scripted: Start, stream: str) -> None:
    server = scripted()
    server.script = {"MAIL": "530 5.7.0 authenticate first"}
    messages = [ask(stream=stream) for _n in range(30)]
    assert deliver_all(stream) == 30
    assert {state(message)[:2] for message in messages} == {("deferred", "unreachable")}
    assert server.connections <= 2


def test_what_was_not_begun_behind_a_shut_door_is_put_off_and_does_not_knock_again(
    scripted: Start, time_machine
) -> None:
    server = scripted()
    server.script = {("RCPT", "p1@city.example"): ["421 4.7.0 too many connections"]}
    messages = [ask(to=f"p{n}@city.example", stream="bulk") for n in range(5)]
    now = clock.now()
    assert deliver_all("bulk") == 5
    shut = ("deferred", "unreachable", 0, "421 4.7.0 too many connections")
    assert [state(message) for message in messages] == [
        ("accepted", "", 1, "taken"),
        ("deferred", "unreachable", 1, "4.7.0 too many connections"),
        *[shut] * 3,
    ]
    assert min(message.due_at for message in messages[1:]) >= now + timedelta(seconds=30)
    assert (server.connections, Attempt.objects.count()) == (1, 2)
    assert len({message.due_at for message in messages[2:]}) == 3
    time_machine.move_to(now + timedelta(seconds=91))
    deliver_all("bulk")
    assert [state(message)[:3] for message in messages] == [("accepted", "", n) for n in (1, 2, 1, 1, 1)]
    assert set(server.recipients().values()) == {1}


@each_stream
def test_a_connection_that_broke_before_the_data_was_complete_is_tried_again_later(
    scripted: Start, stream: str
) -> None:
    server = scripted()
    messages = [ask(to=f"p{n}@city.example", stream=stream) for n in range(4)]
    server.script = {("DATA", "p1@city.example"): CLOSE}
    deliver_all(stream)
    assert [state(message)[:2] for message in messages] == [
        ("accepted", ""),
        ("deferred", "cut"),
        ("accepted", ""),
        ("accepted", ""),
    ]
    assert [message.attempts for message in messages] == [1, 1, 1, 1]


@pytest.mark.parametrize("keeps", [True, False])
def test_a_bulk_message_without_an_answer_stays_unknown_and_is_never_sent_again(
    scripted: Start, keeps: bool, time_machine
) -> None:
    server = scripted(keeps=keeps)
    messages = [ask(to=f"p{n}@city.example", stream="bulk") for n in range(3)]
    server.script = {("END", "p1@city.example"): [CLOSE]}
    deliver_all("bulk")
    time_machine.move_to(clock.now() + timedelta(days=1))
    deliver_all("bulk")
    assert [state(message)[:3] for message in messages] == [
        ("accepted", "", 1),
        ("unknown", "no_answer", 1),
        ("accepted", "", 1),
    ]
    assert server.recipients()["p1@city.example"] == int(keeps)


def test_a_transactional_message_without_an_answer_is_sent_again_once_with_the_same_message_id(
    scripted: Start, time_machine
) -> None:
    server = scripted(keeps=True)
    message = ask(to="a@city.example")
    server.script = {("END", "a@city.example"): [CLOSE]}
    deliver_all()
    assert state(message)[:3] == ("deferred", "no_answer", 1)
    assert message.repeats == 1
    time_machine.move_to(message.due_at)
    deliver_all()
    assert state(message)[:3] == ("accepted", "", 2)
    assert server.message_ids("a@city.example") == [message.message_id] * 2


def test_a_transactional_message_that_gets_no_answer_twice_stays_unknown(scripted: Start, time_machine) -> None:
    server = scripted(keeps=True)
    message = ask(to="a@city.example")
    server.script = {("END", "a@city.example"): CLOSE}
    for _n in range(4):
        deliver_all()
        message.refresh_from_db()
        time_machine.move_to(max(message.due_at, clock.now()) + timedelta(hours=1))
    assert state(message)[:3] == ("unknown", "no_answer", 2)
    assert server.recipients() == {"a@city.example": 2}


@each_stream
def test_a_message_that_gets_no_answer_when_its_time_is_over_stays_unknown(
    scripted: Start, stream: str, time_machine, settings
) -> None:
    server = scripted(keeps=True)
    message = ask(to="a@city.example", stream=stream)
    server.script = {("RCPT", "a@city.example"): ["450 4.2.0 Later"], ("END", "a@city.example"): CLOSE}
    deliver_all(stream)
    time_machine.move_to(clock.now() + timedelta(seconds=settings.MAIL_GIVE_UP_SECONDS + 1))
    deliver_all(stream)
    assert state(message)[:3] == ("unknown", "no_answer", 2)
    assert (server.recipients(), message.repeats) == ({"a@city.example": 1}, 0)
