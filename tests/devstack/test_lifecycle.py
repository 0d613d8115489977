"""The whole site, started and ended for real, in every way in which it may end."""

import os
import re
import signal
import stat
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from gkec.devstack.postgres import Postgres
from gkec.devstack.processes import wait_until
from gkec.devstack.valkey import Valkey
from tests.services.demo import READY, SITE, SLOW_STEPS, FirstStart, StartDemo, start_one
from tests.services.mailserver import running_mail_server

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("devstack"), pytest.mark.timeout(600)]


def test_the_first_start_does_everything_and_ctrl_c_leaves_nothing_behind(first_start: FirstStart) -> None:
    said = first_start.said
    for step in SLOW_STEPS[:2]:
        assert said.count(step) == 1
    assert f"http://127.0.0.1:{first_start.port}/dev/inbox/" in said
    assert "admin@gkec.example" in said
    assert said.endswith("Stopping.\nStopped; the data stay in var/.\n")
    assert first_start.survivors == []
    assert not (first_start.var / "run" / "devstack.pid").exists()
    assert stat.S_IMODE((first_start.var / "run" / "secret-key").stat().st_mode) == 0o600
    assert stat.S_IMODE((first_start.var / "postgres").stat().st_mode) == 0o700


@pytest.mark.long
def test_a_second_start_is_ready_within_ten_seconds(first_start: FirstStart, start_demo: StartDemo) -> None:
    said = start_demo(var=first_start.var).wait_for(READY)
    assert float(re.findall(r"Ready after ([\d.]+) s", said)[0]) < 10


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_its_end_leaves_no_process_behind(
    first_start: FirstStart, start_demo: StartDemo, number: signal.Signals
) -> None:
    demo = start_demo(var=first_start.var)
    demo.wait_for(READY)
    assert wait_until(lambda: set(demo.children()) >= SITE, seconds=10)
    code = demo.end(number)
    assert demo.survivors() == []
    assert code == (0 if number == signal.SIGTERM else -signal.SIGKILL)


def test_a_start_after_a_kill_says_so_and_goes_on(first_start: FirstStart, start_demo: StartDemo) -> None:
    (first_start.var / "run" / "devstack.pid").write_text("4242")
    said = start_demo(var=first_start.var).wait_for(READY)
    assert "The last run (process 4242) was killed; its pid file is replaced.\n" in said


def test_it_ends_with_its_parent_when_asked_to(first_start: FirstStart, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    parent = os.fork()
    if parent == 0:
        demo = start_one(first_start.var, tmp_path / "output.txt", ("--stop-with-parent",), {})
        os.write(writer, str(demo.process.pid).encode())
        signal.pause()
    pid = int(os.read(reader, 20))
    supervisor = psutil.Process(pid)
    assert wait_until(lambda: READY in (tmp_path / "output.txt").read_text(), seconds=100)
    family = [supervisor, *supervisor.children(recursive=True)]
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert [one.cmdline() for one in alive] == []


def test_real_servers_in_the_environment_are_used_instead(first_start: FirstStart, start_demo: StartDemo) -> None:
    with ExitStack() as stack:
        postgres = Postgres(first_start.var / "postgres", first_start.var / "log" / "postgres.log")
        valkey = Valkey(first_start.var / "valkey", first_start.var / "log" / "valkey.log")
        for service in (postgres, valkey):
            stack.callback(service.stop)
            service.start()
        mail = stack.enter_context(running_mail_server())
        demo = start_demo(var=first_start.var, DATABASE_URL=postgres.url, REDIS_URL=valkey.url, EMAIL_URL=mail.url)
        demo.wait_for(READY)
        assert wait_until(lambda: set(demo.children()) == SITE, seconds=10)
        assert demo.end(signal.SIGINT) == 0
        assert postgres.answers()
        assert valkey.answers()
