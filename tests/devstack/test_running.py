"""The whole site at work: what it is made of, what it refuses, and what happens when a part of it dies."""

import json
import re
import signal
import stat
import urllib.request
from collections.abc import Generator

import psutil
import pytest
import redis
from django.core.management import call_command

from gkec.devstack.postgres import Postgres
from gkec.devstack.processes import wait_until
from tests.browser.site import Site, environment_of, shell_of
from tests.devstack import contents
from tests.services.demo import (
    READY,
    SERVICES,
    SITE,
    SLOW_STEPS,
    Demo,
    FirstStart,
    StartDemo,
    copy_data,
    end_all,
    start_one,
)
from tests.services.scheduling import shared_folder

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("devstack"), pytest.mark.timeout(600)]

# The end of what goes to many is noticed soon.
SOON = {"CAMPAIGNS_ADVANCE_SECONDS": "2"}
LOOK = "import json; from tests.devstack import contents"


def answers(demo: Demo) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/readyz", timeout=15) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="module")
def running(first_start: FirstStart, tmp_path_factory: pytest.TempPathFactory) -> Generator[Demo]:
    """A second start on a copy of the first one's data, shared by the tests that do not end it."""
    folder = tmp_path_factory.mktemp("running")
    copy_data(shared_folder() / "var", folder / "var")
    demo = start_one(folder / "var", folder / "output.txt", (), SOON)
    demo.wait_for(READY)
    demo.spent = demo.processor_seconds()
    assert wait_until(lambda: set(demo.children()) == SITE | SERVICES, seconds=10)
    yield demo
    end_all([demo])


@pytest.fixture
def founded(db: None) -> dict[str, int]:
    """What a new installation holds that never had the demo."""
    call_command("found_site", verbosity=0)
    return contents.counts()


def test_a_second_start_skips_what_has_been_done_and_costs_little(running: Demo) -> None:
    assert not [step for step in SLOW_STEPS if step in running.said()]
    # Beside other tests a clock says little; test_lifecycle.py has the ten seconds that people wait at most.
    assert running.spent < 10
    assert wait_until(lambda: answers(running), seconds=60)


def test_ps_tells_its_processes_apart(running: Demo) -> None:
    assert wait_until(lambda: answers(running), seconds=60)
    shown = {name: one.cmdline()[0] for name, one in running.children().items()}
    for name in (*SITE, "mail"):
        # Its own children, such as a worker's pool, are shown as it is.
        family = running.children()[name].children()
        assert {shown[name], *(one.cmdline()[0] for one in family)} == {f"gkec: {name}"}
    assert shown["postgres"].endswith("/postgres")
    assert "/valkey-server 127.0.0.1:" in shown["valkey"]


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


@pytest.mark.long
def test_one_command_takes_the_whole_demo_away(running: Demo, founded: dict[str, int]) -> None:
    """After all others that need the demo: what the first start loaded and a worker has sent goes while the site runs."""
    url = Postgres(running.var / "postgres", running.var / "log" / "postgres.log").url
    with shell_of(environment_of(port=running.port, var=running.var, database_url=url)) as shell:
        site = Site(url=f"http://127.0.0.1:{running.port}", var=running.var, shell=shell)
        # What the first start had in hand when it was ended waits for two minutes, until its lease is over.
        site.wait_until(f"{LOOK}; print(contents.shown()['campaigns'] == ['sent'] * 3 or '')", seconds=300)
        found = json.loads(site.run(f"{LOOK}; print(json.dumps(contents.shown()))"))
        site.run("from django.core.management import call_command; call_command('demo_remove')")
        left = json.loads(site.run(f"{LOOK}; print(json.dumps(contents.counts()))"))
    # Nobody meets at a weekend, and midnight may have passed since the first start.
    for day, wanted in zip(found.pop("in days"), (-31, 19, 26, 33), strict=True):
        assert wanted - 2 <= day <= wanted + 3
    assert found == {
        "webinars": 4,
        "seats": [["open", 0], ["open", 0], ["waiting", 5], ["open", 0]],
        "courses": 2,
        "modules": [3, 3],
        "cities": 85,
        "running": {"Climate budgets, autumn": ["Chefchaouen", "Medellín"]},
        "campaigns": ["sent", "sent", "sent"],
    }
    # The log of consents is for ever: one for each sign-in that reads the newsletter.
    assert left == founded | {"accounts.ConsentRecord": 5}


def test_sigterm_ends_it_and_leaves_no_process_behind(running: Demo) -> None:
    """The last of this file: nothing runs any more."""
    assert running.end(signal.SIGTERM) == 0, running.said()
    assert running.survivors() == []
