"""Keeps a set of children running: starts them, starts them again when they end, and stops them all."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from gkec.devstack import interrupts
from gkec.devstack.errors import Refusal
from gkec.devstack.processes import Child, Program

LONGEST_PAUSE_SECONDS = 30.0
# A child that has run this long was healthy: its next restart is quick again.
HEALTHY_SECONDS = 60.0
POLL_SECONDS = 0.2


class Service(Protocol):
    """A child that knows how to start itself and to wait until it answers."""

    child: Child | None

    def start(self) -> None: ...

    def stop(self) -> None: ...


@dataclass
class PlainService:
    """A child that needs no waiting."""

    program: Program
    child: Child | None = None

    def start(self) -> None:
        """Start the program."""
        self.child = self.program.start()

    def stop(self) -> None:
        """Stop it and its process group."""
        if self.child is not None:
            self.child.stop()


@dataclass
class _Record:
    service: Service
    failures: int = 0
    start_again_at: float | None = None


@dataclass
class Supervisor:
    """Watches services in the order in which they were started; stops them in the opposite order."""

    say: Callable[[str], None]
    records: list[_Record] = field(default_factory=list)

    def start(self, service: Service) -> None:
        """Start one service and watch it from now on."""
        self.records.append(_Record(service))
        service.start()

    def watch(self) -> None:
        """Go on until somebody asks to stop (StopAsked)."""
        while True:
            interrupts.check()
            self.look_after_all()
            time.sleep(POLL_SECONDS)

    def look_after_all(self) -> None:
        """Notice who has ended and start again whose pause is over."""
        for record in self.records:
            child = record.service.child
            if record.start_again_at is not None:
                if time.monotonic() >= record.start_again_at:
                    self._start_again(record)
            elif child is not None and not child.is_running():
                self._plan_restart(record, child)

    def _plan_restart(self, record: _Record, child: Child) -> None:
        record.failures = 0 if child.age_seconds > HEALTHY_SECONDS else record.failures
        pause = min(2.0**record.failures, LONGEST_PAUSE_SECONDS)
        record.failures += 1
        record.start_again_at = time.monotonic() + pause
        # What is left of its group must not hold a port or a socket when it comes back.
        child.kill()
        self.say(
            f"{child.name} ended unexpectedly ({child.how_it_ended()}); it starts again in {pause:.0f} s"
            f" (see {child.program.log})."
        )

    def _start_again(self, record: _Record) -> None:
        record.start_again_at = None
        try:
            record.service.start()
        except Refusal as refusal:
            self.say(str(refusal))
            if record.service.child is not None:
                self._plan_restart(record, record.service.child)

    def stop_all(self) -> None:
        """Stop everything: the latest first, all asked at once except the services others lean on."""
        for record in self.records:
            if isinstance(record.service, PlainService) and record.service.child is not None:
                record.service.child.ask_to_stop()
        for record in reversed(self.records):
            record.service.stop()
