"""A broker that is away, asked as often as ever, but at once."""

import pytest


@pytest.fixture
def no_pause_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the pauses between the tries of Celery's connection, six seconds for each thing asked of it."""
    monkeypatch.setattr("kombu.utils.functional.sleep", lambda _seconds: None)
