"""What tests about the clock and about ticks share."""

from collections.abc import Generator

import pytest

from core import clock, timekeeping

# A bound for a busy machine, never a time to wait.
PATIENCE_SECONDS = 60


@pytest.fixture
def own_clock(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Leave this process's clock to the other tests as it was, however late somebody answers what time it is."""
    monkeypatch.setattr(clock._Setting, "point", None)
    monkeypatch.setattr(timekeeping._Looked, "at", None)
    monkeypatch.setattr(timekeeping._Apart, "tried_at", None)
    monkeypatch.setattr(timekeeping._Apart, "asker", None)
    # That a database which is slow is not waited for is a test of its own.
    monkeypatch.setattr(timekeeping, "PATIENCE_SECONDS", PATIENCE_SECONDS)
    yield
    if (asker := timekeeping._Apart.asker) is not None:
        asker.join(PATIENCE_SECONDS)
        assert not asker.is_alive(), "It would set the clock in the midst of another test."
