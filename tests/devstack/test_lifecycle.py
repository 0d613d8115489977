"""The whole site, started and ended for real, in every way in which it may end but SIGTERM (test_running.py)."""

import os
import re
import signal
import stat
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from gkec.devstack.postgres import Postgres
from gkec.devstack.processes import wait_until
from gkec.devstack.valkey import Valkey
from tests.services.demo import READY, SERVICES, SITE, SLOW_STEPS, FirstStart, StartDemo, children_of, start_one
from tests.services.mailserver import running_mail_server

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("devstack"), pytest.mark.timeout(600)]


def test_the_first_start_does_everything_and_ctrl_c_leaves_nothing_behind(first_start: FirstStart) -> None:
    said = first_start.said
    for step in SLOW_STEPS[:2]:
        assert said.count(step) == 1
    assert f"http://127.0.0.1:{first_start.port}/dev/inbox/" in said
    assert "admin@gkec.example" in said
    # Static files were collected by this very start: their hashed names are known to what serves the page.
    assert re.search(r'<link rel="stylesheet" href="/static/css/site\.[0-9a-f]{12}\.css"', first_start.home)
    # It ran in a folder of its own, of which each test has a copy.
    assert re.search(r"\nStopping\.\nStopped; the data stay in /\S+/first-start/var\.\n$", said)
    assert first_start.survivors == []
    assert not (first_start.var / "run" / "devstack.pid").exists()
    assert stat.S_IMODE((first_start.var / "run" / "secret-key").stat().st_mode) == 0o600
    assert stat.S_IMODE((first_start.var / "postgres").stat().st_mode) == 0o700


@pytest.mark.long
def test_a_second_start_is_ready_within_ten_seconds(first_start: FirstStart, start_demo: StartDemo) -> None:
    said = start_demo(var=first_start.var).wait_for(READY)
    assert float(re.findall(r"Ready after ([\d.]+) s", said)[0]) < 10


def test_a_kill_leaves_no_process_behind(first_start: FirstStart, start_demo: StartDemo) -> None:
    demo = start_demo(var=first_start.var)
    demo.wait_for(READY)
    assert wait_until(lambda: set(demo.children()) == SITE | SERVICES, seconds=10)
    assert demo.end(signal.SIGKILL) == -signal.SIGKILL
    assert demo.survivors() == []


@contextmanager
def real_servers(var: Path) -> Generator[dict[str, str]]:
    """Run servers that no instance has started, and yield the variables that name them; they answer until the end."""
    with ExitStack() as stack:
        postgres = Postgres(var / "postgres", var / "log" / "postgres.log")
        stack.callback(postgres.stop)
        postgres.start()
        valkey = Valkey(var / "valkey-of-others", var / "log" / "valkey-of-others.log")
        stack.callback(valkey.stop)
        valkey.start()
        mail = stack.enter_context(running_mail_server())
        yield {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url, "EMAIL_URL": mail.url}
        assert (postgres.answers(), valkey.answers()) == (True, True)


def test_after_a_kill_it_says_so_uses_real_servers_and_ends_with_its_parent(
    first_start: FirstStart, tmp_path: Path
) -> None:
    (first_start.var / "run" / "devstack.pid").write_text("4242")
    output = tmp_path / "output.txt"
    reader, writer = os.pipe()
    with real_servers(first_start.var) as variables:
        parent = os.fork()
        if parent == 0:
            demo = start_one(first_start.var, output, ("--stop-with-parent",), variables)
            os.write(writer, str(demo.process.pid).encode())
            signal.pause()
        supervisor = psutil.Process(int(os.read(reader, 20)))
        try:
            assert wait_until(lambda: READY in output.read_text(), seconds=100), output.read_text()
            assert wait_until(lambda: set(children_of(supervisor.pid)) == SITE, seconds=10)
            family = [supervisor, *supervisor.children(recursive=True)]
        finally:
            os.kill(parent, signal.SIGKILL)
            os.waitpid(parent, 0)
        _, alive = psutil.wait_procs(family, timeout=20)
        assert [one.cmdline() for one in alive] == []
    said = output.read_text()
    assert "The last run (process 4242) was killed; its pid file is replaced.\n" in said
    assert said.endswith(f"Stopping.\nStopped; the data stay in {first_start.var}.\n")
