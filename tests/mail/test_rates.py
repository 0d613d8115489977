"""A stream's rate is held across processes, and by each alone while Valkey is away."""

import pytest
import redis

from core import valkey
from mail import rates
from mail.models import Message
from tests.factories.mail import ask, deliver_all
from tests.services.mailserver import MailServer


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "_local", {})
    monkeypatch.setattr(rates, "_breaker", valkey.Breaker())
    valkey.client().delete("gkec:mail-rate:bulk", "gkec:mail-rate:transactional")


def test_without_a_rate_nobody_waits_and_nothing_is_asked(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MAIL_RATES = {"bulk": 0}
    monkeypatch.setattr(valkey, "client", None)
    assert rates.seconds_to_wait("bulk", 1000) == 0
    assert rates.most_at_once("bulk", 30) is None


def test_a_burst_of_one_second_passes_and_then_the_mean_is_kept(settings) -> None:
    settings.MAIL_RATES = {"bulk": 10}
    waits = [rates.seconds_to_wait("bulk", 5) for _n in range(6)]
    assert waits[:2] == [0, 0]
    assert waits[2:] == pytest.approx([0.5, 1.0, 1.5, 2.0], abs=0.2)
    # Another process finds the same bucket, another stream its own.
    rates._local.clear()
    assert rates.seconds_to_wait("bulk", 5) == pytest.approx(2.5, abs=0.2)
    settings.MAIL_RATES = {"transactional": 10}
    assert rates.seconds_to_wait("transactional", 5) == 0


def test_without_valkey_each_process_keeps_the_rate_by_itself(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MAIL_RATES = {"bulk": 10}
    monkeypatch.setattr(valkey, "client", lambda: redis.Redis.from_url("redis://127.0.0.1:1/0", socket_timeout=0.1))
    waits = [rates.seconds_to_wait("bulk", 5) for _n in range(4)]
    assert waits == pytest.approx([0, 0, 0.5, 1.0], abs=0.2)


@pytest.mark.django_db
def test_mail_leaves_at_the_rate_and_answers_are_written_down_before_a_wait(
    mail_server: MailServer, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAIL_RATES = {"bulk": 4}
    slept: list[float] = []
    started: list[int] = []

    def sleep(seconds: float) -> None:
        started.append(Message.objects.filter(state="started").count())
        slept.append(seconds)

    monkeypatch.setattr(rates, "sleep", sleep)
    for _n in range(12):
        ask(stream="bulk")
    deliver_all("bulk")
    assert len(mail_server.accepted) == 12
    assert slept == pytest.approx([1, 2], abs=0.7)
    assert started == [0, 0]


def test_a_worker_takes_no_more_than_its_lease_lets_it_send(settings) -> None:
    settings.MAIL_RATES = {"bulk": 2}
    assert rates.most_at_once("bulk", 8 * 0.25) == 4
    assert rates.most_at_once("bulk", 0.1) == 1
