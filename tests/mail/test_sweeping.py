"""The sweep finds what killed workers held, what has expired and what nobody rang for; twice does no more than once."""

from datetime import timedelta

import pytest

from core import clock
from mail import doorbell, tasks
from mail.models import Attempt, Message
from mail.services import ledger, sweeping
from mail.services.ledger import Opening
from mail.services.sweeping import Swept
from tests.factories.mail import ask

pytestmark = pytest.mark.django_db
NOTHING = Swept(returned=0, repeated=0, unknown=0, expired=0, blanked=0, due=())


def start(message: Message) -> ledger.Lease:
    """Take a message and start it, as a worker does that is then killed."""
    lease = ledger.lease(stream=message.stream, limit=1)
    assert [one.pk for one in lease.messages] == [message.pk]
    ledger.turn(lease=lease, closing=[], opening=[Opening(one, None) for one in lease.messages])
    message.refresh_from_db()
    assert message.state == "started"
    return lease


def after_the_lease(time_machine, settings) -> None:
    time_machine.move_to(clock.now() + timedelta(seconds=settings.MAIL_LEASE_SECONDS + 1))


def test_what_a_worker_had_taken_but_not_started_goes_back(time_machine, settings) -> None:
    message = ask()
    ledger.lease(stream="transactional", limit=1)
    assert sweeping.sweep() == NOTHING
    after_the_lease(time_machine, settings)
    assert sweeping.sweep().returned == 1
    message.refresh_from_db()
    assert (message.state, message.attempts, message.repeats) == ("queued", 0, 0)


def test_a_started_transactional_message_is_queued_once_more_then_left_unknown(time_machine, settings) -> None:
    message = ask()
    start(message)
    assert sweeping.sweep() == NOTHING
    after_the_lease(time_machine, settings)
    assert sweeping.sweep() == Swept(0, 1, 0, 0, 0, ("transactional",))
    message.refresh_from_db()
    assert (message.state, message.reason, message.attempts, message.repeats) == ("queued", "worker_lost", 1, 1)
    start(message)
    after_the_lease(time_machine, settings)
    assert sweeping.sweep() == Swept(0, 0, 1, 0, 0, ())
    message.refresh_from_db()
    assert (message.state, message.reason, message.attempts, message.repeats) == ("unknown", "worker_lost", 2, 1)
    assert list(Attempt.objects.values_list("number", "answered_at", "code", "reply")) == [
        (1, None, None, ""),
        (2, None, None, ""),
    ]


def test_a_started_bulk_message_stays_unknown(time_machine, settings) -> None:
    message = ask(stream="bulk")
    start(message)
    after_the_lease(time_machine, settings)
    assert sweeping.sweep() == Swept(0, 0, 1, 0, 0, ())
    message.refresh_from_db()
    assert (message.state, message.reason, message.attempts, message.repeats) == ("unknown", "worker_lost", 1, 0)
    assert sweeping.sweep() == NOTHING


def test_a_waiting_message_whose_time_has_passed_is_cancelled(time_machine) -> None:
    message = ask(due_at=clock.now() + timedelta(hours=2), expires_at=clock.now() + timedelta(hours=1))
    assert sweeping.sweep() == NOTHING
    time_machine.move_to(clock.now() + timedelta(hours=1))
    assert sweeping.sweep() == Swept(0, 0, 0, 1, 0, ())
    message.refresh_from_db()
    assert (message.state, message.reason) == ("cancelled", "expired")


def test_the_words_of_an_ended_secret_mail_are_erased_after_a_while(mail_server, time_machine, settings) -> None:
    from tests.factories.mail import deliver_all

    secret, open_one = ask(is_secret=True, text="Code 123456"), ask(text="Hello")
    waiting = ask(is_secret=True, due_at=clock.now() + timedelta(days=1))
    deliver_all()
    assert sweeping.sweep().blanked == 0
    time_machine.move_to(clock.now() + timedelta(seconds=settings.MAIL_SECRET_KEEP_SECONDS + 1))
    assert sweeping.sweep().blanked == 1
    for message in (secret, open_one, waiting):
        message.refresh_from_db()
    assert (secret.subject, secret.text, secret.html, secret.state) == ("", "", "", "accepted")
    assert secret.blanked_at is not None
    assert (open_one.text, waiting.text) == ("Hello", "The text.\n")
    assert sweeping.sweep().blanked == 0


def test_the_sweep_rings_for_what_waits_and_for_nothing_else(monkeypatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(doorbell, "ring_now", heard.append)
    tasks.sweep()
    ask(stream="bulk", due_at=clock.now() + timedelta(seconds=60))
    tasks.sweep()
    assert heard == []
    ask(stream="bulk")
    ask()
    tasks.sweep()
    assert heard == ["bulk", "transactional"]


def test_a_sweep_costs_the_same_whatever_waits(django_assert_num_queries) -> None:
    with django_assert_num_queries(5):
        sweeping.sweep()
    for _n in range(5):
        ask()
    with django_assert_num_queries(5):
        sweeping.sweep()


def test_beat_sweeps_at_the_interval_of_the_setting(settings) -> None:
    assert settings.CELERY_BEAT_SCHEDULE["mail-sweep"] == {
        "task": "mail.tasks.sweep",
        "schedule": settings.MAIL_SWEEP_SECONDS,
        "options": {"expires": 60},
    }
