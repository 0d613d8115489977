"""Chooses the services before Django reads its settings, and starts them once for all workers.

Loaded by `-p tests.services.plugin`, since a conftest is read only after pytest-django has loaded the settings.
"""

import gc
import os
from collections.abc import Generator
from typing import Any

import pytest

from tests.services.reading import read_in_turns
from tests.services.scheduling import GROUPS_OF_THE_SITE, Ahead, Scheduling, group_by_file
from tests.services.session import Session, choose_redis_database

SESSION = Session()
AHEAD = Ahead()


def is_worker() -> bool:
    """Say whether this process is one of xdist's workers, which find everything in their environment."""
    return "PYTEST_XDIST_WORKER" in os.environ


def wants_everything(asked: Any) -> bool:
    """Say whether workers are asked for the whole suite, as `make test` does."""
    is_chosen = asked.file_or_dir or asked.keyword or asked.collectonly or asked.markexpr not in {"", "not long"}
    return bool(asked.numprocesses) and asked.dist == "loadgroup" and not is_chosen


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    if is_worker():
        choose_redis_database(os.environ["PYTEST_XDIST_WORKER"])
    else:
        SESSION.choose()
        if wants_everything(early_config.known_args_namespace):
            # The site is needed for sure: ten seconds before the workers know which tests there are.
            AHEAD.begin()
    try:
        return (yield)
    except BaseException:
        # pytest_unconfigure is not called when settings or an app fail to load.
        AHEAD.stop()
        SESSION.stop()
        raise


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if not is_worker() and not session.config.option.collectonly:
        SESSION.start()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    return Scheduling(config, log, AHEAD) if config.option.dist == "loadgroup" else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(ids: list[str]) -> None:
    if any(one.rpartition("@")[2] in GROUPS_OF_THE_SITE for one in ids):
        AHEAD.take_over()


def pytest_collection(session: pytest.Session) -> None:
    if is_worker() and not session.config.option.file_or_dir:
        read_in_turns(os.environ["PYTEST_XDIST_WORKER"], int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if is_worker():
        group_by_file(items)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    # Looking through half a million objects that stay until the end is a tenth of the suite's time.
    gc.collect()
    gc.freeze()
    # Migrating makes and drops a quarter of a million models and fields; a test makes too little to be looked through.
    gc.set_threshold(100_000, 20, 50)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if not AHEAD.stop():
        # What it had to say stands above, in its own words.
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_unconfigure() -> Generator[None, object, object]:
    try:
        return (yield)
    finally:
        try:
            AHEAD.stop()
        finally:
            SESSION.stop()
