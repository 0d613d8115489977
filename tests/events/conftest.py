"""What tests about events share."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager

import pytest
from django.test import Client

from accounts import roles
from core import clock, kept
from events.models import Event
from tests.events.reminding import NOW
from tests.factories import accounts
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


@pytest.fixture
def clock_stands_at() -> str:
    """The one that tests of reminders and mails begin with."""
    return NOW


@pytest.fixture
def manager(client: Client) -> Client:
    """Return the browser of an event manager who has signed in."""
    return accounts.sign_in(client, accounts.PersonFactory(groups=[roles.EVENT_MANAGERS], is_staff=True))


@pytest.fixture
def event() -> Event:
    """Make the event that staff write about: on 12 December, 15:00 in Brussels."""
    return make.event(title="Budget", starts_at=clock.now().replace(month=12, day=12, hour=14))
