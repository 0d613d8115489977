"""/metrics: who may read it, what it tells, and that all processes count together."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from core import clock, counting, dependencies, metrics, valkey
from core.services import sweeping as jobs
from mail import doorbell
from mail.models import Mailing, Message
from mail.services import ledger
from tests.factories.mail import ask

pytestmark = pytest.mark.django_db
TOKEN = "0123456789-0123456789-0123456789"


@pytest.fixture(autouse=True)
def afresh() -> None:
    counting._sums.start_afresh()
    valkey.client().delete(counting.KEY)


@pytest.fixture
def token(settings) -> dict[str, str]:
    settings.METRICS_TOKEN = TOKEN
    return {"authorization": f"Bearer {TOKEN}"}


def read(client: Client, headers: dict[str, str]) -> dict[tuple, float]:
    """Return the samples by name and labels, without those of buckets."""
    counting.flush()
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
        if "le" not in sample.labels
    }


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"])
def test_nobody_reads_the_figures_without_the_token(client: Client, token: dict, header: str) -> None:
    answer = client.get("/metrics", headers={"authorization": header})
    assert (answer.status_code, answer.content, answer["WWW-Authenticate"]) == (401, b"", "Bearer")


def test_without_a_token_there_are_no_figures(client: Client) -> None:
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("203.0.113.7", {}, 404),
        ("", {}, 404),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.7"}, 404),
        ("127.0.0.1", {"forwarded": "for=203.0.113.7"}, 404),
    ],
)
def test_in_the_demo_loopback_alone_reads_them_and_no_proxy_lets_others_in(
    client: Client, settings, address: str, headers: dict[str, str], status: int
) -> None:
    settings.METRICS_ON_LOOPBACK = True
    assert client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == status


def test_the_outbox_in_figures(client: Client, token: dict, time_machine, settings) -> None:
    now = clock.now()
    time_machine.move_to(now - timedelta(seconds=90), tick=False)
    ask(stream="bulk")
    ask(stream="bulk")
    ask(due_at=now + timedelta(hours=1))
    ledger.lease(stream="bulk", limit=1)
    time_machine.move_to(now, tick=False)
    found = read(client, token)
    assert found["gkec_mail_messages", "bulk", "queued"] == 1
    assert found["gkec_mail_messages", "bulk", "leased"] == 1
    assert found["gkec_mail_messages", "queued", "transactional"] == 1
    assert found["gkec_mail_messages", "accepted", "transactional"] == 0
    assert found["gkec_mail_queue_age_seconds", "bulk"] == 90
    assert found["gkec_mail_queue_age_seconds", "transactional"] == 0
    assert found["gkec_mail_oldest_unsent_seconds", "bulk"] == 90
    assert found["gkec_mail_unknown", "bulk"] == 0
    lease = (found["gkec_mail_leases", "held"], found["gkec_mail_leases", "expired"])
    assert lease == ((1, 0) if settings.MAIL_LEASE_SECONDS > 90 else (0, 1))


def test_what_is_put_off_is_unsent_between_its_tries_from_the_first_on(
    client: Client, token: dict, time_machine
) -> None:
    now = clock.now()
    time_machine.move_to(now - timedelta(days=2), tick=False)
    ask(due_at=now - timedelta(seconds=700))
    ask(stream="bulk", due_at=now + timedelta(hours=1))
    time_machine.move_to(now - timedelta(seconds=700), tick=False)
    ledger.put_off(lease=ledger.lease(stream="transactional", limit=1), reply="unreachable")
    Message.objects.filter(stream="transactional").update(due_at=now + timedelta(seconds=1))
    time_machine.move_to(now, tick=False)
    found = read(client, token)
    assert found["gkec_mail_queue_age_seconds", "transactional"] == 0
    assert found["gkec_mail_oldest_unsent_seconds", "transactional"] == 700
    # What has its time before it was never tried, and is not late.
    assert found["gkec_mail_oldest_unsent_seconds", "bulk"] == 0


def test_what_a_pause_keeps_is_not_unsent(client: Client, token: dict, time_machine) -> None:
    now = clock.now()
    time_machine.move_to(now - timedelta(seconds=700), tick=False)
    ask(stream="bulk")
    ledger.put_off(lease=ledger.lease(stream="bulk", limit=1), reply="unreachable")
    paused = Mailing.objects.create(kind="x", title="News", leaves_at=now, total=1, paused_at=now)
    Message.objects.update(mailing=paused)
    time_machine.move_to(now, tick=False)
    assert read(client, token)["gkec_mail_oldest_unsent_seconds", "bulk"] == 0
    Mailing.objects.update(paused_at=None)
    cache.delete(metrics.KEY)
    assert read(client, token)["gkec_mail_oldest_unsent_seconds", "bulk"] == 700


def test_each_job_tells_when_it_last_ran(client: Client, token: dict, time_machine) -> None:
    now = clock.now()
    time_machine.move_to(now, tick=False)
    jobs.run(name="mail.tasks.sweep", work=lambda: None)
    with pytest.raises(ZeroDivisionError):
        jobs.run(name="events.tasks.sweep", work=lambda: 1 // 0)
    found = read(client, token)
    assert found["gkec_job_last_start_timestamp_seconds", "mail.tasks.sweep"] == pytest.approx(now.timestamp())
    assert found["gkec_job_last_success_timestamp_seconds", "mail.tasks.sweep"] == pytest.approx(now.timestamp())
    assert ("gkec_job_last_success_timestamp_seconds", "events.tasks.sweep") not in found
    failing = [found["gkec_job_failing", name] for name in ("mail.tasks.sweep", "events.tasks.sweep")]
    assert failing == [0, 1]
    assert found["gkec_job_interval_seconds", "events.tasks.sweep"] == 300


def test_requests_are_counted_by_the_name_of_their_route_and_never_by_their_path(client: Client, token: dict) -> None:
    client.get("/healthz")
    client.get("/healthz")
    client.get("/join/some-token-of-somebody/")
    found = read(client, token)
    assert found["gkec_http_request_duration_seconds_count", "2xx", "healthz"] == 2
    assert found["gkec_http_request_duration_seconds_sum", "2xx", "healthz"] > 0
    assert not [key for key in found if "token" in str(key)]


def test_buckets_grow_towards_infinity(client: Client, token: dict) -> None:
    for seconds in (0.005, 0.02, 0.02, 99):
        counting.observe("gkec_task_duration_seconds", "a.task", "success", seconds=seconds)
    counting.flush()
    families = text_string_to_metric_families(client.get("/metrics", headers=token).content.decode())
    family = next(one for one in families if one.name == "gkec_task_duration_seconds")
    buckets = {sample.labels["le"]: sample.value for sample in family.samples if "le" in sample.labels}
    assert [buckets[bound] for bound in ("0.005", "0.01", "0.025", "10.0", "+Inf")] == [1, 1, 3, 3, 4]


def test_processes_count_together(client: Client, token: dict) -> None:
    other = counting.Sums()
    for sums in (counting._sums, other):
        sums.count(("gkec_mail_rings_missed", "bulk"))
        sums.flush()
    assert read(client, token)["gkec_mail_rings_missed_total", "bulk"] == 2


def test_a_forked_child_does_not_count_what_its_parent_did() -> None:
    sums = counting.Sums()
    sums.count(("a",))
    sums.start_afresh()
    assert sums.rows == {}


def test_while_valkey_is_away_sums_wait_in_the_process(monkeypatch: pytest.MonkeyPatch, token: dict) -> None:
    import redis

    counting.count("gkec_mail_rings_missed", "bulk")
    with monkeypatch.context() as patch:
        gone = redis.Redis.from_url("redis://127.0.0.1:1/0", **valkey.TIMEOUTS)
        patch.setattr(valkey, "client", lambda: gone)
        counting.flush()
        counting.count("gkec_mail_rings_missed", "bulk")
        assert counting._sums.rows == {("gkec_mail_rings_missed", "bulk"): [2.0]}
    counting._sums.flush()
    assert counting.sums() == {("gkec_mail_rings_missed", "bulk"): {0: 2.0}}


def test_a_ring_that_the_broker_did_not_take_is_counted(
    client: Client, token: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError

    monkeypatch.setattr(doorbell.current_app, "send_task", refuse)
    doorbell.ring_now("bulk")
    assert read(client, token)["gkec_mail_rings_missed_total", "bulk"] == 1


def test_nothing_is_counted_while_nobody_may_read(client: Client) -> None:
    client.get("/healthz")
    assert counting._sums.rows == {}


def test_the_database_is_asked_once_however_many_scrape(client: Client, token: dict, django_assert_num_queries) -> None:
    assert dependencies.CHECKS
    with django_assert_num_queries(4):
        metrics.exposition()
    with django_assert_num_queries(0):
        metrics.exposition()
