"""Loaded into a real worker (`celery worker --include`): dies once at the step that its environment names.

`DIE_AT` is one of the steps, `DIE_WHO` the process of the worker that dies, `DIE_ONCE` a file whose presence says that
it has happened: the child that Celery starts instead inherits all this and shall live. The file names the lease in hand.
"""

import os
import signal
from pathlib import Path
from typing import Any

from mail.services import ledger
from tests.faults import steps

_leases: list[str] = []
_lease = ledger.lease


def _remembered(**wanted: Any) -> ledger.Lease:
    found = _lease(**wanted)
    _leases[:] = [str(found.id)]
    return found


def _die() -> None:
    once = Path(os.environ["DIE_ONCE"])
    words = once.with_suffix(f".{os.getpid()}")
    words.write_text("".join(_leases))
    try:
        once.hardlink_to(words)
    except FileExistsError:
        return
    if os.environ["DIE_WHO"] == "parent":
        # Celery has its children killed by the kernel as soon as their parent is dead.
        os.kill(os.getppid(), signal.SIGKILL)
        signal.pause()
    steps.end_this_process()


ledger.lease = _remembered
steps.arm(os.environ["DIE_AT"], at=_die)
