"""Mail-outs through everything that servers, brokers, databases, disks and clocks do; the logs are compared at the end."""

import mailbox
import resource
import sys
import time
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
import psycopg
import pytest
import redis
from django.conf import settings as given
from django.db import InterfaceError, OperationalError, connection

from core import clock
from core.models import Heartbeat
from gkec.devstack.processes import Child, Program, wait_until
from gkec.devstack.valkey import Valkey, free_port
from mail import doorbell
from mail.models import Attempt, Message, Suppression
from mail.services import sweeping
from mail.transport import Connection
from tests.factories.mail import ask, deliver_all
from tests.faults.resuming import LEASE_SECONDS, SHORT, longest, settle
from tests.services.smtpscript import CLOSE, HANG, ScriptedServer
from tests.services.worker import Worker, environment

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
Start = Callable[..., ScriptedServer]
StartWorker = Callable[..., Worker]
PATIENCE_SECONDS = 60
STREAMS = ("transactional", "bulk")
# What each odd recipient meets the first time; those that follow meet nothing.
TROUBLES = {
    "shutting-down": {"END": "421 4.3.2 shutting down"},
    "greylisted": {"RCPT": "450 4.2.0 greylisted"},
    "local": {"END": "451 4.3.0 local error"},
    "full": {"RCPT": "452 4.2.2 mailbox full"},
    "cut": {"MIDDLE": CLOSE},
    "hanging": {"RCPT": HANG},
}


def addresses(state: str) -> set[str]:
    return set(Message.objects.filter(state=state).values_list("to_address", flat=True))


def script(server: ScriptedServer) -> None:
    for stream in STREAMS:
        for trouble, steps in TROUBLES.items():
            for step, reply in steps.items():
                server.script[step, f"{trouble}@{stream}.example"] = [reply]
        server.script["RCPT", f"gone@{stream}.example"] = "550 5.1.1 no such mailbox"
        server.script["RCPT", f"disliked@{stream}.example"] = "550 5.7.1 not from you"


def test_every_answer_of_a_server_ends_in_what_was_promised(scripted: Start, start_worker: StartWorker) -> None:
    server = scripted()
    script(server)
    asked = set()
    for stream in STREAMS:
        for name in [*TROUBLES, "gone", "disliked", *[f"p{n}" for n in range(25)]]:
            asked.add(ask(to=f"{name}@{stream}.example", stream=stream).to_address)
    start_worker(("transactional", "bulk"), **SHORT)
    settle(PATIENCE_SECONDS)
    refused = {f"{name}@{stream}.example" for stream in STREAMS for name in ("gone", "disliked")}
    assert addresses("failed") == refused
    # A short message is on its way whole before the server hangs up in the middle of it: only the server knows.
    unknown = addresses("unknown")
    assert unknown <= {"cut@bulk.example"}
    assert addresses("accepted") == set(server.recipients()) == asked - refused - unknown
    assert set(server.recipients().values()) == {1}
    assert set(Suppression.objects.values_list("address", "reason")) == {
        ("gone@transactional.example", "bounced"),
        ("gone@bulk.example", "bounced"),
    }
    for trouble in TROUBLES:
        tries = Attempt.objects.filter(message__to_address=f"{trouble}@transactional.example").count()
        assert tries == 2, trouble


@pytest.fixture
def catcher(tmp_path: Path, settings: Any) -> Generator[Child]:
    """The demo's catcher as a process of its own, to which this process sends."""
    port = free_port()
    command = [sys.executable, "-m", "gkec.devstack.catcher", "--port", str(port), "--maildir", str(tmp_path / "mails")]
    child = Program(
        name="catcher", command=command, log=tmp_path / "catcher.log", environment=environment(), folder=Path.cwd()
    ).start()
    is_ready = wait_until(lambda: "catching mail" in child.program.log.read_text(), child=child, seconds=30)
    assert is_ready, child.last_words()
    settings.MAIL_SERVER = dict(environ.Env.email_url_config(f"smtp://127.0.0.1:{port}"))
    yield child
    child.kill()


def let_write(child: Child, largest: int) -> None:
    """Have the kernel let a process write files of so many bytes; what goes beyond fails, as on a full disk."""
    resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))


def test_a_disk_of_the_receiver_that_takes_no_more_delays_mail_and_loses_none(
    catcher: Child, tmp_path: Path, time_machine
) -> None:
    let_write(catcher, 200)
    messages = [ask(stream=stream) for stream in STREAMS for _n in range(5)]
    for stream in STREAMS:
        deliver_all(stream)
    found = set(Message.objects.values_list("state", "reason", "last_reply"))
    assert found == {("deferred", "later", "4.3.1 File too large")}
    assert list(mailbox.Maildir(tmp_path / "mails")) == []
    let_write(catcher, resource.RLIM_INFINITY)
    time_machine.move_to(clock.now() + timedelta(hours=2))
    for stream in STREAMS:
        deliver_all(stream)
    assert addresses("accepted") == {message.to_address for message in messages}
    kept = [(one["Delivered-To"], one.get_payload(0).get_payload()) for one in mailbox.Maildir(tmp_path / "mails")]
    assert sorted(kept) == sorted((message.to_address, "The text.\n") for message in messages)


@pytest.mark.parametrize("stream", STREAMS)
def test_a_clock_that_jumps_a_day_in_mid_hand_over_doubles_no_mail(
    scripted: Start, stream: str, monkeypatch: pytest.MonkeyPatch, time_machine
) -> None:
    server = scripted()
    for n in range(30):
        ask(to=f"p{n}@city.example", stream=stream)
    hand_over = Connection.hand_over
    jumped: list[bool] = []

    def jump(self: Connection, letters: list) -> list:
        answers = hand_over(self, letters)
        if not jumped:
            jumped.append(True)
            time_machine.move_to(clock.now() + timedelta(days=1))
            sweeping.sweep()
        return answers

    monkeypatch.setattr(Connection, "hand_over", jump)
    deliver_all(stream)
    sweeping.sweep()
    deliver_all(stream)
    assert set(server.recipients().values()) == {1}
    assert len(server.accepted) == 30
    assert addresses("accepted") == set(server.recipients())


@pytest.mark.parametrize("stream", STREAMS)
def test_a_database_that_cuts_the_connection_in_mid_batch_keeps_the_promise(
    scripted: Start, stream: str, monkeypatch: pytest.MonkeyPatch, time_machine, settings
) -> None:
    settings.MAIL_GROUP_SIZES = {**settings.MAIL_GROUP_SIZES, "bulk": 10}
    server = scripted()
    for n in range(30):
        ask(to=f"p{n}@city.example", stream=stream)
    hand_over = Connection.hand_over
    groups: list[int] = []
    parameters = {**connection.get_connection_params()}
    wanted = {key: parameters[key] for key in ("host", "port", "user", "password", "dbname") if parameters.get(key)}

    def cut(self: Connection, letters: list) -> list:
        answers = hand_over(self, letters)
        groups.append(len(letters))
        if len(groups) == 2:
            pid = connection.connection.info.backend_pid
            with psycopg.connect(**wanted, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        return answers

    monkeypatch.setattr(Connection, "hand_over", cut)
    with pytest.raises((OperationalError, InterfaceError)):
        deliver_all(stream)
    connection.close()
    time_machine.move_to(clock.now() + timedelta(seconds=settings.MAIL_LEASE_SECONDS + 1))
    sweeping.sweep()
    deliver_all(stream)
    received = server.recipients()
    assert set(received) == {f"p{n}@city.example" for n in range(30)}
    repeated = [one for one, number in received.items() if number > 1]
    assert len(repeated) == {"transactional": 1, "bulk": 0}[stream]
    assert len(addresses("unknown")) == {"transactional": 0, "bulk": 10}[stream]
    assert len(addresses("accepted")) + len(addresses("unknown")) == 30


@pytest.mark.parametrize(
    ("number", "away_seconds"),
    [pytest.param(6, 0, id="short"), pytest.param(60, 3, id="long", marks=pytest.mark.long)],
)
def test_a_killed_broker_that_comes_back_empty_loses_no_mail(
    scripted: Start,
    start_worker: StartWorker,
    start_beat: Callable[..., object],
    tmp_path: Path,
    number: int,
    away_seconds: float,
) -> None:
    server = scripted(on_data=lambda recipient: time.sleep(0.02))
    valkey = Valkey(folder=tmp_path / "valkey", log=tmp_path / "valkey.log")
    valkey.start()
    try:
        worker = start_worker(REDIS_URL=valkey.url, **SHORT)
        start_beat(MAIL_SWEEP_SECONDS="1", REDIS_URL=valkey.url)
        asked = {ask(to=f"p{n}@{s}.example", stream=s).to_address for n in range(number) for s in STREAMS}
        assert wait_until(lambda: len(server.accepted) >= number / 6, seconds=PATIENCE_SECONDS), worker.log()
        valkey.child.kill()
        asked |= {ask(to=f"q{n}@{s}.example", stream=s).to_address for n in range(number // 3) for s in STREAMS}
        assert wait_until(lambda: "Connection to broker lost" in worker.log(), seconds=PATIENCE_SECONDS)
        time.sleep(away_seconds)
        valkey.start()
        # Nobody could be rung for what was asked for meanwhile: a sweep finds it.
        seconds = longest(lease_seconds=LEASE_SECONDS, sweep_seconds=1, reconnects=True)
        assert wait_until(lambda: any(one.startswith("q") for one in server.recipients()), seconds=seconds), (
            worker.log()
        )
        assert wait_until(lambda: len(server.accepted) >= len(asked), seconds=120), worker.log()
    finally:
        valkey.stop()
    wait_until(lambda: not Message.objects.filter(finished_at=None).exists(), seconds=10)
    assert addresses("accepted") == set(server.recipients()) == asked
    assert set(server.recipients().values()) == {1}


@pytest.mark.long
def test_two_beats_and_two_workers_send_each_mail_once(
    scripted: Start, start_worker: StartWorker, start_beat: Callable[..., object]
) -> None:
    server = scripted(on_data=lambda recipient: time.sleep(0.01))
    asked = {ask(to=f"p{n}@{stream}.example", stream=stream).to_address for n in range(100) for stream in STREAMS}
    doorbell.wait_until_quiet()
    with redis.Redis.from_url(given.REDIS_URL) as broker:
        broker.flushdb()
    for _n in range(2):
        start_worker(**SHORT)
        start_beat(MAIL_SWEEP_SECONDS="1", PUBLISH_DUE_SECONDS="1")
    assert wait_until(lambda: len(server.accepted) >= len(asked), seconds=PATIENCE_SECONDS)
    assert wait_until(lambda: not Message.objects.filter(finished_at=None).exists(), seconds=10)
    assert addresses("accepted") == set(server.recipients()) == asked
    assert set(server.recipients().values()) == {1}
    done = Heartbeat.objects.filter(outcome="done").values_list("name", flat=True)
    assert wait_until(lambda: {"mail.tasks.sweep", "core.tasks.publish_due"} <= set(done.all()), seconds=20)
