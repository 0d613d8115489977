"""The whole site at work: what it is made of, what it refuses, and what happens when a part of it dies."""

import re
import signal
import stat
import urllib.request
from collections.abc import Generator

import psutil
import pytest
import redis

from gkec.devstack.postgres import Postgres
from gkec.devstack.processes import wait_until
from tests.services.demo import READY, SERVICES, SITE, SLOW_STEPS, Demo, FirstStart, StartDemo, end_all, start_one

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("devstack"), pytest.mark.timeout(600)]


def answers(demo: Demo) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/readyz", timeout=15) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="module")
def running(first_start: FirstStart, tmp_path_factory: pytest.TempPathFactory) -> Generator[Demo]:
    """A second start on the data of the first, shared by the tests that do not end it."""
    demo = start_one(first_start.var, tmp_path_factory.mktemp("running") / "output.txt", (), {})
    demo.wait_for(READY)
    assert wait_until(lambda: set(demo.children()) == SITE | SERVICES, seconds=10)
    yield demo
    end_all([demo])


def test_a_second_start_skips_what_has_been_done(running: Demo) -> None:
    assert not [step for step in SLOW_STEPS if step in running.said()]
    assert wait_until(lambda: answers(running), seconds=60)


def test_a_second_instance_in_the_same_folder_is_refused(running: Demo, start_demo: StartDemo) -> None:
    second = start_demo(var=running.var)
    assert second.refusal() == f"GKEC is already running from this folder (process {running.process.pid})."
    assert wait_until(lambda: answers(running), seconds=60)


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
    assert wait_until(lambda: answers(running), seconds=180)


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


def test_sigterm_ends_it_and_leaves_no_process_behind(running: Demo) -> None:
    """The last of this file: nothing runs any more."""
    assert running.end(signal.SIGTERM) == 0, running.said()
    assert running.survivors() == []
