"""Fixtures for every test; the services themselves are chosen and started in tests/services/plugin.py."""

from collections.abc import Generator
from datetime import datetime

import pytest
import time_machine

# Imported rather than loaded as a plugin: a conftest's fixture goes before pytest-django's own.
from tests.services.database import django_db_setup

__all__ = ["django_db_setup"]


@pytest.fixture
def clock_stands_at() -> str | datetime:
    """When the clock of `time` begins to stand; a folder or a module may say another moment."""
    return "2026-11-22T09:00:00Z"


@pytest.fixture
def time(clock_stands_at: str | datetime) -> Generator[time_machine.Traveller]:
    """Let the clock stand, so that what is done and what is expected fall into one moment, until a test moves it on."""
    with time_machine.travel(clock_stands_at, tick=False) as traveller:
        yield traveller


pytest_plugins = [
    "tests.services.away",
    "tests.services.browser",
    "tests.services.caches",
    "tests.services.demo",
    "tests.services.indexes",
    "tests.services.interrupted",
    "tests.services.mailserver",
    "tests.services.shared",
    "tests.services.smtpscript",
    "tests.services.worker",
]
