"""The domain's clock, which goes by the database's where machines differ, and is moved by no jump of the machine's."""

import socket
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from core import clock, timekeeping

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
# What a busy machine may take, far from the day by which clocks are wrong here.
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("own_clock")


@pytest.fixture
def up(monkeypatch):
    """Let the uptime be what a test says."""
    seconds = [1000.0]
    monkeypatch.setattr(clock, "uptime", lambda: seconds[0])
    return seconds


def test_a_clock_that_nobody_has_set_is_the_machine_s(time_machine):
    time_machine.move_to(NOON, tick=False)
    assert clock.now() == NOON


def test_once_set_it_goes_on_by_itself_whatever_the_machine_says(time_machine, up):
    time_machine.move_to(NOON, tick=False)
    clock.set_to(NOON + DAY, asked_at=up[0])
    assert clock.now() == NOON + DAY
    time_machine.move_to(NOON - DAY, tick=False)
    up[0] += 30
    assert clock.now() == NOON + DAY + timedelta(seconds=30)


def test_it_neither_goes_back_nor_jumps_for_a_trifle(time_machine, up):
    time_machine.move_to(NOON, tick=False)
    clock.set_to(NOON - timedelta(seconds=0.9), asked_at=up[0])
    up[0] += 1
    clock.set_to(NOON + timedelta(seconds=1.9), asked_at=up[0])
    assert clock.now() == NOON + timedelta(seconds=1)
    clock.set_to(NOON - timedelta(seconds=0.1), asked_at=up[0])
    assert clock.now() == NOON - timedelta(seconds=0.1)


def test_an_answer_that_came_late_is_as_old_as_its_question(time_machine, up):
    time_machine.move_to(NOON, tick=False)
    clock.set_to(NOON - timedelta(seconds=20), asked_at=up[0] - 20)
    assert clock.now() == NOON
    clock.set_to(NOON + DAY, asked_at=up[0] - 20)
    assert clock.now() == NOON + DAY + timedelta(seconds=10)


@pytest.mark.django_db
def test_it_follows_the_database_and_looks_again_after_ten_seconds(
    settings, time_machine, up, django_assert_num_queries
):
    settings.CLOCK_FOLLOWS_DATABASE = True
    real = datetime.now(UTC)
    time_machine.move_to(real + DAY, tick=False)
    with django_assert_num_queries(1):
        timekeeping.follow()
        timekeeping.follow()
    assert abs(clock.now() - real) < HOUR
    up[0] += timekeeping.LASTS_SECONDS
    with django_assert_num_queries(1):
        timekeeping.follow()


@pytest.mark.django_db
def test_a_look_that_failed_is_made_again(settings, django_assert_num_queries):
    settings.CLOCK_FOLLOWS_DATABASE = True

    def refuse(*args):
        raise ConnectionError

    with connection.execute_wrapper(refuse), pytest.raises(ConnectionError):
        timekeeping.follow()
    with django_assert_num_queries(1):
        timekeeping.follow()


@pytest.mark.django_db
def test_a_new_connection_is_a_look(settings, time_machine):
    settings.CLOCK_FOLLOWS_DATABASE = True
    real = datetime.now(UTC)
    time_machine.move_to(real + DAY, tick=False)
    other = connection.copy()
    try:
        other.ensure_connection()
    finally:
        other.close()
    assert abs(clock.now() - real) < HOUR


@pytest.mark.django_db
def test_where_it_does_not_follow_nobody_is_asked(settings, django_assert_num_queries):
    settings.CLOCK_FOLLOWS_DATABASE = False
    with django_assert_num_queries(0):
        timekeeping.follow()


@pytest.mark.django_db
def test_apart_it_is_followed_by_a_connection_of_its_own_outside_the_pool(
    settings, time_machine, monkeypatch, django_assert_num_queries
):
    settings.CLOCK_FOLLOWS_DATABASE = True
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", True)
    real = datetime.now(UTC)
    time_machine.move_to(real + DAY, tick=False)
    with django_assert_num_queries(0):
        timekeeping.follow_apart()
    assert abs(clock.now() - real) < HOUR
    assert not connection._connection_pools
    assert not timekeeping._Apart.asker.is_alive()


@pytest.mark.django_db
def test_apart_a_database_that_is_down_changes_nothing_and_is_asked_again_after_ten_seconds(
    settings, time_machine, up, monkeypatch
):
    settings.CLOCK_FOLLOWS_DATABASE = True
    real = datetime.now(UTC)
    time_machine.move_to(real + DAY, tick=False)
    with monkeypatch.context() as meanwhile:
        meanwhile.setitem(connection.settings_dict, "PORT", "1")
        timekeeping.follow_apart()
    assert clock.now() == real + DAY
    timekeeping.follow_apart()
    assert clock.now() == real + DAY
    up[0] += timekeeping.LASTS_SECONDS
    timekeeping.follow_apart()
    assert abs(clock.now() - real) < HOUR


@pytest.mark.django_db
def test_apart_a_database_that_says_nothing_is_not_waited_for(settings, up, monkeypatch):
    settings.CLOCK_FOLLOWS_DATABASE = True
    monkeypatch.setattr(timekeeping, "PATIENCE_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", str(silent.getsockname()[1]))
        timekeeping.follow_apart()
        asker = timekeeping._Apart.asker
        assert asker.is_alive()
        up[0] += timekeeping.LASTS_SECONDS
        # One is enough to find out that it speaks again.
        timekeeping.follow_apart()
        assert timekeeping._Apart.asker is asker
