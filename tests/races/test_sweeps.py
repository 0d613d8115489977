"""Each periodic job, started twice at once as two beats would: the second does nothing, and nothing is left locked."""

import threading

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection

from core.models import Heartbeat
from core.services import sweeping
from tests.races.meeting import Later, at_once, meet

pytestmark = pytest.mark.django_db(transaction=True)
TASKS = sorted(entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values())


def runs_of_two_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Start the task while it is under way already; return how often its body ran."""
    current_app.loader.import_default_modules()
    task = current_app.tasks[name]
    runs: list[int] = []

    def body() -> None:
        runs.append(1)
        meet()

    monkeypatch.setattr(task, "run", body)
    told = at_once([task, Later(task)])
    assert sum(told) == len(runs)
    return len(runs)


@pytest.mark.parametrize("name", TASKS)
def test_a_periodic_job_started_twice_at_once_runs_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runs_of_two_at_once(name, monkeypatch) == 1
    assert Heartbeat.objects.get().outcome == "done"
    monkeypatch.undo()
    assert current_app.tasks[name]()


def test_without_the_lock_it_would_run_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "_key", lambda name: int(threading.get_ident() % 2**62))
    assert runs_of_two_at_once(TASKS[0], monkeypatch) == 2


def test_the_lock_of_a_killed_worker_is_free_at_once() -> None:
    holder = connection.copy()
    holder.set_autocommit(False)
    with holder.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s), pg_backend_pid()", [sweeping._key("a.sweep")])
        pid = cursor.fetchone()[1]
    assert not sweeping.run(name="a.sweep", work=lambda: None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert sweeping.run(name="a.sweep", work=lambda: None)
    holder.close()
