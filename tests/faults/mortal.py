"""Loaded into a real worker (`celery worker --include`): dies once at the step that its environment names.

`DIE_AT` is one of the steps, `DIE_WHO` the process of the worker that dies, `DIE_ONCE` a file whose presence says that
it has happened: the child that Celery starts instead inherits all this and shall live.
"""

import os
import signal

from tests.faults import steps


def _die() -> None:
    try:
        os.close(os.open(os.environ["DIE_ONCE"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    if os.environ["DIE_WHO"] == "parent":
        # Celery has its children killed by the kernel as soon as their parent is dead.
        os.kill(os.getppid(), signal.SIGKILL)
        signal.pause()
    steps.end_this_process()


steps.arm(os.environ["DIE_AT"], at=_die)
