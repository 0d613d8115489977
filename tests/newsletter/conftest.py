"""What tests about the newsletter share."""

from collections.abc import Generator

import pytest
import time_machine

from tests.newsletter.campaigning import NOW


@pytest.fixture
def time() -> Generator[time_machine.Traveller]:
    """Let the clock stand where the tests' subscribers and issues expect it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
