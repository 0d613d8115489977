"""A stream's rate is held across processes, and by each alone while Valkey is away."""

import time
from collections.abc import Callable, Sequence

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


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let the clock of this process's own bucket stand still, and go on by so many seconds when it is called."""

    class Clock:
        now = 1000.0

        @classmethod
        def monotonic(cls) -> float:
            return cls.now

    def go_on(seconds: float) -> None:
        Clock.now += seconds

    monkeypatch.setattr(rates, "time", Clock)
    return go_on


def assert_waits(waits: Sequence[float], expected: Sequence[float], *, since: float) -> None:
    """Tokens come back while the test runs: each wait is shorter than expected by at most the time since then."""
    elapsed = time.monotonic() - since
    for wait, longest in zip(waits, expected, strict=True):
        # Valkey counts in microseconds by a clock of its own.
        assert longest - elapsed - 0.001 <= wait <= longest


def test_without_a_rate_nobody_waits_and_nothing_is_asked(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MAIL_RATES = {"bulk": 0}
    monkeypatch.setattr(valkey, "client", None)
    assert rates.seconds_to_wait("bulk", 1000) == 0
    assert rates.most_at_once("bulk", 30) is None


def test_a_burst_of_one_second_passes_and_then_the_mean_is_kept(settings) -> None:
    settings.MAIL_RATES = {"bulk": 10}
    since = time.monotonic()
    waits = [rates.seconds_to_wait("bulk", 5) for _n in range(6)]
    assert waits[:2] == [0, 0]
    assert_waits(waits[2:], [0.5, 1.0, 1.5, 2.0], since=since)
    # Another process finds the same bucket, another stream its own.
    rates._local.clear()
    assert_waits([rates.seconds_to_wait("bulk", 5)], [2.5], since=since)
    # As if the last had been taken a second earlier: ten have come back.
    valkey.client().hincrbyfloat("gkec:mail-rate:bulk", "at", -1)
    assert_waits([rates.seconds_to_wait("bulk", 5)], [2.0], since=since)
    settings.MAIL_RATES = {"transactional": 10}
    assert rates.seconds_to_wait("transactional", 5) == 0


def test_without_valkey_each_process_keeps_the_rate_by_itself(
    settings, monkeypatch: pytest.MonkeyPatch, pass_time: Callable[[float], None]
) -> None:
    settings.MAIL_RATES = {"bulk": 10}
    monkeypatch.setattr(valkey, "client", lambda: redis.Redis.from_url("redis://127.0.0.1:1/0", socket_timeout=0.1))
    assert [rates.seconds_to_wait("bulk", 5) for _n in range(4)] == [0, 0, 0.5, 1.0]
    pass_time(1)
    assert rates.seconds_to_wait("bulk", 5) == 0.5


@pytest.mark.django_db
def test_mail_leaves_at_the_rate_and_answers_are_written_down_before_a_wait(
    mail_server: MailServer, settings, monkeypatch: pytest.MonkeyPatch, pass_time: Callable[[float], None]
) -> None:
    settings.MAIL_RATES = {"bulk": 4}
    monkeypatch.setattr(rates, "_shared", lambda *_: None)
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
    # Nobody sleeps, so the third group pays for the second, too.
    assert slept == [1, 2]
    assert started == [0, 0]


def test_a_worker_takes_no_more_than_its_lease_lets_it_send(settings) -> None:
    settings.MAIL_RATES = {"bulk": 2}
    assert rates.most_at_once("bulk", 8 * 0.25) == 4
    assert rates.most_at_once("bulk", 0.1) == 1
