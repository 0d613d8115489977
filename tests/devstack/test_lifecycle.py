"""The whole site, started and ended for real, in every way in which it may end."""

import os
import re
import signal
import stat
import urllib.request
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
import redis

from gkec.devstack.postgres import Postgres
from gkec.devstack.processes import wait_until
from gkec.devstack.valkey import Valkey
from tests.devstack.conftest import READY, Demo, StartDemo, end_all, start_one
from tests.services.mailserver import running_mail_server

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("devstack"), pytest.mark.timeout(600)]

SITE = {"web", "worker", "worker-bulk", "beat"}
SERVICES = {"postgres", "valkey", "mail"}
SLOW_STEPS = ("Bringing the database", "Collecting static", "Loading the demo")


def answers(demo: Demo) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="module")
def running(first_start: Demo, tmp_path_factory: pytest.TempPathFactory) -> Generator[Demo]:
    """A second start on the data of the first, shared by the tests that do not end it."""
    demo = start_one(first_start.var, tmp_path_factory.mktemp("running") / "output.txt", (), {})
    demo.wait_for(READY)
    assert wait_until(lambda: set(demo.children()) == SITE | SERVICES, seconds=10)
    yield demo
    assert demo.end(signal.SIGTERM) == 0, demo.said()
    end_all([demo])


def test_the_first_start_does_everything_and_ctrl_c_leaves_nothing_behind(first_start: Demo) -> None:
    said = first_start.said()
    for step in SLOW_STEPS[:2]:
        assert said.count(step) == 1
    assert f"http://127.0.0.1:{first_start.port}/dev/inbox/" in said
    assert "admin@gkec.example" in said
    assert said.endswith("Stopping.\nStopped; the data stay in var/.\n")
    assert first_start.survivors() == []
    assert not (first_start.var / "run" / "devstack.pid").exists()
    assert stat.S_IMODE((first_start.var / "run" / "secret-key").stat().st_mode) == 0o600
    assert stat.S_IMODE((first_start.var / "postgres").stat().st_mode) == 0o700


def test_a_second_start_skips_what_has_been_done(running: Demo) -> None:
    assert not [step for step in SLOW_STEPS if step in running.said()]
    assert answers(running)


@pytest.mark.long
def test_a_second_start_is_ready_within_ten_seconds(first_start: Demo, start_demo: StartDemo) -> None:
    said = start_demo(var=first_start.var).wait_for(READY)
    assert float(re.findall(r"Ready after ([\d.]+) s", said)[0]) < 10


def test_a_second_instance_in_the_same_folder_is_refused(running: Demo, start_demo: StartDemo) -> None:
    second = start_demo(var=running.var)
    assert second.refusal() == f"GKEC is already running from this folder (process {running.process.pid})."
    assert answers(running)


def test_a_taken_port_is_one_sentence(running: Demo, start_demo: StartDemo) -> None:
    demo = start_demo(PORT=str(running.port))
    problem = f"Port {running.port} of 127.0.0.1 cannot be used (address already in use)"
    assert demo.refusal() == f"{problem}: choose another with PORT=8001."


@pytest.mark.parametrize("name", ["web", "worker", "beat", "valkey", "mail", "postgres"])
def test_a_child_that_dies_comes_back(running: Demo, name: str) -> None:
    before = running.children()[name]
    family = [before, *before.children(recursive=True)]
    said = len(running.said())
    before.send_signal(signal.SIGKILL)
    assert wait_until(lambda: f"{name} ended unexpectedly (ended by SIGKILL)" in running.said()[said:], seconds=10)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
    assert wait_until(lambda: running.children().get(name, before) != before, seconds=40)
    assert wait_until(lambda: answers(running), seconds=60)


def test_only_the_owner_gets_at_the_services(running: Demo) -> None:
    data = running.var / "postgres"
    postgres = Postgres(data, running.var / "log" / "postgres.log")
    assert stat.S_IMODE(postgres.socket_folder.stat().st_mode) == 0o700
    assert postgres.socket_folder.stat().st_uid == data.stat().st_uid
    assert {one.laddr.ip for one in running.children()["postgres"].net_connections("tcp")} == set()
    config = (running.var / "valkey" / "valkey.conf").read_text()
    assert stat.S_IMODE((running.var / "valkey" / "valkey.conf").stat().st_mode) == 0o600
    port = int(re.findall(r"^port (\d+)$", config, re.MULTILINE)[0])
    with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_its_end_leaves_no_process_behind(first_start: Demo, start_demo: StartDemo, number: signal.Signals) -> None:
    demo = start_demo(var=first_start.var)
    demo.wait_for(READY)
    assert wait_until(lambda: set(demo.children()) >= SITE, seconds=10)
    code = demo.end(number)
    assert demo.survivors() == []
    assert code == (0 if number == signal.SIGTERM else -signal.SIGKILL)


def test_a_start_after_a_kill_says_so_and_goes_on(first_start: Demo, start_demo: StartDemo) -> None:
    (first_start.var / "run" / "devstack.pid").write_text("4242")
    said = start_demo(var=first_start.var).wait_for(READY)
    assert "The last run (process 4242) was killed; its pid file is replaced.\n" in said


def test_it_ends_with_its_parent_when_asked_to(first_start: Demo, tmp_path: Path) -> None:
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


def test_real_servers_in_the_environment_are_used_instead(first_start: Demo, start_demo: StartDemo) -> None:
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
