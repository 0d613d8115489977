"""Real workers and web servers, forked from a process that has loaded the site once: loading it takes them seconds."""

import contextlib
import os
import sys
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from signal import SIGKILL
from typing import Any

from gkec.devstack import forks
from gkec.devstack.processes import Child, Program

GENEROUS = {"REGISTRATIONS_PER_NETWORK_PER_HOUR": "100000"}


@dataclass
class SiteProgram(forks.ForkedProgram):
    """A program of the site that reads its settings from the environment given to it, as one started anew does."""

    def run(self) -> None:
        """Forget the settings that the nursery has read, and what was made of them."""
        from django.conf import settings
        from django.core.cache import caches
        from django.db import connections
        from django.utils.functional import empty

        for name in [name for name in sys.modules if name.startswith("gkec.settings.")]:
            del sys.modules[name]
        settings._wrapped = empty
        handlers: tuple[Any, ...] = (connections, caches)
        for handler in handlers:
            handler._settings = None
            vars(handler).pop("settings", None)
            for alias in handler:
                with contextlib.suppress(AttributeError):
                    del handler[alias]
        super().run()


class Nursery:
    """The process from which they are forked, and whose children they are; it dies with this one."""

    def __init__(self, log: Path, environment: dict[str, str]) -> None:
        self.asked = 0
        self.line, theirs = Pipe()
        program = f"from tests.services import nursery; nursery.serve({theirs.fileno()})"
        self.child = Program(
            name="nursery",
            command=[sys.executable, "-c", program],
            log=log,
            environment=environment,
            death_signal=SIGKILL,
            folder=Path.cwd(),
            keep_open=[theirs.fileno()],
        ).start()
        theirs.close()

    def start(self, program: SiteProgram) -> Child:
        """Start a program; descriptors that it keeps open have numbers that are free in the nursery."""
        return Child(program, _Nursling(self.ask(program), self))

    def ask(self, asked: Any) -> Any:
        """Send a program to be started, or a process to be looked after, and return the answer."""
        self.asked += 1
        self.line.send((self.asked, asked))
        for number in getattr(asked, "keep_open", ()):
            send_handle(self.line, number, self.child.process.pid)
        try:
            # A test that ran out of time may have left an answer behind.
            while (answer := self.line.recv())[0] != self.asked:
                pass
        except EOFError:
            raise AssertionError(self.child.program.log.read_text()) from None
        return answer[1]

    def stop(self) -> None:
        """Kill it; its children die with it, each by its own signal."""
        self.child.kill()
        self.line.close()


class _Nursling(forks.Forked):
    """A grandchild, of whose end its parent has to be asked."""

    def __init__(self, pid: int, nursery: Nursery) -> None:
        super().__init__(pid)
        self.nursery = nursery

    def poll(self) -> int | None:
        """Ask the nursery."""
        if self.returncode is None:
            self.returncode = self.nursery.ask(self.pid)
        return self.returncode


def serve(descriptor: int) -> None:
    """Fork what is asked for and tell how it ended, until nobody asks any more."""
    line = Connection(descriptor)
    # What views read from settings as they are loaded is read here, once for all.
    forks.load({**os.environ, **GENEROUS})
    forks.load_routes()
    children: dict[int, Child] = {}
    with contextlib.suppress(EOFError):
        while True:
            number, asked = line.recv()
            if isinstance(asked, SiteProgram):
                child = start(asked, [recv_handle(line) for _descriptor in asked.keep_open])
                children[child.process.pid] = child
                line.send((number, child.process.pid))
            else:
                line.send((number, children[asked].process.poll()))


def start(program: SiteProgram, given: list[int]) -> Child:
    """Start a program with descriptors of this process under the numbers that it knows them by."""
    for descriptor, number in zip(given, program.keep_open, strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    child = program.start()
    for number in program.keep_open:
        os.close(number)
    return child
