"""Readers' own clocks beside the event's: from their account or the address, and never another reader's."""

import re

import pytest
import time_machine
from django.test import Client

from core import valkey
from core.pagecache import store
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]

# 12 December, 15:00 to 16:30 in Brussels.
START = "2026-12-12T14:00:00Z"
KOLKATA = ("Kolkata", "19:30 to 21:00")


@pytest.fixture(autouse=True)
def in_november():
    with time_machine.travel("2026-11-01T09:00:00Z", tick=False):
        yield


@pytest.fixture
def address() -> str:
    page = make.live_webinar(starts_at=make.in_days(41).replace(hour=14))
    assert f"{page.starts_at:%Y-%m-%dT%H:%M:%SZ}" == START
    return f"/en/events/{page.slug}/"


def yours(html: str) -> list[tuple[str, str]]:
    """Return city and clocks of the reader's own row, as read without scripts."""
    rows = re.findall(r'<div class="zones__row zones__row--yours"><dt>([^<]*)</dt><dd><time[^>]*>([^<]*)</time>', html)
    compact = re.findall(r'<span class="zones__yours"><time[^>]*>([^<]*)</time> for you', html)
    return [(city, plain(clocks)) for city, clocks in rows] + [("", plain(clocks)) for clocks in compact]


def plain(clocks: str) -> str:
    return clocks.replace("\u00a0", " ")


def is_left_to_the_script(html: str) -> bool:
    return "data-local=" in html


def person(**fields) -> Client:
    return accounts.sign_in(Client(), accounts.PersonFactory(**fields))


def kept() -> list[bytes]:
    store.local.clear()
    return list(valkey.client().scan_iter(f"{store.PREFIX}http*"))


def read(client: Client, address: str, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_signed_in_reader_reads_their_own_time(address):
    client = person(timezone="Asia/Kolkata")
    html = read(client, address)
    assert (yours(html), is_left_to_the_script(html)) == ([KOLKATA], False)
    html = read(client, "/en/events/")
    assert (yours(html), is_left_to_the_script(html)) == ([("", KOLKATA[1])], False)
    assert yours(read(client, f"{address}register/")) == [KOLKATA]


def test_one_readers_zone_reaches_no_other(address):
    clients = [person(timezone="Asia/Kolkata"), Client(), person(timezone="America/Bogota"), Client()]
    for path, first, third in (
        (address, [KOLKATA], [("Bogota", "09:00 to 10:30")]),
        ("/en/events/", [("", KOLKATA[1])], [("", "09:00 to 10:30")]),
    ):
        read_by_each = [read(client, path) for client in clients]
        assert [yours(html) for html in read_by_each] == [first, [], third, []]
        assert [is_left_to_the_script(html) for html in read_by_each] == [False, True, False, True]
        assert yours(read(Client(), path, unknown="1")) == []


def test_a_zone_in_the_address_is_shown_and_never_kept(address):
    for path, expected in ((address, [KOLKATA]), ("/en/events/", [("", KOLKATA[1])])):
        assert yours(read(Client(), path, tz="Asia/Calcutta")) == expected
        assert kept() == []
        assert yours(read(Client(), path)) == []
        assert [key.endswith(f"{path}?".encode()) for key in kept()] == [True]
        assert yours(read(Client(), path, tz="Asia/Kolkata")) == expected
        assert len(kept()) == 1
        valkey.client().delete(*kept())


def test_a_zone_in_the_address_goes_before_the_accounts(address):
    html = read(person(timezone="America/Bogota"), address, tz="Asia/Kolkata")
    assert yours(html) == [KOLKATA]


@pytest.mark.parametrize("zone", ["Mars/Base", "", "<b>", "../etc/passwd", "Asia/Kolkata\x00", "x" * 5000])
def test_what_is_no_zone_is_left_to_the_script(address, zone):
    html = read(Client(), address, tz=zone)
    assert (yours(html), is_left_to_the_script(html), "<b>" in html) == ([], True, False)
    assert kept() == []


@pytest.mark.parametrize(("zone", "by_script"), [("UTC", True), ("Europe/Brussels", False)])
def test_a_zone_that_nobody_chose_or_that_is_the_events_own_adds_no_row(address, zone, by_script):
    html = read(person(timezone=zone), address)
    assert (yours(html), is_left_to_the_script(html)) == ([], by_script)


def test_a_cookie_sets_no_zone(address):
    client = Client()
    client.cookies["timezone"] = "Asia/Kolkata"
    assert yours(read(client, address)) == []


@pytest.mark.parametrize("number", [1, 3])
def test_a_chosen_zone_costs_the_list_no_statement(django_assert_num_queries, number):
    for _ in range(number):
        make.live_webinar()
    read(Client(), "/en/events/", unknown="1")
    for query in ({"unknown": "1"}, {"tz": "Asia/Kolkata"}):
        with django_assert_num_queries(6):
            read(Client(), "/en/events/", **query)
