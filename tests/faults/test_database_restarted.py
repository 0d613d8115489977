"""A database that stops without notice in the middle of a mail-out and comes back: what it said was started, was."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from celery import current_app

from core import pgtools
from gkec.devstack.postgres import Postgres
from gkec.devstack.processes import wait_until
from mail import doorbell
from newsletter.services import prepare_campaign, start_campaign
from tests.factories import newsletter as make
from tests.factories.mail import ask
from tests.faults.resuming import LEASE_SECONDS, SHORT, longest
from tests.services.smtpscript import ScriptedServer
from tests.services.worker import Worker, environment

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
LANGUAGES = ("en", "fr", "ar")
# Said by a process that works on the other cluster, as a worker of the site would.
CLOSE = """
import django; django.setup()
import json
from newsletter.models import Campaign
from newsletter.services import advance_campaigns
from newsletter.services.books import books
advance_campaigns()
campaign = Campaign.objects.get()
found = books(campaign)
print(json.dumps({"state": campaign.state, "is_balanced": found.is_balanced, **vars(found)}))
"""


@pytest.fixture
def copied_cluster(transactional_db: None, tmp_path: Path) -> Generator[Callable[[], Postgres]]:
    """Copy this test's database into a cluster of its own, in a tenth of the time that migrating takes."""
    # The server alone dies, not the machine: what it has written is in the kernel's hands, on disk or not.
    server = Postgres(tmp_path / "postgres", tmp_path / "postgres.log", is_durable=False)

    def copied() -> Postgres:
        pgtools.run("pg_dump", "--no-owner", "--file", str(tmp_path / "all.sql"))
        server.start()
        program = pgtools.find("psql")
        command = [program, "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--single-transaction"]
        subprocess.run(
            [*command, "--file", str(tmp_path / "all.sql"), server.url],
            env=pgtools._libraries(program),
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=60,
        )
        return server

    yield copied
    server.stop()


def closed(cluster: Postgres) -> dict[str, Any]:
    """Close the books of the one campaign and return what they say."""
    done = subprocess.run(
        [sys.executable, "-c", CLOSE],
        env={**environment(), "DATABASE_URL": cluster.url},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def states(cluster: Postgres) -> dict[str, set[str]]:
    with cluster.connect(cluster.database) as connection:
        found = connection.execute("SELECT state, array_agg(to_address) FROM mail_message GROUP BY state").fetchall()
    return {state: set(addresses) for state, addresses in found}


def in_hand(cluster: Postgres) -> set[tuple[int, str]]:
    """Return what workers held when the database went, each with its lease."""
    with cluster.connect(cluster.database) as connection:
        return set(connection.execute("SELECT id, lease_id::text FROM mail_message WHERE lease_id IS NOT NULL"))


def has_none_of(cluster: Postgres, lying: set[tuple[int, str]]) -> bool:
    """Whether each has ended or gone on under another lease."""
    return not in_hand(cluster) & lying


def has_taken(server: ScriptedServer, number: int) -> bool:
    return len(server.accepted) >= number


def restart_without_notice(cluster: Postgres, *, away_seconds: float = 1) -> None:
    """Do what `pg_ctl restart -m immediate` does."""
    assert cluster.child is not None
    os.kill(cluster.child.process.pid, signal.SIGQUIT)
    cluster.child.process.wait(30)
    time.sleep(away_seconds)
    cluster.start()


def assert_kept(cluster: Postgres, server: ScriptedServer, *, asked: int, open_groups: int) -> None:
    """Compare the ends in the database with the server's log: each restart leaves a group open for each process."""
    ends, received = states(cluster), server.recipients()
    accepted, unknown = ends.get("accepted", set()), ends.get("unknown", set())
    assert len(accepted) + len(unknown) == asked
    assert accepted <= set(received)
    assert set(received) - accepted <= unknown
    assert all(address.endswith("@bulk.example") for address in unknown)
    assert len(unknown) <= open_groups * 20
    repeated = {address: number for address, number in received.items() if number > 1}
    assert all(address.endswith("@transactional.example") and number == 2 for address, number in repeated.items())
    assert len(repeated) <= open_groups


def test_a_database_restarted_in_mid_batch_keeps_the_promise(
    scripted: Callable[..., ScriptedServer],
    start_worker: Callable[..., Worker],
    copied_cluster: Callable[[], Postgres],
) -> None:
    # More than a batch, of which one group is open when the database goes.
    number = 25
    for stream in ("transactional", "bulk"):
        for n in range(number):
            ask(to=f"p{n}@{stream}.example", stream=stream)
    doorbell.wait_until_quiet()
    cluster = copied_cluster()
    server = scripted(on_data=lambda recipient: time.sleep(0.02))
    worker = start_worker(DATABASE_URL=cluster.url, **SHORT)

    def is_settled() -> bool:
        # As beat would.
        current_app.send_task("mail.tasks.sweep", queue="default", ignore_result=True)
        return states(cluster).keys() <= {"accepted", "unknown"}

    is_settled()
    assert wait_until(partial(has_taken, server, 8), seconds=60), worker.log()
    restart_without_notice(cluster, away_seconds=0)
    assert len(server.accepted) < 2 * number
    lying = in_hand(cluster)
    seconds = longest(lease_seconds=LEASE_SECONDS, sweep_seconds=0.5, reconnects=True)
    assert wait_until(lambda: is_settled() or has_none_of(cluster, lying), seconds=seconds, pause=0.5), states(cluster)
    assert wait_until(is_settled, seconds=60, pause=0.5), states(cluster)
    assert_kept(cluster, server, asked=2 * number, open_groups=1)


def start_campaign_of(readers: int) -> None:
    for n in range(readers):
        make.subscriber(f"p{n}@bulk.example", language=LANGUAGES[n % 3])
    page = make.issue()
    make.translated(page, "fr")
    start_campaign(campaign_id=prepare_campaign(issue=page.translation_key).pk)


@pytest.mark.long
def test_a_database_restarted_in_mid_campaign_keeps_the_promise_and_the_books_close(
    scripted: Callable[..., ScriptedServer],
    start_worker: Callable[..., Worker],
    start_beat: Callable[..., object],
    copied_cluster: Callable[[], Postgres],
    settings: Any,
) -> None:
    settings.MAIL_UNDO_SECONDS = 0
    # So many that it is under way still when what lay in the hands of workers has left.
    number = 400
    start_campaign_of(number)
    for n in range(number):
        ask(to=f"p{n}@transactional.example", stream="transactional")
    doorbell.wait_until_quiet()
    cluster = copied_cluster()
    server = scripted(on_data=lambda recipient: time.sleep(0.02))
    worker = start_worker(concurrency=3, DATABASE_URL=cluster.url, **SHORT)
    start_beat(MAIL_SWEEP_SECONDS="1", DATABASE_URL=cluster.url)
    for reached in (40, 120):
        assert wait_until(partial(has_taken, server, reached), seconds=60), worker.log()
        restart_without_notice(cluster)
        lying = in_hand(cluster)
        seconds = longest(lease_seconds=LEASE_SECONDS, sweep_seconds=1, reconnects=True)
        goes_on = partial(has_none_of, cluster, lying)
        assert wait_until(goes_on, seconds=seconds, pause=0.5), states(cluster)
    assert len(server.accepted) < 2 * number
    assert wait_until(lambda: states(cluster).keys() <= {"accepted", "unknown"}, seconds=120, pause=1), states(cluster)
    # Each restart leaves at most one open group of 20 for each process.
    assert_kept(cluster, server, asked=2 * number, open_groups=2 * 3)
    books = closed(cluster)
    assert (books["state"], books["is_balanced"], books["audience"], books["waiting"]) == ("sent", True, number, 0)
    ends = {name: books[name] for name in ("accepted", "unknown") if books[name]}
    in_bulk = {
        state: sum(address.endswith("@bulk.example") for address in found) for state, found in states(cluster).items()
    }
    assert ends == {state: found for state, found in in_bulk.items() if found}
