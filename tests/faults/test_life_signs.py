"""The health check of workers and beat, asked about real ones: who works is well, who hangs is not, the broker's fault is nobody's."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from gkec import healthcheck
from gkec.devstack.processes import Child, wait_until
from gkec.devstack.valkey import free_port
from gkec.environment import ROOT
from tests.services.worker import Worker

pytestmark = pytest.mark.faults
SILENT = healthcheck.SILENT_SECONDS + 1


def asked(sign: Path, **variables: str) -> tuple[int, str]:
    """Run the check as a container does."""
    answer = subprocess.run(
        [sys.executable, "-P", "site/gkec/healthcheck.py"],
        cwd=ROOT,
        env={**os.environ, "LIFE_SIGN": str(sign), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.returncode, answer.stderr


def let_time_pass(sign: Path) -> None:
    """Make the last sign as old as it is where none has come since."""
    moment = time.time() - SILENT
    os.utime(sign, (moment, moment))


def is_well(sign: Path) -> bool:
    return asked(sign) == (0, "")


@pytest.mark.django_db(transaction=True)
def test_who_works_is_well_and_who_hangs_is_not(
    start_worker: Callable[..., Worker], start_beat: Callable[..., Child], tmp_path: Path
) -> None:
    signs = {name: tmp_path / name for name in ("worker", "beat")}
    began = {
        "beat": start_beat(LIFE_SIGN=str(signs["beat"]), MAIL_SWEEP_SECONDS="1").process,
        "worker": start_worker(LIFE_SIGN=str(signs["worker"])).child.process,
    }
    for name, sign in signs.items():
        assert wait_until(sign.exists, seconds=60), name
        assert is_well(sign), name
        # Later, who lives has given another sign ...
        let_time_pass(sign)
        assert wait_until(lambda sign=sign: is_well(sign), seconds=60, pause=0.5), name
        # ... and who hangs has not.
        began[name].send_signal(signal.SIGSTOP)
        stopped = psutil.Process(began[name].pid)
        assert wait_until(lambda one=stopped: one.status() == psutil.STATUS_STOPPED, seconds=10), name
        let_time_pass(sign)
        code, said = asked(sign)
        assert (code, said[:29]) == (1, "No sign of life (the last one"), name
        began[name].send_signal(signal.SIGCONT)
        assert wait_until(lambda sign=sign: is_well(sign), seconds=60, pause=0.5), name


NOT_TO_BLAME = (0, f"{healthcheck.NOT_TO_BLAME}\n")


def test_a_process_that_has_never_given_a_sign_is_not_well(tmp_path: Path) -> None:
    code, said = asked(tmp_path / "sign")
    assert (code, said[:22]) == (1, "No sign of life (none)")


@pytest.mark.parametrize(("scheme", "has_begun"), [("redis", True), ("amqp", False)])
def test_whoever_waits_for_a_broker_that_is_away_is_not_killed_for_it(
    tmp_path: Path, scheme: str, has_begun: bool
) -> None:
    sign = tmp_path / "sign"
    if has_begun:
        sign.touch()
        let_time_pass(sign)
    assert asked(sign, CELERY_BROKER_URL=f"{scheme}://127.0.0.1:{free_port()}//") == NOT_TO_BLAME


@pytest.mark.long
def test_a_broker_that_takes_connections_and_says_nothing_ends_the_check_in_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        began = time.monotonic()
        assert asked(tmp_path / "sign", CELERY_BROKER_URL=f"redis://127.0.0.1:{port}/0") == NOT_TO_BLAME
    assert time.monotonic() - began < 15
