"""Real workers killed without warning, the broker emptied and gone: the promise, against the receiving server's log.

Transactional mail: at most one repeat a kill, with the same Message-ID. Bulk mail: at most the open group unknown, and
nobody in it is mailed again.
"""

import socket
import time
from collections import Counter
from collections.abc import Callable

import pytest
import redis
from celery import Celery
from django.conf import settings
from django.db import transaction

from gkec.devstack.processes import wait_until
from mail import doorbell, tasks
from mail.models import Attempt, Message
from tests.factories.mail import ask
from tests.faults.resuming import (
    LEASE_SECONDS,
    PATIENCE_SECONDS,
    SHORT,
    assert_resumed,
    kill_in_mid_batch,
    longest,
    settle,
)
from tests.services.smtpscript import ScriptedServer
from tests.services.worker import Worker

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
Start = Callable[..., ScriptedServer]
StartWorker = Callable[..., Worker]

BATCH = 20
# Between tries a broker that is away is waited for; this ends it after a few.
TRYING_SECONDS = 0.3
GROUP = 20

# The message whose answer the killed worker never saw may be in the server's hands or not.
whatever_the_server_has = pytest.mark.parametrize(
    "keeps",
    [pytest.param(True, id="the server has it"), pytest.param(False, id="the server has not", marks=pytest.mark.long)],
)


def open_messages() -> int:
    return Message.objects.filter(finished_at=None).count()


def assert_balanced(server: ScriptedServer, *, asked: int) -> None:
    """The audience equals the sum of its ends, and what is called accepted is in the server's log, and the reverse."""
    states = Counter(Message.objects.values_list("state", flat=True))
    assert sum(states.values()) == asked
    assert set(states) <= {"accepted", "unknown"}
    received = set(server.recipients())
    accepted = set(Message.objects.filter(state="accepted").values_list("to_address", flat=True))
    unknown = set(Message.objects.filter(state="unknown").values_list("to_address", flat=True))
    assert accepted <= received
    assert received - accepted <= unknown


def ring(stream: str, times: int = 1) -> None:
    for _n in range(times):
        doorbell.ring_now(stream)


@whatever_the_server_has
@pytest.mark.parametrize("what", ["child", "parent"])
def test_a_worker_killed_in_mid_batch_repeats_at_most_one_transactional_mail(
    scripted: Start, start_worker: StartWorker, what: str, keeps: bool
) -> None:
    server = scripted(keeps=keeps, on_data=lambda recipient: time.sleep(0.03))
    messages = [ask(to=f"p{n}@city.example") for n in range(50)]
    worker = start_worker(("transactional",), **SHORT)
    ring("transactional")
    assert wait_until(lambda: len(server.accepted) >= 8, seconds=PATIENCE_SECONDS), worker.log()
    hand = kill_in_mid_batch(worker, worker.kill_pool if what == "child" else worker.kill)
    # One at a time is started; the rest of the batch lies there until the lease ends, while others are taken at once.
    assert (len(hand.started), len(hand.until) <= BATCH) == (1, True)
    if what == "parent":
        start_worker(("transactional",), **SHORT)
    assert_resumed(hand, lease_seconds=LEASE_SECONDS, sweep=tasks.sweep)
    settle()
    assert_balanced(server, asked=50)
    assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}
    received = server.recipients()
    assert set(received) == {message.to_address for message in messages}
    repeated = [address for address, number in received.items() if number > 1]
    assert len(repeated) <= 1
    for address in repeated:
        assert len(set(server.message_ids(address))) == 1
        assert received[address] == 2
    assert set(Message.objects.filter(repeats__gt=0).values_list("pk", flat=True)) == hand.started


# In the short run test_workers_killed.py kills one at a step of its choice.
@pytest.mark.long
@pytest.mark.parametrize("keeps", [True, False], ids=["the server has it", "the server has not"])
def test_a_worker_killed_in_mid_group_leaves_its_group_unknown_and_mails_nobody_twice(
    scripted: Start, start_worker: StartWorker, keeps: bool
) -> None:
    server = scripted(keeps=keeps, on_data=lambda recipient: time.sleep(0.02))
    for n in range(120):
        ask(to=f"p{n}@city.example", stream="bulk")
    worker = start_worker(("bulk",), **SHORT)
    ring("bulk")
    assert wait_until(lambda: len(server.accepted) >= 27, seconds=PATIENCE_SECONDS), worker.log()
    hand = kill_in_mid_batch(worker, worker.kill_pool)
    assert len(hand.started) == GROUP
    assert_resumed(hand, lease_seconds=LEASE_SECONDS, sweep=tasks.sweep)
    settle()
    assert_balanced(server, asked=120)
    assert set(Message.objects.unknown().values_list("pk", flat=True)) == hand.started
    assert set(Message.objects.unknown().values_list("reason", flat=True)) == {"worker_lost"}
    assert set(server.recipients().values()) == {1}
    assert Attempt.objects.filter(answered_at=None).count() == Message.objects.unknown().count()


# In the short run test_outbox_campaigns.py has the broker itself die.
@pytest.mark.long
def test_a_broker_emptied_in_mid_batch_loses_no_mail_and_doubles_none(
    scripted: Start, start_worker: StartWorker
) -> None:
    server = scripted(on_data=lambda recipient: time.sleep(0.01))
    for n in range(60):
        ask(to=f"p{n}@city.example")
        ask(to=f"q{n}@city.example", stream="bulk")
    start_worker(("transactional", "bulk"), concurrency=2, **SHORT)
    ring("transactional", 3)
    ring("bulk", 3)
    assert wait_until(lambda: len(server.accepted) >= 10, seconds=PATIENCE_SECONDS)
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.flushdb()
    settle()
    assert_balanced(server, asked=120)
    assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}
    assert set(server.recipients().values()) == {1}
    assert len(server.accepted) == 120


def test_a_server_that_hangs_is_survived_within_the_lease(scripted: Start, start_worker: StartWorker) -> None:
    server = scripted(keeps=True)
    server.script = {("END", "p1@city.example"): ["hang"]}
    for n in range(4):
        ask(to=f"p{n}@city.example")
    worker = start_worker(("transactional",), **SHORT)
    ring("transactional")
    assert wait_until(lambda: "p1@city.example" in server.recipients(), seconds=PATIENCE_SECONDS), worker.log()
    # From here the server hangs; what stands behind goes on, and so does what it had in hand.
    settle(longest(lease_seconds=LEASE_SECONDS))
    assert server.recipients() == {**{f"p{n}@city.example": 1 for n in range(4)}, "p1@city.example": 2}
    assert len(set(server.message_ids("p1@city.example"))) == 1


@pytest.mark.usefixtures("no_pause_between_tries")
def test_asking_for_mail_does_not_fail_when_the_broker_is_down(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # A ring of an earlier test may still be under way, and would find this broker down as well.
    assert doorbell.wait_until_quiet(10)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    app = Celery("down", broker=f"redis://127.0.0.1:{port}/0", set_as_current=False)
    app.conf.broker_connection_timeout = TRYING_SECONDS
    monkeypatch.setattr(doorbell, "current_app", app)
    with transaction.atomic():
        message = ask()
    assert doorbell.wait_until_quiet(10)
    message.refresh_from_db()
    assert message.state == "queued"
    (line,) = [record.getMessage() for record in caplog.records if record.name == "mail.doorbell"]
    assert line.startswith("Nobody heard the doorbell of transactional mail; the sweep will: ")


@pytest.mark.usefixtures("no_pause_between_tries")
def test_asking_for_mail_does_not_wait_for_a_broker_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=8) as silent:
        # Longer than the test waits for anything: the ring cannot end before the broker is gone.
        options = {"socket_connect_timeout": PATIENCE_SECONDS, "socket_timeout": PATIENCE_SECONDS}
        app = Celery("silent", broker=f"redis://127.0.0.1:{silent.getsockname()[1]}/0", set_as_current=False)
        app.conf.broker_transport_options = options
        app.conf.broker_connection_timeout = TRYING_SECONDS
        monkeypatch.setattr(doorbell, "current_app", app)
        for _n in range(5):
            with transaction.atomic():
                ask()
        # Whoever asked has gone on, and the ring is still under way.
        assert not doorbell.wait_until_quiet(0)
    assert doorbell.wait_until_quiet(PATIENCE_SECONDS)
    assert Message.objects.filter(state="queued").count() == 5


def test_mail_that_nobody_rang_for_leaves_with_the_next_sweep_of_beat(
    scripted: Start, start_worker: StartWorker, start_beat: Callable[..., object]
) -> None:
    server = scripted()
    message = ask(to="a@city.example")
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        doorbell.wait_until_quiet()
        broker.flushdb()
    start_worker()
    start_beat(MAIL_SWEEP_SECONDS="1")
    assert wait_until(lambda: bool(server.accepted), seconds=PATIENCE_SECONDS)
    assert wait_until(lambda: open_messages() == 0, seconds=5)
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("accepted", 1)
