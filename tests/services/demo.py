"""Runs the real `python -m gkec.devstack` in a folder of its own."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from gkec.devstack.options import ROOT
from gkec.devstack.valkey import free_port
from tests.services.scheduling import first_start_facts, shared_folder

READY = "Ready after"
SITE = {"web", "worker", "worker-bulk", "beat"}
SERVICES = {"postgres", "valkey", "mail"}
SLOW_STEPS = ("Bringing the database", "Collecting static", "Loading the demo")
GREETING = "GKEC is starting; Ctrl-C stops it."
OWN_VARIABLES = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "BASE_URL", "BIND", "ALLOWED_HOSTS", "SECRET_KEY")


@dataclass
class Demo:
    """One instance, its output and every process it ever started; `spent` is what it had cost when it was ready."""

    var: Path
    port: int
    output: Path
    process: subprocess.Popen
    seen: set[psutil.Process] = field(default_factory=set)
    spent: float = 0.0

    def said(self) -> str:
        """Return what the instance has printed so far."""
        self.note_processes()
        return self.output.read_text()

    def note_processes(self) -> None:
        """Remember all descendants, to look for survivors later."""
        if self.process.poll() is None:
            with suppress(psutil.NoSuchProcess):
                self.seen.update(psutil.Process(self.process.pid).children(recursive=True))

    def wait_for(self, text: str, *, seconds: float = 150) -> str:
        """Wait until the instance has printed `text`; fail with its output when it ends before."""
        deadline = time.monotonic() + seconds
        while text not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            # Each look goes through all processes of the machine.
            time.sleep(0.2)
        return self.said()

    def processor_seconds(self) -> float:
        """Return what the instance and all that it has started have spent so far, which other load moves little."""
        supervisor = psutil.Process(self.process.pid)
        own = supervisor.cpu_times()
        spent = own.user + own.system + own.children_user + own.children_system
        for one in supervisor.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                spent += times.user + times.system
        return spent

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        self.note_processes()
        self.process.send_signal(number)
        return self.process.wait(40)

    def survivors(self, *, seconds: float = 5) -> list[str]:
        """Return what still runs after a moment of grace, by command line."""
        _, alive = psutil.wait_procs(list(self.seen), timeout=seconds)
        names = []
        for one in alive:
            with suppress(psutil.NoSuchProcess):
                if one.status() != psutil.STATUS_ZOMBIE:
                    names.append(" ".join(one.cmdline()) or one.name())
        return names

    def children(self) -> dict[str, psutil.Process]:
        """Return the direct children by the name of their log, but for those that are just ending."""
        return children_of(self.process.pid)

    def refusal(self) -> str:
        """Wait for the end of a start that must fail and return the one line it says about it."""
        code = self.process.wait(60)
        lines = [line for line in self.output.read_text().splitlines() if line != GREETING]
        assert (code, len(lines)) == (1, 1), (code, lines)
        assert self.survivors() == []
        return lines[0]


def children_of(pid: int) -> dict[str, psutil.Process]:
    """Return the direct children of an instance by the name of their log, but for those that are just ending."""
    found = {}
    for child in psutil.Process(pid).children():
        # Listed and gone before it was looked at, or a zombie, which has no files any more.
        with suppress(FileNotFoundError, PermissionError):
            found[Path(f"/proc/{child.pid}/fd/1").readlink().stem] = child
    return found


StartDemo = Callable[..., Demo]


def start_one(folder: Path, output: Path, arguments: tuple[str, ...], variables: dict[str, str]) -> Demo:
    """Start an instance with none of this run's own services."""
    port = int(variables.get("PORT") or free_port())
    environment = {name: value for name, value in os.environ.items() if name not in OWN_VARIABLES}
    environment |= {"PORT": str(port), "VAR_DIR": str(folder), **variables}
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "gkec.devstack", *arguments],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=ROOT,
            start_new_session=True,
        )
    return Demo(folder, port, output, process)


def end_all(started: list[Demo]) -> None:
    """Kill what a test left running, and see to it that nothing outlives it."""
    for demo in started:
        demo.note_processes()
        demo.process.kill()
        demo.process.wait()
        assert demo.survivors() == []


@pytest.fixture
def start_demo(tmp_path: Path) -> Generator[StartDemo]:
    """Start an instance: `start_demo(PORT="8001")`; none outlives the test."""
    started: list[Demo] = []

    def start(*arguments: str, var: Path | None = None, **variables: str) -> Demo:
        output = tmp_path / f"output-{len(started)}.txt"
        started.append(start_one(var or tmp_path / "var", output, arguments, variables))
        return started[-1]

    yield start
    end_all(started)


@dataclass(frozen=True)
class FirstStart:
    """The one start of this run that does everything a fresh machine needs, and a copy of the data that it left."""

    var: Path
    port: int
    said: str
    home: str
    survivors: list[str]


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> FirstStart:
    """Start once for all workers of this run and end by Ctrl-C; whoever comes second waits for it."""
    make_first_start()
    var = tmp_path_factory.mktemp("devstack") / "var"
    copy_data(shared_folder() / "var", var)
    return FirstStart(var=var, **json.loads(first_start_facts().read_text()))


def make_first_start() -> None:
    """Make the first start of this run, or wait until the process that makes it has ended."""
    shared_folder().mkdir(mode=0o711, exist_ok=True)
    with (shared_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not first_start_facts().exists():
            making = first_start_facts().with_suffix(".making")
            making.write_text(json.dumps(_start_first(shared_folder())))
            making.replace(first_start_facts())


def _start_first(folder: Path) -> dict[str, Any]:
    # A second try on what a failed one has left behind would be no first start, and hide the failure.
    assert not (folder / "var").exists(), f"The first start has failed:\n{(folder / 'first.txt').read_text()}"
    demo = start_one(folder / "var", folder / "first.txt", ("--stop-with-parent",), {})
    try:
        demo.wait_for(READY, seconds=400)
        with urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/en/", timeout=60) as answer:
            home = answer.read().decode()
        assert demo.end(signal.SIGINT) == 0, demo.said()
    finally:
        demo.process.kill()
    return {"port": demo.port, "said": demo.said(), "home": home, "survivors": demo.survivors()}


def copy_data(source: Path, target: Path) -> None:
    """Copy the data of an instance that has ended, for another one to run on."""
    target.parent.chmod(0o711)
    shutil.copytree(source, target, symlinks=True, copy_function=shutil.copy2)
    # PostgreSQL refuses a cluster that belongs to anybody else.
    owner = (source / "postgres").stat()
    for path in (target / "postgres", *(target / "postgres").rglob("*")):
        shutil.chown(path, owner.st_uid, owner.st_gid)
