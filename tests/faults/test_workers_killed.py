"""A real Celery worker that dies at each step of a send: its child or its parent, by SIGKILL.

What is compared is the receiving server's log with the ledger, address by address, as in the tests of a killed fork.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from gkec.devstack.processes import wait_until
from mail import doorbell, tasks
from mail.models import Attempt, Message
from tests.factories.mail import ask
from tests.faults import steps
from tests.faults.resuming import LEASE_SECONDS, PATIENCE_SECONDS, SHORT, Hand, assert_resumed, settle
from tests.services.smtpscript import ScriptedServer
from tests.services.worker import Worker

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
Start = Callable[..., ScriptedServer]
StartWorker = Callable[..., Worker]
GROUP = 20
# More than two groups, so that something is sent before the third of anything.
ASKED = {"transactional": 8, "bulk": 70}
# The third group is closed as the fourth begins, which is what is left of 70.
LAST_GROUP = ASKED["bulk"] % GROUP
# How many are open when the worker dies: an answer is written down as the next are begun.
OPEN = {step: {"transactional": 1, "bulk": GROUP} for step in steps.STEPS} | {
    "before the lease": {"transactional": 0, "bulk": 0},
    "leased": {"transactional": 0, "bulk": 0},
    "after the answer is committed": {"transactional": 1, "bulk": LAST_GROUP},
}
# The other workers that die in the short run are in test_outbox_faults.py.
IN_SHORT = {("child", "started", "bulk")}
DEATHS = [
    pytest.param(who, step, stream, marks=[] if (who, step, stream) in IN_SHORT else pytest.mark.long)
    for who in ("child", "parent")
    for step in steps.STEPS
    for stream in ASKED
]


@pytest.mark.parametrize(("who", "step", "stream"), DEATHS)
def test_a_worker_that_dies_at_a_step_costs_no_more_than_was_promised(
    scripted: Start, start_worker: StartWorker, tmp_path: Path, who: str, step: str, stream: str
) -> None:
    server = scripted()
    asked = {f"p{n}@city.example" for n in range(ASKED[stream])}
    for address in sorted(asked):
        ask(to=address, stream=stream)
    once = tmp_path / "died"
    mortal = {"DIE_AT": step, "DIE_WHO": who, "DIE_ONCE": str(once)}
    worker = start_worker((stream,), include="tests.faults.mortal", **SHORT, **mortal)
    doorbell.ring_now(stream)
    assert wait_until(once.exists, seconds=PATIENCE_SECONDS), worker.log()
    hand = Hand.of(once.read_text().split())
    assert bool(hand.until) == (step != "before the lease")
    assert len(hand.started) == OPEN[step][stream]
    if who != "child":
        assert wait_until(lambda: worker.child.process.poll() is not None, seconds=5)
        start_worker((stream,), **SHORT)
    assert_resumed(hand, lease_seconds=LEASE_SECONDS, sweep=tasks.sweep)
    settle()
    received = server.recipients()
    states = {
        state: set(Message.objects.filter(state=state).values_list("to_address", flat=True))
        for state in ("accepted", "unknown")
    }
    assert states["accepted"] | states["unknown"] == asked
    assert states["accepted"] <= set(received)
    if stream == "bulk":
        assert Message.objects.unknown().count() == len(hand.started)
        assert Message.objects.unknown().filter(reason="worker_lost").count() == len(hand.started)
        assert Attempt.objects.filter(answered_at=None).count() == len(hand.started)
        assert set(received.values()) == {1}
    else:
        assert states["unknown"] == set()
        assert sorted(received.values()) in ([1] * len(asked), [1] * (len(asked) - 1) + [2])
        assert all(len(set(server.message_ids(address))) == 1 for address in received)
