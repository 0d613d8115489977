"""Children that go on from what this process has loaded: the site's code is read once, and all of them share it."""

import atexit
import contextlib
import gc
import importlib
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from gkec.devstack import interrupts
from gkec.devstack.errors import Refusal
from gkec.devstack.options import ROOT
from gkec.devstack.processes import Process, Program, entitle, tie

POLL_SECONDS = 0.01
# Besides the apps; no thread and no connection comes with them, which no fork may have.
SHARED = (
    "celery.bin.celery",
    "celery.apps.worker",
    "celery.concurrency.prefork",
    "gunicorn.app.wsgiapp",
    "gkec.celery",
)


def load(environment: Mapping[str, str]) -> None:
    """Load the apps into this process, whose environment becomes the one given; done once."""
    from django.apps import apps

    if apps.ready:
        return
    os.environ.update(environment)
    import django

    with reading_code():
        django.setup()
        for module in SHARED:
            importlib.import_module(module)
        leave_to_forks()


def load_routes() -> None:
    """Load all views, too; not before static files are collected, whose list they may ask for."""
    from django.contrib.staticfiles.storage import staticfiles_storage
    from django.urls import get_resolver

    # Apps that were loaded before the first collecting have made the storage, which read a list that was not there yet.
    storage: Any = staticfiles_storage
    if hasattr(storage, "load_manifest"):
        storage.hashed_files, storage.manifest_hash = storage.load_manifest()
    with reading_code():
        assert get_resolver().url_patterns
        leave_to_forks()


@contextlib.contextmanager
def reading_code() -> Iterator[None]:
    """Let Ctrl-C end the reading at once, and code that cannot be read be one sentence that says where it breaks."""
    try:
        with interrupts.at_once():
            yield
    except Exception as problem:
        raise Refusal(f"The site's code cannot be read: {where_it_breaks(problem)}.") from problem


def where_it_breaks(problem: Exception) -> str:
    """Return what is wrong in one line, and the last place of our own on the way there."""
    reason = " ".join(f"{type(problem).__name__}: {problem}".split()).rstrip(".")
    own = [one for one in traceback.extract_tb(problem.__traceback__) if is_ours(Path(one.filename))]
    if isinstance(problem, SyntaxError) or not own:
        return reason
    return f"{reason} ({Path(own[-1].filename).relative_to(ROOT)}, line {own[-1].lineno})"


def is_ours(path: Path) -> bool:
    """Say whether a file is a part of the site that is neither this supervisor's nor a library's."""
    return path.is_relative_to(ROOT) and ".venv" not in path.parts and not path.is_relative_to(Path(__file__).parent)


def leave_to_forks() -> None:
    """Have the collector pass over what is there: it would write to, and thereby copy, what forks share.

    And let it come seldom to what is new: migrating and loading make much that is kept for a while.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def celery() -> None:
    """Run `celery` with the arguments in sys.argv."""
    from celery.__main__ import main

    main()


def gunicorn() -> None:
    """Run `gunicorn` with the arguments in sys.argv."""
    from gunicorn.app.wsgiapp import run

    run()


def manage() -> None:
    """Run `manage.py` with the arguments in sys.argv."""
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


COMMANDS: dict[str, Callable[[], None]] = {"celery": celery, "gunicorn": gunicorn, "manage.py": manage}


@dataclass
class ForkedProgram(Program):
    """A program that is a fork of this process, which must run one thread; `command` begins with one of COMMANDS."""

    def spawn(self, output: BinaryIO) -> Process:
        """Fork, and run the command in the child."""
        parent = os.getpid()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        # A signal that came in between would be noted by the parent's handler and lost to the child.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, interrupts.ASKING)
        try:
            pid = os.fork()
            if pid == 0:
                self._live(parent, output.fileno(), blocked)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        with contextlib.suppress(OSError):
            # The child does so too: whoever comes first, the group is there before it is killed.
            os.setpgid(pid, pid)
        return Forked(pid)

    def _live(self, parent: int, output: int, mask: Collection[int]) -> NoReturn:
        code = 1
        try:
            os.setpgid(0, 0)
            tie(parent, self.death_signal)
            entitle(self.name)
            self._take_over(output)
            for number in interrupts.ASKING:
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            self.run()
            code = 0
        except SystemExit as end:
            code = status_of(end)
        except BaseException:  # noqa: BLE001  (nothing may go back into the parent's program)
            traceback.print_exc()
        finally:
            leave(code)

    def run(self) -> None:
        """Do the child's work; its end is the child's end."""
        COMMANDS[str(self.command[0])]()

    def _take_over(self, output: int) -> None:
        """Become what a process of its own would be: its own streams, folder, environment and nothing else open."""
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        close_all_but({0, 1, 2, *self.keep_open})
        sys.stdout, sys.stderr = (open(number, "w", buffering=1, closefd=False) for number in (1, 2))  # noqa: SIM115
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environment)
        sys.argv = [str(part) for part in self.command]


class Forked:
    """A fork, with as much of subprocess.Popen as a Child asks for."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, or None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raise subprocess.TimeoutExpired when that takes longer."""
        deadline = time.monotonic() + timeout if timeout is not None else float("inf")
        while (code := self.poll()) is None:
            if time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired(f"fork {self.pid}", timeout or 0)
            time.sleep(POLL_SECONDS)
        return code

    def send_signal(self, sig: int) -> None:
        """Send a signal unless it has ended: its number may be somebody else's by then."""
        if self.poll() is None:
            os.kill(self.pid, sig)


def close_all_but(kept: set[int]) -> None:
    """Close every descriptor that a fork has inherited, such as the lock that dies with its holder."""
    for path in list(Path("/proc/self/fd").iterdir()):
        if int(path.name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(path.name))


def status_of(end: SystemExit) -> int:
    """Return the exit code that the interpreter would give, which prints a reason that is no number."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


def leave(code: int) -> NoReturn:
    """End this fork as an interpreter ends, without going back through the frames of its parent."""
    try:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    finally:
        os._exit(code)
