"""Beat's due times and the age of a tick, by the database's clock."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import current_app
from celery.beat import PersistentScheduler
from celery.worker import request as stock
from celery.worker.state import revoked
from kombu import Message

from core import clock, ticks, timekeeping
from mail.tasks import sweep

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("own_clock")


def tick(kind: type[stock.Request], expires: datetime) -> stock.Request:
    headers = {"id": "a-tick", "task": sweep.name, "expires": expires.isoformat()}
    message = Message(headers=headers, delivery_info={}, properties={})
    return kind(message, app=current_app, task=sweep, headers=headers, body=[[], {}, {}], decoded=True)


def test_a_worker_takes_the_tasks_of_the_site_by_this_clock():
    assert sweep.Request == "core.ticks:Request"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "is_thrown_away"),
    [pytest.param(ticks.Request, None, id="by the database's clock"), pytest.param(stock.Request, True, id="control")],
)
def test_a_worker_a_day_ahead_keeps_a_tick_that_is_still_good(settings, time_machine, kind, is_thrown_away):
    settings.CLOCK_FOLLOWS_DATABASE = True
    real = datetime.now(UTC)
    time_machine.move_to(real + DAY, tick=False)
    assert tick(kind, real + HOUR).maybe_expire() is is_thrown_away
    revoked.discard("a-tick")


@pytest.mark.django_db
def test_a_tick_that_has_waited_too_long_is_thrown_away(settings):
    settings.CLOCK_FOLLOWS_DATABASE = True
    assert tick(ticks.Request, datetime.now(UTC) - HOUR).maybe_expire() is True
    assert "a-tick" in revoked
    revoked.discard("a-tick")


def test_nobody_is_asked_about_a_tick_that_is_good(settings):
    # No test may ask the database unless it says so.
    settings.CLOCK_FOLLOWS_DATABASE = True
    assert tick(ticks.Request, datetime.now(UTC) + HOUR).maybe_expire() is None
    assert timekeeping._Apart.tried_at is None


def due_after_ten_minutes(kind: type[PersistentScheduler], kept_in: Path, up: list[float]) -> set[str]:
    """Return what a beat sends within its first ten minutes."""
    sent = set()

    class Noting(kind):
        def apply_entry(self, entry, producer=None):
            sent.add(entry.name)

    beat = Noting(current_app, schedule_filename=str(kept_in))
    beat.producer = None
    for _minute in range(10):
        while not beat.tick():
            pass
        up[0] += 60
    beat.close()
    return sent


@pytest.mark.parametrize(
    ("kind", "starts_anything"),
    [pytest.param(ticks.Scheduler, True, id="ours"), pytest.param(PersistentScheduler, False, id="control")],
)
def test_beat_goes_on_where_its_clock_was_a_day_ahead_when_it_stopped(monkeypatch, tmp_path, kind, starts_anything):
    up = [1000.0]
    monkeypatch.setattr(clock, "uptime", lambda: up[0])
    often = {
        name for name, entry in current_app.conf.beat_schedule.items() if entry["schedule"] in (15, 20, 30, 60, 300)
    }
    clock.set_to(NOON + DAY, asked_at=up[0])
    assert due_after_ten_minutes(kind, tmp_path / "kept", up) == often
    clock.set_to(NOON, asked_at=up[0])
    assert due_after_ten_minutes(kind, tmp_path / "kept", up) == (often if starts_anything else set())


@pytest.mark.parametrize(
    ("kind", "goes_on"),
    [pytest.param(ticks.Scheduler, True, id="ours"), pytest.param(PersistentScheduler, False, id="control")],
)
def test_beat_goes_on_where_its_clock_is_put_back_while_it_runs(monkeypatch, tmp_path, kind, goes_on):
    up = [1000.0]
    monkeypatch.setattr(clock, "uptime", lambda: up[0])
    clock.set_to(NOON, asked_at=up[0])
    beat = kind(current_app, schedule_filename=str(tmp_path / "kept"))
    beat.tick()
    clock.set_to(NOON - DAY, asked_at=up[0])
    # The first comes up after fifteen seconds; to the other kind it comes up in a day.
    assert (beat.tick() <= 15) is goes_on
    beat.close()
