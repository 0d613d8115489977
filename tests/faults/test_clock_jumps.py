"""A machine's clock that jumps a day while a mail is being handed over: real workers, and the server's own log."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from celery import current_app
from django.db.models import Max, Min

from core import clock
from gkec.devstack.processes import wait_until
from mail import doorbell
from mail.models import Attempt, Message
from tests.factories.mail import ask
from tests.faults.resuming import MARGIN_SECONDS
from tests.services.smtpscript import ScriptedServer
from tests.services.worker import Worker

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
StartWorker = Callable[..., Worker]
LEASE_SECONDS = 3
SHORT = {"MAIL_LEASE_SECONDS": str(LEASE_SECONDS), "MAIL_HANDOVER_SECONDS": "2", "MAIL_RETRY_FIRST_SECONDS": "1"}
# Where a second copy is to come while the first is still in a worker's hands.
PATIENT = {**SHORT, "MAIL_LEASE_SECONDS": "60", "MAIL_HANDOVER_SECONDS": "50"}
FOLLOWING = {"CLOCK_FOLLOWS_DATABASE": "1"}
PATIENCE_SECONDS = 40
# So long the server keeps one mail after the jump, while sweep after sweep looks whose lease has run out.
SLOW_SECONDS = 0.6
SLOW = "slow@city.example"
GREYLISTED = "greylisted@city.example"
TOMORROW = "tomorrow@city.example"
PROCESSES = 3


@dataclass
class Machine:
    """One worker for everything, and the server in the midst of whose work the clock of the worker's machine jumps."""

    start_worker: StartWorker
    server: ScriptedServer
    when: Path
    keeps_seconds: float = SLOW_SECONDS
    asked: set[str] = field(default_factory=set)
    has_jumped: threading.Event = field(default_factory=threading.Event)
    is_doubled: threading.Event = field(default_factory=threading.Event)
    worker: Worker | None = None

    def begin(self, *, days: int, **variables: str) -> None:
        """Ask for mail, some of it for later, and wait until the clock has jumped in mid DATA of the slow one."""
        self.worker = self.start_worker(
            concurrency=PROCESSES,
            include="tests.faults.jumping",
            JUMP_DAYS=str(days),
            JUMP_WHEN=str(self.when),
            **variables,
        )
        self.server.on_data = self.keep
        self.server.script["RCPT", GREYLISTED] = ["450 4.2.0 greylisted"]
        soon = clock.now() + timedelta(hours=1)
        self.asked = {ask(to=GREYLISTED, expires_at=soon).to_address, ask(to=SLOW).to_address}
        self.asked |= {ask(to=f"p{n}@city.example").to_address for n in range(6)}
        self.asked |= {ask(to=f"b{n}@city.example", stream="bulk").to_address for n in range(6)}
        ask(to=TOMORROW, due_at=clock.now() + timedelta(hours=12))
        doorbell.wait_until_quiet()
        assert self.has_jumped.wait(PATIENCE_SECONDS), self.worker.log()

    def keep(self, recipient: str) -> None:
        """Let the clock jump while the slow mail is under way, and keep its worker waiting."""
        if recipient != SLOW:
            return
        if self.has_jumped.is_set():
            self.is_doubled.set()
            return
        pids = [self.worker.pid, *(process.pid for process in self.worker.pool())]
        jumps = [self.when.with_name(f"{self.when.name}.{pid}") for pid in pids]
        self.when.touch()
        if wait_until(lambda: all(one.exists() for one in jumps), seconds=PATIENCE_SECONDS):
            self.has_jumped.set()
        self.is_doubled.wait(self.keeps_seconds)

    def sweep(self) -> bool:
        """Ask for a sweep, as beat would; return whether every message has ended, but the one for tomorrow."""
        current_app.send_task("mail.tasks.sweep", queue="default", ignore_result=True)
        return not Message.objects.filter(finished_at=None).exclude(to_address=TOMORROW).exists()


@pytest.fixture
def machine(scripted: Callable[..., ScriptedServer], start_worker: StartWorker, tmp_path: Path) -> Machine:
    return Machine(start_worker, scripted(), tmp_path / "jump")


@pytest.mark.parametrize("days", [pytest.param(1, id="forth"), pytest.param(-1, id="back", marks=pytest.mark.long)])
def test_a_clock_that_jumps_in_mid_send_doubles_delays_and_hurries_nothing(machine: Machine, days: int) -> None:
    began = clock.now()
    machine.begin(days=days, **SHORT, **FOLLOWING)
    is_over = wait_until(machine.sweep, seconds=LEASE_SECONDS + MARGIN_SECONDS, pause=0.2)
    assert is_over, list(Message.objects.values_list("to_address", "state", "reason", "due_at", "leased_until"))
    assert machine.server.recipients() == dict.fromkeys(machine.asked, 1)
    assert set(Message.objects.filter(to_address__in=machine.asked).values_list("state", flat=True)) == {"accepted"}
    assert Message.objects.get(to_address=TOMORROW).state == "queued"
    # Put off by a second before the jump, it came neither at once nor after a day, and its hour had not passed.
    assert Attempt.objects.filter(message__to_address=GREYLISTED).count() == 2
    found = Message.objects.aggregate(first=Min("started_at"), last=Max("finished_at"))
    assert began < found["first"] < found["last"] < clock.now()


@pytest.mark.long
def test_control_a_worker_that_goes_by_the_clock_that_jumped_sends_twice_and_a_day_early(machine: Machine) -> None:
    machine.keeps_seconds = PATIENCE_SECONDS
    machine.begin(days=1, **PATIENT)

    def is_wrong() -> bool:
        machine.sweep()
        found = machine.server.recipients()
        return machine.is_doubled.is_set() and found[TOMORROW] == 1

    assert wait_until(is_wrong, seconds=PATIENCE_SECONDS, pause=0.1), machine.server.recipients()


@pytest.mark.long
def test_control_a_worker_that_goes_by_a_clock_put_back_lets_mail_lie(machine: Machine) -> None:
    machine.begin(days=-1, **SHORT)
    for _n in range(10):
        machine.sweep()
    machine.is_doubled.wait(LEASE_SECONDS)
    # What was put off by a second before the jump is due a day from now by the clock of this machine.
    assert Message.objects.get(to_address=GREYLISTED).state == "deferred"
