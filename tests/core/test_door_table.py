"""The table of doors in docs/architecture.md: it names every door that others rely on, and each leads somewhere."""

import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from django.test import Client
from django.urls import resolve
from django.utils import translation

from core import languages
from gkec.environment import ROOT
from home.services import found_site

TEXT = (ROOT / "docs" / "architecture.md").read_text()
TABLE = TEXT[TEXT.index("## Doors that stay where they are") : TEXT.index("## Settings")]
CELLS = [re.findall(r"`([^`]+)`", line.split(" | ")[0]) for line in TABLE.splitlines() if line.startswith("| `")]
DOORS = [door for cell in CELLS for door in cell]
# Whoever relies on these stands outside this repository: a door is taken from here only together with its users.
PAGES = ["events", "learning", "knowledge", "cities", "news"]
OPENED_BY = {
    "/healthz": "healthz",
    "/readyz": "readyz",
    "/": "welcome",
    "/<lang>/search/": "search",
    "/<lang>/events/<slug>/register/": "event_register",
    "/<lang>/events/calendar.ics": "event_feed",
    "/<lang>/events/<translation key>/": "event_page",
    "/<lang>/news/feed/": "newsletter_feed",
    "/sitemap.xml": "sitemap",
    "/robots.txt": "robots",
    "/join/<token>/": "event_join",
    "/registration/<token>/": "event_registration",
    "/learn/<token>/": "learning_door",
    "/news/unsubscribe/<token>/": "newsletter_unsubscribe",
    "/dev/inbox/": "inbox",
    "/admin/": "wagtailadmin_home",
}


@pytest.fixture(scope="module")
def founded(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    with made_once():
        found_site(hostname="testserver")
        yield


def test_the_table_has_every_door_once():
    pages = [f"/<lang>/{slug}/" for slug in PAGES]
    commands = [f"make {name}" for name in ("demo", "test", "test-long", "bench", "check")]
    assert sorted(DOORS) == sorted([*commands, *pages, *OPENED_BY])


@pytest.mark.parametrize("door", OPENED_BY)
def test_an_address_is_opened_by_its_own_view_in_every_language(door):
    found = set()
    for code in languages.codes():
        address = (
            door.replace("<lang>", code)
            .replace("<slug>", "some")
            .replace("<token>", "some")
            .replace("<translation key>", str(UUID(int=1)))
        )
        with translation.override(code):
            found.add(resolve(address).url_name)
    assert found == {OPENED_BY[door]}


@pytest.mark.django_db
@pytest.mark.usefixtures("founded")
@pytest.mark.parametrize("slug", PAGES)
def test_a_section_is_a_page_of_a_new_site_in_every_language(client: Client, slug: str):
    assert [client.get(f"/{code}/{slug}/").status_code for code in languages.codes()] == [200] * 5


@pytest.mark.parametrize("command", [door.removeprefix("make ") for door in DOORS if door.startswith("make ")])
def test_a_command_is_one_of_the_makefile(command):
    assert re.search(rf"^{command}:.* ## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
