"""The home page past the page cache: what it shows is made once, and what depends on the clock every ten seconds."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client

from core import clock
from home.models import HomePage
from tests.factories import core as make
from tests.factories import events

pytestmark = pytest.mark.django_db

# A name that no page understands: the page cache lets the request pass.
ADDRESS = "/en/shown/?unknown=1"
START = "2026-11-02T09:00:00Z"


def viewed(client: Client) -> None:
    """Make a home page with blocks that ask the database, and view it."""
    target = events.section()
    body = [
        ("coming_events", {"heading": "Coming up", "count": 3}),
        ("call_to_action", {"text": "Come", "label": "Go", "page": target, "url": ""}),
    ]
    make.child(target.get_parent(), "shown", HomePage, body=body)
    assert b'href="/en/events/"' in client.get(ADDRESS).content


@pytest.mark.parametrize(("language", "comma"), [("en", ", "), ("ar", "، ")])
def test_the_credit_of_the_footer_is_parted_as_the_language_parts(client, language, comma):
    credit = BeautifulSoup(client.get(f"/{language}/account/login/").content, "html.parser").select_one(".foot__credit")
    assert credit.text.endswith(f"GeoNames{comma}CC BY 4.0")


def test_a_warm_home_page_asks_for_nothing_but_itself(client, django_assert_num_queries):
    with time_machine.travel(START, tick=False):
        viewed(client)
        with django_assert_num_queries(1):
            assert client.get(ADDRESS).status_code == 200


def test_coming_events_follow_the_clock_in_steps_of_ten_seconds(client):
    with time_machine.travel(START, tick=False) as traveller:
        soon = clock.now() + timedelta(seconds=clock.STEP_SECONDS)
        events.webinar(title="Soon live", starts_at=soon)
        viewed(client)
        assert b"Live now" not in client.get(ADDRESS).content
        traveller.shift(clock.STEP_SECONDS)
        assert b"Live now" in client.get(ADDRESS).content
