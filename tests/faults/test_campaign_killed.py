"""A campaign whose worker is killed at each step, and whose broker is emptied: its books close, nobody gets it twice.

What is called accepted is compared with the receiving server's log, address by address; a killed process leaves at
most the group that it had open.
"""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as given
from django.db import transaction

from core import clock
from gkec.devstack.processes import wait_until
from mail import doorbell
from mail.models import Mailing, Message
from mail.services import delivery, mailings, sweeping
from newsletter import tasks
from newsletter.models import Campaign
from newsletter.services import campaigns, pause_campaign, prepare_campaign, resume_campaign, start_campaign
from newsletter.services.books import Books, books
from tests.factories import newsletter as make
from tests.factories.mail import deliver_all
from tests.faults import steps
from tests.faults.resuming import PATIENCE_SECONDS, SHORT, settle
from tests.services.smtpscript import ScriptedServer
from tests.services.worker import Worker

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
Start = Callable[..., ScriptedServer]
StartWorker = Callable[..., Worker]
READERS = 45
GROUP = 10
LANGUAGES = ("en", "fr", "ar")
# Each has a twin a few instructions away that stays in the short run, or differs in what the server has alone, which
# test_killed_at_each_step.py compares at every step.
TWINS = {
    *{"before the start is committed", "after the answer", "after the answer is committed", "before the lease"},
    *{"in mid data", "after the final dot"},
}


@pytest.fixture(autouse=True)
def leaves_at_once(settings):
    settings.MAIL_UNDO_SECONDS = 0
    settings.MAIL_GROUP_SIZES = {**settings.MAIL_GROUP_SIZES, "bulk": GROUP}


def readers(number: int = READERS) -> set[str]:
    return {make.subscriber(f"p{n}@city.example", language=LANGUAGES[n % 3]).email for n in range(number)}


def draft() -> Campaign:
    page = make.issue()
    make.translated(page, "fr")
    return prepare_campaign(issue=page.translation_key)


def kill(step: str) -> None:
    """Deliver in a fork that dies at the step."""

    def work() -> None:
        steps.arm(step, at=steps.end_this_process)
        while delivery.deliver(stream="bulk"):
            pass

    steps.die_in_a_fork(work)


def addresses(state: str) -> set[str]:
    return set(Message.objects.filter(state=state).values_list("to_address", flat=True))


def assert_closed(campaign: Campaign, server: ScriptedServer, asked: set[str], *, most_unknown: int) -> None:
    """The equation closes on what was frozen, and agrees with the server's log."""
    tasks.advance()
    campaign.refresh_from_db()
    found = books(campaign)
    assert (campaign.state, found.is_balanced, found.waiting, found.audience) == ("sent", True, 0, len(asked))
    assert campaign.closing == dict(Counter(Message.objects.values_list("state", flat=True)))
    received = server.recipients()
    assert set(received.values()) <= {1}
    assert addresses("accepted") | addresses("unknown") == asked
    assert addresses("accepted") <= set(received)
    assert set(received) - addresses("accepted") <= addresses("unknown")
    assert found.unknown <= most_unknown


@pytest.mark.parametrize(
    "step", [pytest.param(step, marks=pytest.mark.long if step in TWINS else []) for step in steps.STEPS]
)
def test_a_killed_worker_costs_a_campaign_at_most_its_open_group(
    scripted: Start, step: str, time_machine: Any, settings: Any
) -> None:
    server, asked = scripted(), readers()
    campaign = start_campaign(campaign_id=draft().pk)
    kill(step)
    assert books(campaign).is_balanced
    time_machine.move_to(clock.now() + timedelta(seconds=settings.MAIL_LEASE_SECONDS + 1))
    sweeping.sweep()
    deliver_all("bulk")
    is_open = step not in {"before the lease", "leased"}
    assert_closed(campaign, server, asked, most_unknown=GROUP if is_open else 0)


@pytest.mark.parametrize("step", ["leased", "started"])
def test_a_worker_killed_in_a_campaign_that_is_then_paused(
    scripted: Start, step: str, time_machine: Any, settings: Any
) -> None:
    server, asked = scripted(), readers()
    campaign = start_campaign(campaign_id=draft().pk)
    kill(step)
    pause_campaign(campaign_id=campaign.pk)
    before = len(server.accepted)
    time_machine.move_to(clock.now() + timedelta(seconds=settings.MAIL_LEASE_SECONDS + 1))
    sweeping.sweep()
    assert (deliver_all("bulk"), len(server.accepted)) == (0, before)
    assert books(campaign).is_balanced
    resume_campaign(campaign_id=campaign.pk)
    deliver_all("bulk")
    assert_closed(campaign, server, asked, most_unknown=GROUP)


@pytest.mark.parametrize(
    ("owner", "name", "is_after"),
    [
        pytest.param(mailings, "enqueue_many", True, id="in mid freeze"),
        pytest.param(mailings, "freeze", True, id="frozen, not yet written down", marks=pytest.mark.long),
        pytest.param(campaigns, "start_campaign", True, id="after the commit", marks=pytest.mark.long),
    ],
)
def test_a_process_killed_while_it_freezes_leaves_all_or_nothing(
    scripted: Start, owner: Any, name: str, is_after: bool, monkeypatch: Any
) -> None:
    monkeypatch.setattr(mailings, "CHUNK", 10)
    server, asked, campaign = scripted(), readers(), draft()

    def work() -> None:
        at = steps.around(getattr(owner, name), lambda *_, **__: True, steps.end_this_process, is_after=is_after)
        setattr(owner, name, at)
        campaigns.start_campaign(campaign_id=campaign.pk)

    steps.die_in_a_fork(work)
    is_committed = name == "start_campaign"
    assert (Mailing.objects.count(), Message.objects.count()) == ((1, READERS) if is_committed else (0, 0))
    again = start_campaign(campaign_id=campaign.pk)
    assert books(again) == Books(audience=READERS, waiting=READERS)
    deliver_all("bulk")
    assert_closed(again, server, asked, most_unknown=0)


def test_control_a_freeze_in_pieces_leaves_half_an_audience_behind(monkeypatch: Any) -> None:
    """What the one transaction is for: without it a kill leaves messages that belong to no campaign."""
    monkeypatch.setattr(mailings, "CHUNK", 10)
    readers()
    campaign = draft()

    def work() -> None:
        ask = transaction.atomic(mailings.enqueue_many)
        mailings.enqueue_many = steps.around(ask, lambda *_, **__: True, steps.end_this_process, is_after=True)
        mailings.freeze = mailings.freeze.__wrapped__
        campaigns.locked_with_its_issue = lambda pk: Campaign.objects.get(pk=pk)
        start_campaign.__wrapped__(campaign_id=campaign.pk)

    steps.die_in_a_fork(work)
    campaign.refresh_from_db()
    assert (campaign.state, Message.objects.count()) == ("draft", 10)


@pytest.mark.parametrize("who", ["child", pytest.param("parent", marks=pytest.mark.long)])
def test_a_real_worker_killed_in_mid_campaign(
    scripted: Start, start_worker: StartWorker, tmp_path: Path, who: str
) -> None:
    server, asked = scripted(), readers(70)
    campaign = start_campaign(campaign_id=draft().pk)
    once = tmp_path / "died"
    mortal = {"DIE_AT": "after the answer", "DIE_WHO": who, "DIE_ONCE": str(once)}
    worker = start_worker(("bulk",), include="tests.faults.mortal", **SHORT, **mortal)
    doorbell.ring_now("bulk")
    assert wait_until(once.exists, seconds=PATIENCE_SECONDS), worker.log()
    if who == "parent":
        assert wait_until(lambda: worker.child.process.poll() is not None, seconds=5)
        start_worker(("bulk",), **SHORT)
    settle()
    # The worker reads its groups of 20 from the settings.
    assert_closed(campaign, server, asked, most_unknown=20)


def test_a_broker_emptied_in_mid_campaign_loses_nobody(scripted: Start, start_worker: StartWorker) -> None:
    is_reached, is_emptied = threading.Event(), threading.Event()

    def hold(_recipient: str) -> None:
        if len(server.accepted) >= GROUP:
            is_reached.set()
            is_emptied.wait(PATIENCE_SECONDS)

    server, asked = scripted(on_data=hold), readers(60)
    campaign = start_campaign(campaign_id=draft().pk)
    # Hand-over and lease of the usual length, which the server's holding must not outlast.
    worker = start_worker(("bulk",), concurrency=2)
    doorbell.ring_now("bulk")
    assert is_reached.wait(PATIENCE_SECONDS), worker.log()
    with redis.Redis.from_url(given.REDIS_URL) as broker:
        broker.flushdb()
    is_emptied.set()
    settle()
    assert_closed(campaign, server, asked, most_unknown=0)
