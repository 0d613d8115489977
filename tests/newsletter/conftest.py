"""What tests about the newsletter share: the moment, and an issue with its campaign for the screens of campaigns."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager

import pytest
import time_machine
from django.test import Client

from accounts.services import ensure_groups
from newsletter.models import Campaign, NewsletterPage
from newsletter.services import prepare_campaign
from tests.factories import accounts
from tests.factories import newsletter as make
from tests.newsletter.campaigning import NOW


@pytest.fixture
def clock_stands_at() -> str:
    """The moment at which the tests' subscribers and issues expect the clock to stand."""
    return NOW


@pytest.fixture(scope="module")
def issue_made(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    """Make the groups and the page of an issue, once for all tests of a file."""
    with made_once():
        with time_machine.travel(NOW, tick=False):
            ensure_groups()
            make.issue(title="Ten cities", subject="Ten cities, one budget", number=7)
        yield


@pytest.fixture
def editor(client: Client) -> Client:
    """Return an editor's browser."""
    return accounts.sign_in(client, accounts.editor())


@pytest.fixture
def page() -> NewsletterPage:
    """Return the page of the issue that is made once."""
    return NewsletterPage.objects.get(number=7)


@pytest.fixture
def campaign(page: NewsletterPage) -> Campaign:
    """Return a draft that would send the issue to everybody."""
    return prepare_campaign(issue=page.translation_key)
