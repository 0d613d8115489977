"""A process that dies at each step of a send, by a real SIGKILL: what the ledger then says is what the server has.

The process is a fork of this one, so that a death costs milliseconds; whole workers are killed in the tests beside.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from mail.models import Attempt, Message
from mail.services import delivery, sweeping
from tests.factories.mail import ask, deliver_all
from tests.faults import steps
from tests.services.smtpscript import ScriptedServer

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
Start = Callable[..., ScriptedServer]
MESSAGES = 45
# Each has a twin a few instructions away that stays in the short run.
TWINS = {"before the start is committed", "after the answer", "after the answer is committed", "before the lease"}


def kill(step: str, stream: str) -> None:
    """Deliver in a fork that dies at the step."""

    def work() -> None:
        steps.arm(step, at=steps.end_this_process)
        while delivery.deliver(stream=stream):
            pass

    steps.die_in_a_fork(work)


def recover(stream: str, time_machine: Any, settings: Any) -> None:
    """Let the lease run out, sweep, and deliver what is left."""
    time_machine.move_to(clock.now() + timedelta(seconds=settings.MAIL_LEASE_SECONDS + 1))
    sweeping.sweep()
    deliver_all(stream)


@pytest.mark.parametrize(
    "step", [pytest.param(step, marks=pytest.mark.long if step in TWINS else []) for step in steps.STEPS]
)
def test_a_killed_process_costs_no_more_than_was_promised(scripted: Start, step: str, time_machine, settings) -> None:
    settings.MAIL_GROUP_SIZES = {**settings.MAIL_GROUP_SIZES, "bulk": 10}
    check_transactional(scripted(), step, time_machine, settings)
    Message.objects.all().delete()
    time_machine.move_to(clock.now())
    check_bulk(scripted(), step, time_machine, settings)


def check_transactional(server: ScriptedServer, step: str, time_machine, settings) -> None:
    """At most one repeat a kill, with the same Message-ID, and only where the answer was not written down."""
    for n in range(8):
        ask(to=f"p{n}@city.example")
    kill(step, "transactional")
    recover("transactional", time_machine, settings)
    received = server.recipients()
    assert set(received) == {f"p{n}@city.example" for n in range(8)}
    repeated = [address for address, number in received.items() if number > 1]
    # The start of the next is committed together with the answer to the last.
    is_window = step in {"after the answer", "before the answer is committed", "before the start is committed"}
    # The dot may or may not have been read before the connection broke; the other steps are certain.
    assert len(repeated) in ({0, 1} if step == "after the final dot" else {int(is_window)})
    assert all(received[one] == 2 and len(set(server.message_ids(one))) == 1 for one in repeated)
    assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}


def check_bulk(server: ScriptedServer, step: str, time_machine, settings) -> None:
    """Nobody is mailed twice, and at most one group is unknown."""
    for n in range(MESSAGES):
        ask(to=f"p{n}@city.example", stream="bulk")
    kill(step, "bulk")
    recover("bulk", time_machine, settings)
    received = server.recipients()
    assert max(received.values()) == 1
    by_state = {
        state: set(Message.objects.filter(state=state).values_list("to_address", flat=True))
        for state in ("accepted", "unknown")
    }
    assert len(by_state["accepted"]) + len(by_state["unknown"]) == MESSAGES
    assert by_state["accepted"] <= set(received)
    assert set(received) - by_state["accepted"] <= by_state["unknown"]
    # A group is started and the one before it closed in one statement, so after that commit the next is open.
    is_open = step not in {"before the lease", "leased"}
    assert len(by_state["unknown"]) <= (10 if is_open else 0)
    assert Attempt.objects.filter(answered_at=None).count() == len(by_state["unknown"])


def test_negative_control_a_ledger_that_forgets_its_starts_sends_twice(scripted: Start, time_machine, settings) -> None:
    """What a lost "started" would do: the reason for committing it durably before a byte leaves."""
    server = scripted()
    for n in range(10):
        ask(to=f"p{n}@city.example", stream="bulk")
    settings.MAIL_GROUP_SIZES = {**settings.MAIL_GROUP_SIZES, "bulk": 3}
    kill("before the answer is committed", "bulk")
    Message.objects.filter(state="started").update(state="leased")
    recover("bulk", time_machine, settings)
    assert max(server.recipients().values()) == 2
