"""Calls at once that meet at a step instead of sleeping there, so that a race happens on a machine of any speed.

Whoever comes to the step is held until each of the others is held too, has ended, or waits in the database for one
who is held. With the lock in place that is the first one alone, and the wait ends as soon as the others stand before
the lock; with the lock taken away all of them meet, however slowly they come. Guard and control run one scene.
"""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import pytest
from django.db import connection

PATIENCE = 60
LOOK_SECONDS = 0.005
_GATE = 1
# Put into a statement, it is the step: its snapshot is taken, nothing is locked yet. Ask for it with `at_once(gate=True)`.
GATE = f"AND (SELECT pg_advisory_xact_lock_shared({_GATE})) IS NOT NULL"


@dataclass(frozen=True)
class Later:
    """A call that begins when another one is held at its step."""

    call: Callable[[], Any]


class Stage(Enum):
    """Where a call is."""

    BEFORE = auto()
    UNDER_WAY = auto()
    HELD = auto()
    OVER = auto()


def at_once(calls: Sequence[Callable[[], Any] | Later], *, gate: bool = False) -> list[Any]:
    """Make all calls at the same moment in threads of their own; return answers, or the exceptions they raised.

    With `gate` statements that carry GATE wait at it for each other, once.
    """
    return _Race(calls, has_gate=gate).run()


def meet() -> None:
    """Be held here; does nothing outside of `at_once`."""
    racer = threading.current_thread()
    if isinstance(racer, _Racer):
        racer.race.hold(racer)


def meet_before(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """Have everybody meet who is about to call a function of a module."""
    does = getattr(owner, name)
    monkeypatch.setattr(owner, name, lambda *args, **kwargs: (meet(), does(*args, **kwargs))[1])


def meet_after(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """Have everybody meet who has called a function of a module, with its answer in hand."""
    does = getattr(owner, name)
    monkeypatch.setattr(owner, name, lambda *args, **kwargs: (does(*args, **kwargs), meet())[0])


class _Racer(threading.Thread):
    """One call, on a connection of its own."""

    def __init__(self, race: "_Race", call: Callable[[], Any] | Later) -> None:
        super().__init__(daemon=True)
        self.race = race
        self.call = call.call if isinstance(call, Later) else call
        self.stage = Stage.BEFORE if isinstance(call, Later) else Stage.UNDER_WAY
        self.answer: Any = None
        self.pid = 0

    def run(self) -> None:
        try:
            connection.ensure_connection()
            self.pid = connection.connection.info.backend_pid
            self.race.barrier.wait(PATIENCE)
            self.race.wait_while(self, Stage.BEFORE)
            self.answer = self.call()
        except Exception as problem:  # noqa: BLE001  (what a call raises is its answer)
            self.answer = problem
        finally:
            connection.close()
            self.race.put(self, Stage.OVER)


class _Race:
    """The calls, and who watches them: this thread, on the test's own connection."""

    def __init__(self, calls: Sequence[Callable[[], Any] | Later], *, has_gate: bool) -> None:
        self.changed = threading.Condition()
        self.barrier = threading.Barrier(len(calls))
        self.racers = [_Racer(self, call) for call in calls]
        self.gatekeeper = self._shut() if has_gate else None

    def run(self) -> list[Any]:
        for racer in self.racers:
            racer.start()
        deadline = time.monotonic() + PATIENCE
        try:
            while any(racer.is_alive() for racer in self.racers):
                assert time.monotonic() < deadline, "a call did not come back: probably a deadlock"
                self._look()
                with self.changed:
                    self.changed.wait(LOOK_SECONDS)
        finally:
            self._open()
            self._let_go(self.racers)
        return [racer.answer for racer in self.racers]

    def put(self, racer: _Racer, stage: Stage) -> None:
        with self.changed:
            racer.stage = stage
            self.changed.notify_all()

    def wait_while(self, racer: _Racer, stage: Stage) -> None:
        with self.changed:
            self.changed.wait_for(lambda: racer.stage is not stage, PATIENCE)

    def hold(self, racer: _Racer) -> None:
        self.put(racer, Stage.HELD)
        self.wait_while(racer, Stage.HELD)

    def _at(self, stage: Stage) -> list[_Racer]:
        with self.changed:
            return [racer for racer in self.racers if racer.stage is stage]

    def _look(self) -> None:
        """Let later calls begin once somebody is held, and those who are held go once nobody else can come."""
        later, held, coming = self._at(Stage.BEFORE), self._at(Stage.HELD), self._at(Stage.UNDER_WAY)
        holders = {racer.pid for racer in held} | ({self.gatekeeper} if self.gatekeeper else set())
        stuck = _waiting_for(holders, {racer.pid for racer in coming}) if holders else set()
        if later:
            if held or stuck or not coming:
                self._let_go(later)
        elif holders and len(stuck) == len(coming):
            self._open()
            self._let_go(held)

    def _let_go(self, racers: Collection[_Racer]) -> None:
        with self.changed:
            for racer in racers:
                if racer.stage is not Stage.OVER:
                    racer.stage = Stage.UNDER_WAY
            self.changed.notify_all()

    def _open(self) -> None:
        if self.gatekeeper is not None:
            self.gatekeeper = None
            _run("SELECT pg_advisory_unlock(%s)", [_GATE])

    def _shut(self) -> int:
        [(pid, _void)] = _run("SELECT pg_backend_pid(), pg_advisory_lock(%s)", [_GATE])
        return pid


def _waiting_for(holders: set[int], others: set[int]) -> set[int]:
    """Return which of the other sessions wait for a lock of one of the holders, or of one who waits for them."""
    blockers = dict(_run("SELECT pid, pg_blocking_pids(pid) FROM unnest(%s::int[]) AS pid", [list(others)]))
    stuck: set[int] = set()
    while more := {pid for pid in others - stuck if (holders | stuck) & set(blockers[pid])}:
        stuck |= more
    return stuck


def _run(statement: str, values: list[Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
