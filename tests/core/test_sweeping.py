"""Periodic jobs: each leaves a heartbeat, fails alone, and has its interval in one place."""

from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app, shared_task
from celery.schedules import crontab
from django.conf import settings
from django.db import IntegrityError, transaction

from core.models import Heartbeat
from core.periodic import PeriodicAware, intervals
from core.services import sweeping
from gkec import schedule
from gkec.environment import ConfigurationProblem

NOON = datetime(2026, 12, 12, 12, tzinfo=UTC)


def facts() -> list[tuple]:
    return list(Heartbeat.objects.values_list("name", "started_at", "ended_at", "outcome", "problem", "succeeded_at"))


def fail() -> None:
    raise ZeroDivisionError("jane@city.example has no seat")


@pytest.mark.django_db
def test_a_run_leaves_its_start_and_its_end(time_machine) -> None:
    time_machine.move_to(NOON, tick=False)
    assert sweeping.run(name="a.sweep", work=lambda: time_machine.shift(3))
    later = NOON + timedelta(seconds=3)
    assert facts() == [("a.sweep", NOON, later, "done", "", later)]


@pytest.mark.django_db
def test_a_run_that_fails_is_told_by_its_kind_alone_and_the_next_run_comes_all_the_same(time_machine) -> None:
    time_machine.move_to(NOON, tick=False)
    sweeping.run(name="a.sweep", work=lambda: None)
    time_machine.shift(15)
    failed_at = NOON + timedelta(seconds=15)
    with pytest.raises(ZeroDivisionError):
        sweeping.run(name="a.sweep", work=fail)
    assert facts() == [("a.sweep", failed_at, failed_at, "failed", "ZeroDivisionError", NOON)]
    assert sweeping.run(name="b.sweep", work=lambda: None)
    time_machine.shift(15)
    assert sweeping.run(name="a.sweep", work=lambda: None)
    assert facts()[0][3:] == ("done", "", NOON + timedelta(seconds=30))


@pytest.mark.django_db
def test_a_job_inside_itself_does_nothing_but_another_job_does() -> None:
    done: list[bool] = []

    def work() -> None:
        done.append(sweeping.run(name="a.sweep", work=lambda: None))
        done.append(sweeping.run(name="b.sweep", work=lambda: None))

    assert sweeping.run(name="a.sweep", work=work)
    assert done == [False, True]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"name": ""}, "core_heartbeat_has_name"),
        ({"outcome": "done"}, "core_heartbeat_ended_has_outcome"),
        ({"ended_at": NOON}, "core_heartbeat_ended_has_outcome"),
        ({"outcome": "failed", "ended_at": NOON}, "core_heartbeat_failed_has_problem"),
    ],
)
def test_the_database_refuses_a_heartbeat_that_says_half(fields: dict, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Heartbeat.objects.create(**{"name": "a.sweep", "started_at": NOON, **fields})


def test_a_job_is_overdue_after_three_intervals_and_some_grace() -> None:
    beat = Heartbeat(name="a.sweep", started_at=NOON)
    minute, grace = timedelta(minutes=1), timedelta(seconds=30)
    assert not beat.is_overdue(now=NOON + timedelta(seconds=210), interval=minute, grace=grace)
    assert beat.is_overdue(now=NOON + timedelta(seconds=211), interval=minute, grace=grace)


def test_every_scheduled_task_exists_and_runs_alone() -> None:
    for name in intervals():
        current_app.loader.import_default_modules()
        assert isinstance(current_app.tasks[name], PeriodicAware), name


@pytest.mark.django_db
def test_a_task_that_beat_does_not_start_leaves_no_heartbeat() -> None:
    @shared_task(name="tests.ordinary")
    def ordinary(number: int) -> int:
        return number + 1

    assert ordinary(1) == 2
    assert facts() == []
    current_app.tasks.pop("tests.ordinary")


def test_each_interval_is_open_to_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SWEEP_SECONDS", "7")
    nightly = {"task": "c", "schedule": crontab(hour=3)}
    entries = {"a-sweep": {"task": "a", "schedule": 300}, "b-sweep": {"task": "b", "schedule": 60}, "nightly": nightly}
    assert schedule.from_environment(entries) == {
        "a-sweep": {"task": "a", "schedule": 7, "options": {"expires": 7}},
        "b-sweep": {"task": "b", "schedule": 60, "options": {"expires": 60}},
        "nightly": nightly,
    }
    monkeypatch.setenv("A_SWEEP_SECONDS", "soon")
    with pytest.raises(ConfigurationProblem):
        schedule.from_environment(entries)


def test_every_tick_expires_so_that_ticks_do_not_pile_up() -> None:
    assert [name for name, entry in settings.CELERY_BEAT_SCHEDULE.items() if "expires" not in entry["options"]] == []
