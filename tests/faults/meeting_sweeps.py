"""Loaded into a real worker (`celery worker --include`): has two runs of a sweep meet in mid work.

Whichever run comes to the step is held until a second one is there too, or has found the job under way and gone.
`MEET_IN` is the folder in which they leave word of that. A third, which beat may well have started before the first two
have committed, does nothing: held, it would keep a process from those for whom others wait. With `UNGUARDED` all that keeps them apart is taken away: the lock of the
job, those of the rows, and the key under which the outbox knows a message.
"""

import functools
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.services import sweeping
from events.models import Event
from events.services import announcing, notices, promoting, reminding, seats
from gkec.devstack.processes import wait_until
from tests.faults.meeting import came, come
from tests.faults.steps import around

PATIENCE_SECONDS = 30


class _Run:
    """The job that this process runs now."""

    has_come = False


class OneTooMany(Exception):
    """Two runs of this job have met already."""


def _meet(job: str) -> None:
    if _Run.has_come:
        return
    folder = Path(os.environ["MEET_IN"])
    if come(folder, job, "there") > 1:
        raise OneTooMany
    _Run.has_come = True
    wait_until(lambda: came(folder, job, "there") > 1 or came(folder, job, "away") > 0, seconds=PATIENCE_SECONDS)


def _noting(run: Callable[..., bool]) -> Callable[..., bool]:
    @functools.wraps(run)
    def noted(*, name: str, work: Callable[[], object]) -> bool:
        _Run.has_come = False
        is_done = run(name=name, work=work)
        if not is_done:
            come(Path(os.environ["MEET_IN"]), name, "away")
        return is_done

    return noted


def _hold_at(owner: Any, name: str, job: str, *, is_after: bool) -> None:
    at = functools.partial(_meet, job)
    setattr(owner, name, around(getattr(owner, name), lambda *_, **__: True, at, is_after=is_after))


def _of_this_process(key: Callable[..., str]) -> Callable[..., str]:
    return lambda *parts: f"{key(*parts)} of {os.getpid()}"


sweeping.run = _noting(sweeping.run)
_hold_at(reminding, "enqueue_many", "events.tasks.remind", is_after=False)
_hold_at(announcing, "_people_to_tell", "events.tasks.announce", is_after=True)
_hold_at(promoting, "_give_seat", "events.tasks.sweep", is_after=False)
if "UNGUARDED" in os.environ:
    sweeping._key = lambda _name: random.getrandbits(60)
    reminding.LOCKING = ""
    seats.lock = lambda event_id: Event.objects.get(pk=event_id)
    reminding.key = _of_this_process(reminding.key)
    notices.change_key = _of_this_process(notices.change_key)
