"""Two real beats on one schedule, as after a deployment that forgot the old one."""

from collections.abc import Callable

import pytest
import redis
from django.conf import settings

from core.models import Heartbeat
from gkec.devstack.processes import Child, wait_until
from mail import doorbell
from tests.factories.mail import ask
from tests.services.smtpscript import ScriptedServer
from tests.services.worker import Worker

pytestmark = [pytest.mark.faults, pytest.mark.long, pytest.mark.django_db(transaction=True)]


def test_two_beats_send_nothing_twice_and_leave_one_heartbeat_a_job(
    scripted: Callable[..., ScriptedServer], start_worker: Callable[..., Worker], start_beat: Callable[..., Child]
) -> None:
    server = scripted()
    messages = [ask(stream="bulk") for _n in range(10)] + [ask() for _n in range(10)]
    doorbell.wait_until_quiet()
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.flushdb()
    start_worker(concurrency=2)
    for _n in range(2):
        start_beat(MAIL_SWEEP_SECONDS="1", PUBLISH_DUE_SECONDS="1")
    assert wait_until(lambda: len(server.accepted) >= len(messages), seconds=40)
    assert wait_until(lambda: Heartbeat.objects.filter(outcome="done").count() >= 2, seconds=20)
    assert server.recipients() == dict.fromkeys((message.to_address for message in messages), 1)
    assert set(Heartbeat.objects.values_list("name", flat=True)) == {"mail.tasks.sweep", "core.tasks.publish_due"}
