"""What races share: many calls at once, each on a connection of its own, and rounds of the same race in the long form."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.races.meeting import at_once

# Who meets at a step plays one scene each time; these few look for steps that nobody thought of.
ROUNDS = 5


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark all that stands in this folder, which pytest asks this file about."""
    item.add_marker(pytest.mark.races)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play each race once in the short form and `rounds` times, or as often as its mark says, in the long one."""
    mark = metafunc.definition.get_closest_marker("rounds")
    rounds = mark.args[0] if mark else ROUNDS
    again = [pytest.param(number, id=f"round {number}", marks=pytest.mark.long) for number in range(1, rounds + 1)]
    metafunc.parametrize("raced_round", [pytest.param(0, id=pytest.HIDDEN_PARAM), *again])


@pytest.fixture(autouse=True)
def raced_round() -> int:
    """Return which round of the long form this is, 0 in the short form."""
    return 0


@pytest.fixture(name="at_once")
def at_once_fixture() -> Callable[..., list[Any]]:
    """Run calls at once."""
    return at_once
