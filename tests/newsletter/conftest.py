"""What tests about the newsletter share."""

import pytest

from tests.newsletter.campaigning import NOW


@pytest.fixture
def clock_stands_at() -> str:
    """The one at which the tests' subscribers and issues expect the clock to stand."""
    return NOW
