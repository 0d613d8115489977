"""The named steps of a send, and what makes a process reach one and die there."""

import faulthandler
import logging
import os
import signal
import warnings
from collections.abc import Callable
from typing import Any

from django.db import connection, connections

from gkec.devstack.processes import wait_until
from mail import doorbell, transport
from mail.services import ledger

logger = logging.getLogger(__name__)
NOTICED_SECONDS = 2
HANGS_SECONDS = 60
STEPS = [
    "before the lease",
    "leased",
    "before the start is committed",
    "started",
    "in mid data",
    "after the final dot",
    "after the answer",
    "before the answer is committed",
    "after the answer is committed",
]


def end_this_process() -> None:
    """Die as when the kernel runs out of memory: nothing is closed, nothing is said."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_in_a_fork(work: Callable[[], None]) -> None:
    """Do the work in a fork of this process, which must be killed by it; go on when it and its sessions are dead."""
    doorbell.wait_until_quiet()
    connections.close_all()
    with warnings.catch_warnings():
        # The fork runs one thread and is killed: what Python 3.12 warns of cannot happen.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        try:
            # A fork that hangs would hold its locks for as long as this run lasts.
            faulthandler.dump_traceback_later(HANGS_SECONDS, exit=True)
            # Its sessions bear a name, so that they are known among all others.
            os.environ["PGAPPNAME"] = _name(os.getpid())
            work()
        except Exception:
            logger.exception("The fork ended by itself.")
        finally:
            os._exit(7)
    _pid, status = os.waitpid(pid, 0)
    _let_the_server_notice(_name(pid))
    assert os.WIFSIGNALED(status), f"the process did not die at this step but ended with {os.WEXITSTATUS(status)}"
    assert os.WTERMSIG(status) == signal.SIGKILL


def _name(pid: int) -> str:
    return f"fork {pid}"


def _sessions(name: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid, state, wait_event, query FROM pg_stat_activity WHERE application_name = %s", [name])
        return cursor.fetchall()


def _let_the_server_notice(name: str) -> None:
    """Wait until the database has undone what the dead process had begun; end its sessions where it is slow."""
    if not wait_until(lambda: not _sessions(name), seconds=NOTICED_SECONDS, pause=0.01):
        logger.warning("The server has not noticed that %s is dead: %s", name, _sessions(name))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s", [name]
            )
    assert not _sessions(name)


def arm(step: str, *, at: Callable[[], None]) -> None:
    """Call `at` when this process reaches the step; from the third time on, so that something has been sent before."""
    is_closing = _third(lambda *, lease, closing, opening: bool(closing))
    is_opening = _third(lambda *, lease, closing, opening: bool(opening))
    is_dot = _third(lambda _self, data: data.startswith(b".\r\n"))
    places: dict[str, tuple[Any, str, Callable[..., bool], bool]] = {
        "before the lease": (ledger, "lease", lambda **_: True, False),
        "leased": (ledger, "lease", lambda **_: True, True),
        "before the start is committed": (ledger, "turn", is_opening, False),
        "started": (ledger, "turn", is_opening, True),
        "in mid data": (transport.Connection, "_send", is_dot, False),
        "after the final dot": (transport.Connection, "_send", is_dot, True),
        "after the answer": (transport.Connection, "hand_over", _third(lambda _self, letters: True), True),
        "before the answer is committed": (ledger, "turn", is_closing, False),
        "after the answer is committed": (ledger, "turn", is_closing, True),
    }
    owner, name, when, is_after = places[step]
    setattr(owner, name, around(getattr(owner, name), when, at, is_after=is_after))


def around(
    original: Callable[..., Any], when: Callable[..., bool], at: Callable[[], None], *, is_after: bool
) -> Callable[..., Any]:
    """Return the function, calling `at` before or after it when `when(arguments)` holds."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        is_it = when(*args, **kwargs)
        if is_it and not is_after:
            at()
        answer = original(*args, **kwargs)
        if is_it and is_after:
            at()
        return answer

    return wrapped


def _third(when: Callable[..., bool]) -> Callable[..., bool]:
    seen = iter(range(10_000))
    return lambda *args, **kwargs: when(*args, **kwargs) and next(seen) >= 2
