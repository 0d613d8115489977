"""What a worker held when it died, and how soon it goes on: not before the lease has run out, and not long after."""

import signal
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from gkec.devstack.processes import wait_until
from mail import tasks
from mail.models import Message
from tests.services.worker import Worker

# A busy machine needs some seconds to start a process. A lease of the usual length would take 120.
MARGIN_SECONDS = 20
# Celery waits 2, 4, 6 s and so on between its tries to reach a broker or a database that is away.
RECONNECT_SECONDS = 10
PATIENCE_SECONDS = 40
# So short that a test can wait for the end of a lease; what its workers are started with.
LEASE_SECONDS = 2
SHORT = {"MAIL_LEASE_SECONDS": str(LEASE_SECONDS), "MAIL_HANDOVER_SECONDS": "1", "MAIL_RETRY_FIRST_SECONDS": "1"}
_OTHERS_AT_WORK = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend' AND state <> 'idle'
"""


@dataclass(frozen=True)
class Hand:
    """The messages that a dead worker held, each with the end of its lease; and those of them that it had started."""

    until: dict[int, datetime]
    started: set[int]

    @classmethod
    def of(cls, leases: Collection[str]) -> "Hand":
        """Read what is held under these leases."""
        rows = list(Message.objects.held().filter(lease_id__in=leases).values_list("pk", "leased_until", "state"))
        return cls({pk: until for pk, until, _state in rows}, {pk for pk, _until, state in rows if state == "started"})


def kill_in_mid_batch(worker: Worker, kill: Callable[[], object]) -> Hand:
    """Stop the worker's children at a moment at which something is started, kill, and return what was in their hands."""
    leases: set[str] = set()

    def is_in_mid_batch() -> bool:
        _signal(worker, signal.SIGSTOP)
        assert wait_until(lambda: not _others_at_work(), seconds=PATIENCE_SECONDS), (
            "a statement does not come to its end"
        )
        held = Message.objects.held()
        leases.update(str(lease) for lease in held.values_list("lease_id", flat=True))
        if held.filter(state="started").exists():
            return True
        leases.clear()
        _signal(worker, signal.SIGCONT)
        return False

    assert wait_until(is_in_mid_batch, seconds=PATIENCE_SECONDS), worker.log()
    kill()
    return Hand.of(leases)


def settle(seconds: float = PATIENCE_SECONDS) -> None:
    """Sweep, as beat would, until every message has ended."""

    def is_settled() -> bool:
        tasks.sweep()
        return not Message.objects.filter(finished_at=None).exists()

    assert wait_until(is_settled, seconds=seconds, pause=0.3), Counter(Message.objects.values_list("state", "reason"))


def _signal(worker: Worker, number: signal.Signals) -> None:
    for process in worker.pool():
        process.send_signal(number)


def _others_at_work() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS_AT_WORK)
        return bool(cursor.fetchone()[0])


def longest(*, lease_seconds: float, sweep_seconds: float = 0, reconnects: bool = False) -> float:
    """Return how long after a fault is over its work may lie there: a lease, a sweep and what a busy machine needs."""
    return lease_seconds + sweep_seconds + MARGIN_SECONDS + RECONNECT_SECONDS * reconnects


def assert_resumed(hand: Hand, *, lease_seconds: float, sweep: Callable[[], object]) -> None:
    """Sweep as beat would: each message in the hand must have ended within the lease and a margin, none before.

    Call it as soon as there is a worker again.
    """

    def is_over() -> bool:
        sweep()
        return not Message.objects.filter(pk__in=hand.until, finished_at=None).exists()

    seconds = longest(lease_seconds=lease_seconds)
    assert wait_until(is_over, seconds=seconds, pause=0.3), f"Something still lies there {seconds} s after the death."
    for message in Message.objects.filter(pk__in=hand.until):
        is_uncertain = message.pk in hand.started
        is_given_up = is_uncertain and message.stream == "bulk"
        assert message.state == ("unknown" if is_given_up else "accepted")
        assert message.repeats == int(is_uncertain and not is_given_up)
        assert (message.finished_at if is_given_up else message.started_at) > hand.until[message.pk]
