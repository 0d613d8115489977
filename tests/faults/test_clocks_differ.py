"""Workers and beat on machines whose clocks are days apart: nothing leaves twice or lies longer than a lease, sweeps run."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db.models import Max, Min

from core import clock
from core.models import Heartbeat
from gkec.devstack.processes import Child, wait_until
from mail import doorbell
from mail.models import Attempt, Message
from tests.factories.mail import ask
from tests.faults.resuming import MARGIN_SECONDS
from tests.services.smtpscript import ScriptedServer
from tests.services.worker import Worker

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
StartWorker = Callable[..., Worker]
StartBeat = Callable[..., Child]
LEASE_SECONDS = 3
SHORT = {
    "MAIL_LEASE_SECONDS": str(LEASE_SECONDS),
    "MAIL_HANDOVER_SECONDS": "2",
    "MAIL_RETRY_FIRST_SECONDS": "1",
}
FOLLOWING = {"CLOCK_FOLLOWS_DATABASE": "1"}
PATIENCE_SECONDS = 40
STREAMS = ("transactional", "bulk")
SLOW = "slow@city.example"
GREYLISTED = "greylisted@city.example"
# So long a slow server keeps one message in a worker's hands, while sweep after sweep looks whose lease has run out.
SLOW_SECONDS = 0.6
# Where a second copy is to come: it ends the wait.
PATIENT = {"MAIL_LEASE_SECONDS": "60", "MAIL_HANDOVER_SECONDS": "50"}


class SlowOnce:
    """Keeps the slow address waiting at first, until a second copy comes or the time is up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.copies = 0
        self.is_doubled = threading.Event()

    def __call__(self, recipient: str) -> None:
        if recipient == SLOW:
            self.copies += 1
            if self.copies > 1:
                self.is_doubled.set()
            self.is_doubled.wait(self.seconds)


@dataclass
class Scene:
    """Two workers whose clocks are wrong by so many days: one sends, the other one sweeps."""

    start_worker: StartWorker
    server: ScriptedServer
    died: Path
    asked: set[str] = field(default_factory=set)
    sender: Worker | None = None

    def begin(self, *, sender: int, sweeper: int, **variables: str) -> None:
        """Ask for mail by a clock that is right, and have a process of the sender killed with some in its hands."""
        self.server.on_data = SlowOnce(PATIENCE_SECONDS if variables == PATIENT else SLOW_SECONDS)
        self.server.script["RCPT", GREYLISTED] = ["450 4.2.0 greylisted"]
        self.asked = {ask(to=to).to_address for to in (*(f"p{n}@city.example" for n in range(6)), SLOW, GREYLISTED)}
        self.asked |= {ask(to=f"b{n}@city.example", stream="bulk").to_address for n in range(6)}
        doorbell.wait_until_quiet()
        mortal = {"DIE_AT": "started", "DIE_WHO": "child", "DIE_ONCE": str(self.died)}
        include = "tests.faults.skewed,tests.faults.mortal"
        together = {**SHORT, **mortal, **variables}
        self.sender = self.start_worker(STREAMS, 2, include=include, WRONG_BY_DAYS=str(sender), **together)
        self.start_worker(("default",), 1, include=include, WRONG_BY_DAYS=str(sweeper), **together)

    def sweep(self) -> bool:
        """Ask for a sweep, as beat would; return whether every message has ended."""
        # A tick of beat expires by the clocks of machines; this one does not.
        current_app.send_task("mail.tasks.sweep", queue="default", ignore_result=True)
        return not Message.objects.filter(finished_at=None).exists()

    def end(self) -> None:
        is_over = wait_until(self.sweep, seconds=LEASE_SECONDS + MARGIN_SECONDS, pause=0.2)
        assert is_over, list(Message.objects.values_list("to_address", "state", "reason", "due_at", "leased_until"))


@pytest.fixture
def scene(scripted: Callable[..., ScriptedServer], start_worker: StartWorker, tmp_path: Path) -> Scene:
    return Scene(start_worker, scripted(), tmp_path / "died")


@pytest.mark.parametrize(
    ("sender", "sweeper"),
    [
        pytest.param(1, 0, id="sender ahead", marks=pytest.mark.long),
        pytest.param(0, 1, id="sweeper ahead"),
        pytest.param(-1, 0, id="sender behind", marks=pytest.mark.long),
        pytest.param(0, -1, id="sweeper behind", marks=pytest.mark.long),
    ],
)
def test_workers_whose_clocks_are_a_day_apart_send_everything_once(scene: Scene, sender: int, sweeper: int) -> None:
    began = clock.now()
    scene.begin(sender=sender, sweeper=sweeper, **FOLLOWING)
    scene.end()
    assert scene.died.exists()
    assert scene.server.recipients() == dict.fromkeys(scene.asked, 1)
    assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}
    assert Attempt.objects.filter(message__to_address=GREYLISTED).count() == 2
    # What they wrote down is right, too.
    found = Message.objects.aggregate(first=Min("started_at"), last=Max("finished_at"))
    assert began < found["first"] < found["last"] < clock.now()


@pytest.mark.long
def test_control_a_sweeper_a_day_ahead_that_goes_by_its_own_clock_has_mail_sent_twice(scene: Scene) -> None:
    scene.begin(sender=0, sweeper=1, **PATIENT)

    def is_doubled() -> bool:
        scene.sweep()
        return scene.server.recipients()[SLOW] > 1

    assert wait_until(is_doubled, seconds=PATIENCE_SECONDS, pause=0.1)


@pytest.mark.long
def test_control_a_sender_a_day_ahead_that_goes_by_its_own_clock_keeps_mail_for_a_day(scene: Scene) -> None:
    scene.begin(sender=1, sweeper=0)
    assert wait_until(scene.died.exists, seconds=PATIENCE_SECONDS)
    ends = Message.objects.held().values_list("leased_until", flat=True)
    assert min(ends) - clock.now() > timedelta(hours=23)


@pytest.mark.long
def test_control_a_sender_a_day_behind_that_goes_by_its_own_clock_takes_nothing(scene: Scene) -> None:
    scene.begin(sender=-1, sweeper=0)
    for _n in range(3):
        before = last_sweep()
        scene.sweep()
        assert wait_until(lambda before=before: last_sweep() not in (None, before), seconds=PATIENCE_SECONDS)
    # Each sweep has rung for both streams, and all that was rung for has been looked into.
    assert wait_until(lambda: looks(scene.sender) >= 3 * len(STREAMS), seconds=PATIENCE_SECONDS), scene.sender.log()
    assert wait_until(lambda: not any(rings().values()), seconds=PATIENCE_SECONDS), rings()
    assert set(Message.objects.values_list("state", flat=True)) == {"queued"}
    assert scene.server.recipients() == {}


def last_sweep() -> datetime | None:
    return Heartbeat.objects.filter(name="mail.tasks.sweep").values_list("succeeded_at", flat=True).first()


def looks(sender: Worker) -> int:
    """Return how often a worker has looked for mail to send, and come to an end."""
    return len(re.findall(r"Task mail\.tasks\.deliver\[\S+\] succeeded", sender.log()))


def rings() -> dict[str, int]:
    """Return how many rings of the doorbell nobody has heard yet."""
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        return {stream: broker.llen(stream) for stream in STREAMS}


class Sweeping:
    """A worker and a beat whose clocks are wrong by so many days, and the sweep that the one asks of the other."""

    JOB = "mail.tasks.sweep"

    def __init__(
        self, start_worker: StartWorker, start_beat: StartBeat, days: tuple[int, int], **variables: str
    ) -> None:
        beat, worker = days
        self.began = clock.now()
        self.worker = start_worker(("default",), include="tests.faults.skewed", WRONG_BY_DAYS=str(worker), **variables)
        start_beat("tests.faults.skewed_site", MAIL_SWEEP_SECONDS="1", WRONG_BY_DAYS=str(beat), **variables)

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        assert wait_until(is_so, seconds=PATIENCE_SECONDS, pause=0.1), self.worker.log()

    def last(self) -> Heartbeat | None:
        return Heartbeat.objects.filter(name=self.JOB).exclude(succeeded_at=None).first()

    def thrown_away(self) -> int:
        return self.worker.log().count(f"Discarding revoked task: {self.JOB}")


@pytest.mark.parametrize(
    "days",
    [
        pytest.param((-1, 1), id="beat behind, worker ahead"),
        pytest.param((1, -1), id="beat ahead, worker behind", marks=pytest.mark.long),
    ],
)
def test_sweeps_run_where_the_clocks_of_beat_and_worker_are_days_apart(
    start_worker: StartWorker, start_beat: StartBeat, days: tuple[int, int]
) -> None:
    scene = Sweeping(start_worker, start_beat, days, **FOLLOWING)
    scene.wait_until(lambda: scene.last() is not None)
    first = scene.last()
    # They go on, too.
    scene.wait_until(lambda: scene.last().started_at > first.started_at)
    assert scene.began < first.started_at < scene.last().succeeded_at < clock.now()
    assert scene.thrown_away() == 0


@pytest.mark.long
@pytest.mark.parametrize("days", [pytest.param((0, 1), id="worker ahead"), pytest.param((-1, 0), id="beat behind")])
def test_control_a_worker_a_day_ahead_of_beat_by_clocks_of_their_own_throws_each_sweep_away(
    start_worker: StartWorker, start_beat: StartBeat, days: tuple[int, int]
) -> None:
    scene = Sweeping(start_worker, start_beat, days)
    scene.wait_until(lambda: scene.thrown_away() > 2)
    assert scene.last() is None


@pytest.mark.long
def test_beat_goes_on_where_the_database_cannot_be_asked(start_beat: StartBeat) -> None:
    beat = start_beat(DATABASE_URL="postgres://nobody@127.0.0.1:1/nothing", MAIL_SWEEP_SECONDS="1", **FOLLOWING)

    def ticks() -> int:
        return beat.program.log.read_text().count("Sending due task mail-sweep")

    assert wait_until(lambda: ticks() > 2, child=beat, seconds=PATIENCE_SECONDS), beat.program.log.read_text()
    assert "The database was not asked what time it is: OperationalError" in beat.program.log.read_text()
