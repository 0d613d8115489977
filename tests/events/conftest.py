"""What tests about events share."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager

import pytest

from core import kept
from tests.factories import events as make


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """Forget what this process keeps for some seconds: another test's rows are not these."""
    kept.clear_all()


@pytest.fixture(scope="module")
def section(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    """The section that each test of a module would make anew; for modules whose tests commit nothing."""
    with made_once():
        make.section()
        yield


@pytest.fixture(autouse=True)
def vocabulary(request: pytest.FixtureRequest) -> None:
    """Make the terms that forms offer, for tests that use the database."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db" if "transactional_db" not in request.fixturenames else "transactional_db")
        make.term("organisation-type", "local-authority")
