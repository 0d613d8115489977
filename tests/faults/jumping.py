"""Loaded into a real worker (`celery worker --include`): its machine's clock jumps as soon as somebody says so.

`JUMP_DAYS` says how far, the presence of the file `JUMP_WHEN` says when. All processes of a worker are on one machine:
each jumps in the middle of whatever it does, and leaves a file with its number beside that one.
"""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

POLL_SECONDS = 0.01


class _Machine:
    """What a process knows of the machine's clock; a fork inherits it, and the jump with it."""

    when = Path(os.environ["JUMP_WHEN"])
    by = timedelta(days=int(os.environ["JUMP_DAYS"]))
    has_jumped = False


def _jump() -> None:
    while not _Machine.when.exists():
        time.sleep(POLL_SECONDS)
    time_machine.travel(datetime.now(UTC) + _Machine.by).start()
    _Machine.has_jumped = True
    _Machine.when.with_name(f"{_Machine.when.name}.{os.getpid()}").touch()


def _watch() -> None:
    if not _Machine.has_jumped:
        threading.Thread(target=_jump, name="jumping", daemon=True).start()


_watch()
os.register_at_fork(after_in_child=_watch)
