"""The home page past the page cache: what it shows is made once, and what depends on the clock every ten seconds."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from wagtail.test.utils.form_data import nested_form_data, querydict_from_html, streamfield

from core import clock
from home.blocks import LIVE_BLOCKS
from home.models import HomePage
from home.services import found_site
from tests.factories import accounts, events
from tests.factories import core as make

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


def composed(*kinds: str) -> HomePage:
    """Make a home page of blocks of these kinds as their examples show them."""
    blocks = dict(LIVE_BLOCKS)
    body = [(kind, blocks[kind].get_preview_value()) for kind in kinds]
    return make.child(events.section().get_parent(), "shown", HomePage, body=body)


def test_two_blocks_of_one_kind_have_names_of_their_own(client):
    events.live_webinar(title="Soon")
    twice = [kind for kind in dict(LIVE_BLOCKS) if kind != "opening"] * 2
    composed("opening", *twice)
    soup = BeautifulSoup(client.get("/en/shown/").content, "html.parser")
    names = [one["id"] for one in soup.select("[id]")]
    assert sorted(names) == sorted(set(names))
    sections = soup.select("main section[aria-labelledby]")
    headings = [section.h2["id"] for section in sections]
    assert [section["aria-labelledby"] for section in sections] == headings
    assert (len(headings), len(soup.select("h1"))) == (6, 1)


TYPED = {
    "opening": {"actions": streamfield([]), "show_map": "on"},
    "coming_events": {"heading": "Coming up", "count": "3"},
}


@pytest.mark.parametrize(
    ("openings", "refusal"),
    [
        (0, "Opening: The minimum number of items is 1"),
        (1, None),
        (2, "Opening: The maximum number of items is 1"),
    ],
)
def test_a_home_page_is_published_with_one_opening_which_has_its_title(client, openings, refusal):
    accounts.sign_in(client, accounts.editor())
    page = composed(*["opening"] * openings, "coming_events")
    page.unpublish()
    address = reverse("wagtailadmin_pages:edit", args=[page.pk])
    form = querydict_from_html(client.get(address).content.decode(), form_id="page-edit-form").dict()
    body = streamfield([(block.block_type, TYPED[block.block_type]) for block in page.body])
    answer = client.post(address, {**form, **nested_form_data({"body": body}), "action-publish": "action-publish"})
    page.refresh_from_db()
    assert (page.live, answer.status_code) == ((True, 302) if refusal is None else (False, 200))
    if refusal is not None:
        assert refusal in answer.content.decode()


def test_what_the_site_is_founded_with_would_pass_the_form():
    found_site(hostname="testserver")
    pages = HomePage.objects.filter(depth=2)
    for page in pages:
        # What does not pass raises.
        HomePage.body.field.stream_block.clean(page.body)
    assert len(pages) == 5
