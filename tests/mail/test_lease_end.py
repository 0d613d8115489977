"""A batch ends with its lease, so that a worker that was asked to stop is not killed with a group in its hands."""

from datetime import timedelta

import pytest
import time_machine
from django.db.models import Count

from mail.models import Message
from mail.services import delivery
from tests.factories.mail import ask

pytestmark = pytest.mark.django_db


def test_a_slow_server_does_not_make_a_batch_outlive_its_lease(mail_server, settings, monkeypatch):
    settings.MAIL_GROUP_SIZES = {"transactional": 1, "bulk": 5}
    settings.MAIL_BATCH_SIZES = {"transactional": 20, "bulk": 20}
    handed_over = delivery._handed_over
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False) as time:

        def slowly(road, sending):
            answers = handed_over(road, sending)
            time.shift(timedelta(seconds=settings.MAIL_LEASE_SECONDS * 0.6))
            return answers

        monkeypatch.setattr(delivery, "_handed_over", slowly)
        for _ in range(15):
            ask(stream="bulk")
        done = delivery.deliver(stream="bulk")
        assert (done.taken, done.is_more, len(mail_server.accepted)) == (15, True, 10)
        states = Message.objects.order_by("state").values_list("state").annotate(number=Count("pk"))
        assert list(states) == [("accepted", 10), ("queued", 5)]
        assert set(Message.objects.filter(state="queued").values_list("lease_id", "attempts")) == {(None, 0)}
        done = delivery.deliver(stream="bulk")
        assert (done.taken, done.is_more, len(mail_server.accepted)) == (5, False, 15)
