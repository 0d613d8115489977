"""A batch ends with its lease, so that a worker that was asked to stop is not killed with a group in its hands."""

from collections.abc import Generator
from datetime import timedelta

import pytest
import time_machine
from django.db.models import Count

from mail import doorbell, tasks
from mail.models import Message
from mail.services import delivery
from tests.factories.mail import ask

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_slow_server(mail_server, settings, monkeypatch) -> Generator[None]:
    """A lease lasts for two groups of five."""
    settings.MAIL_GROUP_SIZES = {"transactional": 1, "bulk": 5}
    settings.MAIL_BATCH_SIZES = {"transactional": 20, "bulk": 20}
    handed_over = delivery._handed_over
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False) as time:

        def slowly(road, sending):
            answers = handed_over(road, sending)
            time.shift(timedelta(seconds=settings.MAIL_LEASE_SECONDS * 0.6))
            return answers

        monkeypatch.setattr(delivery, "_handed_over", slowly)
        yield


@pytest.fixture
def rings(monkeypatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(doorbell, "ring_now", found.append)
    return found


def test_a_slow_server_does_not_make_a_batch_outlive_its_lease(mail_server):
    for _ in range(15):
        ask(stream="bulk")
    assert (delivery.deliver(stream="bulk"), len(mail_server.accepted)) == (15, 10)
    states = Message.objects.order_by("state").values_list("state").annotate(number=Count("pk"))
    assert list(states) == [("accepted", 10), ("queued", 5)]
    assert set(Message.objects.filter(state="queued").values_list("lease_id", "attempts")) == {(None, 0)}
    assert (delivery.deliver(stream="bulk"), len(mail_server.accepted)) == (5, 15)


def test_what_a_lease_had_no_time_for_is_rung_for_and_need_not_wait_for_the_sweep(mail_server, rings):
    for _ in range(15):
        ask(stream="bulk")
    rings.clear()
    tasks.deliver("bulk")
    assert (rings, len(mail_server.accepted)) == (["bulk"], 10)
    tasks.deliver("bulk")
    assert (rings, len(mail_server.accepted)) == (["bulk"], 15)


def test_a_lease_that_ends_with_its_last_message_rings_for_nothing(mail_server, rings):
    for _ in range(10):
        ask(stream="bulk")
    rings.clear()
    tasks.deliver("bulk")
    assert (rings, len(mail_server.accepted)) == ([], 10)
