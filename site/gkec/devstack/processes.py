"""Child processes that cannot outlive the process that started them."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from gkec.devstack import interrupts

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
# In /proc/self/stat behind the name: where the command line of this process begins and ends in its memory.
ARGUMENTS_BEGIN, ARGUMENTS_END = 45, 46
LOG_LIMIT_BYTES = 5_000_000
LONGEST_STEP_SECONDS = 1800

_libc = ctypes.CDLL(None, use_errno=True)


def tie(parent: int, death_signal: signal.Signals) -> None:
    """Ask the kernel to send `death_signal` to this process when `parent`, its parent, dies (Linux only).

    To the kernel the parent is the thread that forked: start children from a thread that lives as long as they should.
    """
    if _libc.prctl(PR_SET_PDEATHSIG, int(death_signal)) != 0:
        os._exit(127)
    if os.getppid() != parent:
        # The parent died between the fork and the request, so the kernel will never tell us.
        os._exit(127)


def tied(death_signal: signal.Signals) -> Callable[[], None]:
    """Return a `preexec_fn` that ties the child to the calling process."""
    parent = os.getpid()
    return lambda: tie(parent, death_signal)


def entitle(name: str) -> None:
    """Have `ps` and `top` show this process as a part of GKEC with this name (Linux only).

    A fork would be shown with the command line of its parent, as all its sisters are.
    """
    _libc.prctl(PR_SET_NAME, name.encode())
    with contextlib.suppress(OSError, IndexError):
        facts = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        begin, end = int(facts[ARGUMENTS_BEGIN]), int(facts[ARGUMENTS_END])
        room = end - begin - 1
        if begin > 0 and room > 0:
            # As PostgreSQL does it: the interpreter has made a copy of its arguments long ago.
            ctypes.memmove(begin, f"gkec: {name}".encode()[:room].ljust(room + 1, b"\0"), room + 1)


@dataclass(frozen=True)
class Account:
    """The unprivileged system user that a child runs as."""

    uid: int
    gid: int


class Process(Protocol):
    """A child as the kernel knows it."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...


@dataclass
class Program:
    """How to run one child: its command, where its output goes, and which signals end it."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    folder: Path = Path("/")
    keep_open: Sequence[int] = ()
    patience_seconds: float = 8.0

    def start(self) -> "Child":
        """Start the program in a process group of its own, tied to this process."""
        trim(self.log)
        with self.log.open("ab") as output:
            return Child(self, self.spawn(output))

    def spawn(self, output: BinaryIO) -> Process:
        """Run the command in a new process that writes to `output`."""
        privileges: dict = {}
        if self.account is not None:
            privileges = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        return subprocess.Popen(
            [str(part) for part in self.command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(self.environment) or None,
            cwd=self.folder,
            process_group=0,
            pass_fds=tuple(self.keep_open),
            # Runs after the change of user, which would clear the request; it allocates next to nothing.
            preexec_fn=tied(self.death_signal),  # noqa: PLW1509
            **privileges,
        )


@dataclass
class Child:
    """A running program; `stop` leaves nothing of its process group behind."""

    program: Program
    process: Process
    started_at: float = field(default_factory=time.monotonic)
    is_asked_to_stop: bool = False

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def age_seconds(self) -> float:
        return time.monotonic() - self.started_at

    def is_running(self) -> bool:
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Send the stop signal without waiting, once, so that several children can stop side by side."""
        if self.is_running() and not self.is_asked_to_stop:
            self.is_asked_to_stop = True
            self.process.send_signal(self.program.stop_signal)

    def stop(self) -> None:
        """Stop the child, first politely, then by force, and then whatever is left of its group."""
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(self.program.patience_seconds)
        self.kill()

    def kill(self) -> None:
        """Kill the whole process group at once and reap the child."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def run_to_the_end(self) -> int:
        """Wait for a child that ends by itself and return its exit code; it is stopped when we are."""
        try:
            wait_until(lambda: not self.is_running(), seconds=LONGEST_STEP_SECONDS)
        finally:
            self.kill()
        return self.process.wait()

    def last_words(self) -> str:
        """Return the last line that the child wrote, without its full stop, to say why it ended."""
        with contextlib.suppress(OSError):
            lines = self.program.log.read_bytes()[-4000:].decode(errors="replace").splitlines()
            return next((line.strip().rstrip(".") for line in reversed(lines) if line.strip()), "it said nothing")
        return "it said nothing"

    def how_it_ended(self) -> str:
        """Describe the exit in words: an exit code, or the signal that ended it."""
        code = self.process.poll()
        if code is None:
            return "still running"
        if code < 0:
            return f"ended by {signal.Signals(-code).name}"
        return f"exit code {code}"


def trim(log: Path) -> None:
    """Move a log aside once it is large, so that `var/` does not grow for ever."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))


def wait_until(
    is_ready: Callable[[], bool], *, child: Child | None = None, seconds: float, pause: float = 0.03
) -> bool:
    """Poll until ready; return False when the time is up or the child has ended meanwhile.

    Raises StopAsked when this process is asked to end while it waits.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        interrupts.check()
        if is_ready():
            return True
        if child is not None and not child.is_running():
            return False
        time.sleep(pause)
    return False
