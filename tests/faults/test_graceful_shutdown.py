"""A release under load: web processes and workers are stopped as a deployment stops them, and nothing is lost.

Real gunicorns with production's configuration, real Celery workers, a real mail server; each has a negative control
that is stopped without grace.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPException
from itertools import count
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from events.models import Event, Registration
from gkec.devstack.processes import Child, wait_until
from mail import doorbell
from mail.enums import State
from mail.models import Message
from tests.factories import events as make
from tests.factories.mail import ask as ask_for_mail
from tests.faults.resuming import settle
from tests.faults.websites import Answer, Crowd, Site, ask, post_form
from tests.services.mailserver import MailServer
from tests.services.nursery import Nursery
from tests.services.worker import Worker, database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
StartWorker = Callable[..., Worker]
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture
def site(tmp_path: Path, nursery: Nursery) -> Iterator[Site]:
    found = Site(tmp_path, nursery)
    yield found
    found.stop()


def form_path(event: Event) -> str:
    return f"/en/events/{event.slug}/register/"


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(BLOCKED)
        return bool(cursor.fetchone()[0])


def stop_while_registering(site: Site, server: Child, seconds: float) -> list[Answer | Exception]:
    """Stop a server while a registration waits for a seat in it for so long; return what the person met."""
    event, met = make.event(), []

    def register() -> None:
        try:
            met.append(post_form(site.port, form_path(event), form))
        except (OSError, HTTPException) as problem:
            met.append(problem)

    form = make.form_data()
    person = threading.Thread(target=register)
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT 1 FROM events_event WHERE id = %s FOR UPDATE", [event.pk])
        person.start()
        assert wait_until(is_somebody_waiting, seconds=30)
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: False, child=server, seconds=seconds)
        other.commit()
    person.join(40)
    return met


def test_a_request_under_way_is_answered_when_the_web_process_is_asked_to_stop(site: Site) -> None:
    server = site.start()
    (met,) = stop_while_registering(site, server, 2)
    assert isinstance(met, Answer), met
    assert met.status == 303
    assert server.process.wait(30) == 0
    assert Registration.objects.count() == 1
    assert Message.objects.count() == 1


def test_a_web_process_stopped_without_grace_loses_the_request(site: Site) -> None:
    server = site.start(WEB_GRACEFUL_SECONDS="1")
    (met,) = stop_while_registering(site, server, 20)
    assert isinstance(met, OSError | HTTPException), met


def test_a_rolling_release_under_load_fails_no_request_and_no_registration(site: Site) -> None:
    event, numbers = make.event(capacity=100_000), count()
    form = make.form_data()

    def register() -> Answer:
        return post_form(site.port, form_path(event), {**form, "email": f"person{next(numbers)}@city.example"})

    def read() -> Answer:
        # Whoever brings a session's cookie is never answered from the page cache.
        return ask(site.port, "GET", f"/en/events/{event.slug}/", cookie="sessionid=nobody")

    old = site.start()
    with Crowd([register, register, read, read]) as crowd:
        site.start()
        assert wait_until(lambda: crowd.met["303"] >= 4, seconds=60)
        old.process.send_signal(signal.SIGTERM)
        assert old.process.wait(40) == 0
        before = crowd.met.copy()
        assert wait_until(lambda: (crowd.met - before)["303"] >= 6 and (crowd.met - before).total() >= 20, seconds=60)
    assert set(crowd.met) == {"200", "303"}
    assert Registration.objects.count() == crowd.met["303"]
    assert Message.objects.count() == crowd.met["303"]


@pytest.mark.parametrize(
    ("number", "releases"),
    [
        (signal.SIGTERM, 1),
        pytest.param(signal.SIGTERM, 3, marks=pytest.mark.long),
        pytest.param(signal.SIGQUIT, 2, marks=pytest.mark.long),
    ],
)
def test_workers_replaced_in_mid_mail_out_send_each_message_once(
    mail_server: MailServer, start_worker: StartWorker, number: signal.Signals, releases: int
) -> None:
    # A worker ends the batch in its hands, so there are more messages than a batch takes.
    asked = {ask_for_mail(stream="bulk").to_address for _ in range(settings.MAIL_BATCH_SIZES["bulk"] * releases + 100)}
    asked |= {ask_for_mail(stream="transactional").to_address for _ in range(10)}
    mail_server.before_answer = lambda _envelope: threading.Event().wait(0.005)
    # At SIGQUIT Celery waits so long, however early the batch ends.
    worker = start_worker(WORKER_SOFT_SHUTDOWN_SECONDS="15", MAIL_HANDOVER_SECONDS="10")
    for stream in ("transactional", "bulk"):
        doorbell.ring_now(stream)
    for release in range(releases):
        mail_server.wait_for(10 + 20 + settings.MAIL_BATCH_SIZES["bulk"] * release, seconds=60)
        worker.child.process.send_signal(number)
        code = worker.child.process.wait(90)
        assert code == 0, (code, worker.log()[-2000:])
        # It has ended what it had begun, and no lease is left to run out; the rest waits.
        assert set(Message.objects.values_list("state", flat=True)) == {State.ACCEPTED, State.QUEUED}
        worker = start_worker(WORKER_SOFT_SHUTDOWN_SECONDS="15", MAIL_HANDOVER_SECONDS="10")
        doorbell.ring_now("bulk")
    settle(60)
    assert set(mail_server.recipients().values()) == {1}
    assert set(mail_server.recipients()) == asked
    assert set(Message.objects.values_list("state", flat=True)) == {State.ACCEPTED}


@pytest.mark.long
def test_a_worker_killed_without_grace_leaves_messages_in_doubt(
    mail_server: MailServer, start_worker: StartWorker
) -> None:
    for _ in range(100):
        ask_for_mail(stream="bulk")
    mail_server.before_answer = lambda _envelope: threading.Event().wait(0.02)
    worker = start_worker(("bulk",))
    doorbell.ring_now("bulk")
    mail_server.wait_for(30)
    worker.kill()
    assert Message.objects.filter(state=State.STARTED).exists()
