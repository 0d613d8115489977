"""What races share: many calls at once, each on a connection of its own."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.races.meeting import at_once


@pytest.fixture(name="at_once")
def at_once_fixture() -> Callable[..., list[Any]]:
    """Run calls at once."""
    return at_once
