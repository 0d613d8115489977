"""The pages by which a team's people join, and on which coordinators and moderators see and change it."""

import csv
import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from datetime import datetime
from io import BytesIO, StringIO

import pytest
from django.http import HttpResponse
from django.test import Client
from openpyxl import load_workbook

from core import clock, dates
from learning.models import Enrolment
from learning.services import complete_unit, read_unit, withdraw_enrolment
from learning.views import moderating
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork
from tests.learning.teamwork import statements, words

pytestmark = pytest.mark.django_db


def cells(answer) -> list[list[str]]:
    """Return the words of the table's cells, row by row, the last column left out, which only has links."""
    html = answer.content.decode()
    rows = re.findall(r"<tr>(.*?)</tr>", html[html.rindex('<div class="table"') :], re.DOTALL)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)] for row in rows]


@pytest.fixture(scope="module")
def one(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[teamwork.Team]:
    """A cohort, and a city with its coordinator, for all tests of this file that need nothing special of them."""
    with made_once():
        yield teamwork.a_team()


def test_looking_at_the_door_joins_nobody(one):
    enrolment = teamwork.invited(one)
    link = f"/learn/{enrolment.token}/"
    answers = [Client().get(link), Client().head(link), Client().get(f"{link}decline/")]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert answers[0]["Cache-Control"] == "private, no-store"
    assert answers[0]["Referrer-Policy"] == "same-origin"
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.person) == ("invited", None)


def test_a_team_of_nobody_says_what_its_coordinator_does_next(one):
    page = teamwork.client_of(one.coordinator).get(one.dashboard())
    said = words(page)
    assert '<h2 class="empty__title">Nobody is enrolled yet</h2>' in page.content.decode()
    assert "Nobody is enrolled yet Paste the addresses of your colleagues: each of them gets an invitation" in said
    assert ("Enrol your team" in said, "Enrol more people" in said) == (True, False)


def test_a_team_of_nobody_tells_a_moderator_who_enrols_it(one):
    moderator = accounts.PersonFactory()
    one.cohort.moderators.add(moderator)
    answer = teamwork.client_of(moderator).get(one.dashboard())
    assert "Nobody is enrolled yet A coordinator of the city enrols its people on the cohort" in words(answer)
    assert '<h2 class="empty__title">Nobody is enrolled yet</h2>' in answer.content.decode()
    [door] = re.findall(r'href="([^"]+)">Open the cohort\'s page<', answer.content.decode())
    assert door == f"/en/learning/cohorts/{one.cohort.slug}/"
    assert "Enrol your team" not in words(answer)


def test_who_declines_gives_the_seat_to_whoever_waits():
    one = teamwork.a_team(seats=1)
    first, second = teamwork.invited(one), teamwork.invited(one, "Bo Berg")
    waiting = Client().get(f"/learn/{second.token}/")
    assert ("All seats are taken." in words(waiting), "Join the course" in words(waiting)) == (True, False)
    link = f"/learn/{first.token}/"
    assert Client().post(f"{link}decline/")["Location"] == link
    gone = Client().get(link)
    assert (gone.status_code, "You have declined." in words(gone), "coordinator" in words(gone)) == (410, True, False)
    second.refresh_from_db()
    assert second.state == "invited"


def test_the_door_says_how_it_came_to_an_end():
    one = teamwork.a_team(seats=2)
    joined, _browser = teamwork.joined(one)
    withdrawn, waiting = teamwork.invited(one, "Bo Berg"), teamwork.invited(one, "Cy Ek")
    Client().post(f"/learn/{waiting.token}/decline/")
    withdraw_enrolment(enrolment_id=joined.pk, by=joined.person)
    withdraw_enrolment(enrolment_id=withdrawn.pk, by=one.coordinator)
    sentences = (
        "You have declined.",
        "You are not enrolled in this cohort any more.",
        "This invitation does not hold any more. Ask the coordinator of your city for a new one.",
        "You have left the waiting list of this cohort.",
    )
    for enrolment, expected in ((waiting, 3), (joined, 1), (withdrawn, 2)):
        said = words(Client().get(f"/learn/{enrolment.token}/"))
        assert [number for number, sentence in enumerate(sentences) if sentence in said] == [expected], enrolment


def test_who_is_signed_in_with_the_address_joins_at_once(one):
    enrolment = teamwork.invited(one)
    person = accounts.PersonFactory(email=enrolment.email)
    client = teamwork.client_of(person)
    assert client.post(f"/learn/{enrolment.token}/")["Location"] == one.course()
    assert client.get(f"/learn/{enrolment.token}/")["Location"] == one.course()
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.person) == ("active", person)


def test_too_many_tries_at_one_door_are_slowed_down(one, monkeypatch):
    from core import limits
    from learning.views import door

    monkeypatch.setattr(door, "PER_PERSON", limits.Limit("learning-door", 1, 3600))
    enrolment = teamwork.invited(one)
    accounts.PersonFactory(email=enrolment.email)
    answers = [Client().post(f"/learn/{enrolment.token}/") for _time in range(2)]
    assert [answer.status_code for answer in answers] == [303, 429]
    assert answers[1]["Retry-After"] == "3600"


def test_nobody_is_asked_twice_who_they_are(one):
    _enrolment, client = teamwork.joined(one)
    assert client.get(one.course()).status_code == 200
    assert "Planning" in client.get(f"{one.course()}about-me/").content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_dashboards_take_as_many_statements_for_one_as_for_three(one, number):
    for place in range(number):
        make.learner(one.cohort, f"Person {'ABC'[place]}", coordinator=one.membership)
    moderator = accounts.PersonFactory()
    one.cohort.moderators.add(moderator)
    coordinator, guide = teamwork.client_of(one.coordinator), teamwork.client_of(moderator)
    screens = {
        "team": (coordinator, one.dashboard()),
        "desk": (guide, one.desk()),
        "own": (coordinator, "/en/my/learning/"),
    }
    assert {name: statements(client, address) for name, (client, address) in screens.items()} == {
        "team": 12,
        "desk": 11,
        "own": 9,
    }


def test_somebody_without_a_name_is_headed_by_their_address_which_stands_there_once(one):
    teamwork.enrol(one, "bo@city.example\nAna Silva <ana@city.example>")
    page = teamwork.client_of(one.coordinator).get(one.dashboard())
    assert [row[:2] for row in cells(page)[1:]] == [["", "bo@city.example"], ["Ana Silva", "ana@city.example"]]
    headings = re.findall(r'<th scope="row"><bdi>([^<]*)</bdi></th>', page.content.decode())
    assert headings == ["bo@city.example", "Ana Silva"]


def shown_as_sent(page) -> list[list[str]]:
    """Return what a table shows, without the links at the end; of a day in words what the page tells machines."""
    html = re.sub(r'<time datetime="([^"]*)">[^<]*</time>', r"\1", page.content.decode())
    return [row[:-1] for row in cells(HttpResponse(html))]


def spreadsheets(client: Client, address: str) -> dict[str, list[list[str]]]:
    """Return the cells of both spreadsheets behind an address; in the CSV a sign keeps formulas from being such."""
    exports = {name: f"{address}{'&' if '?' in address else '?'}export={name}" for name in ("csv", "xlsx")}
    sent = {name: b"".join(client.get(export).streaming_content) for name, export in exports.items()}
    lines = csv.reader(StringIO(sent["csv"].decode("utf-8-sig")))
    book = load_workbook(BytesIO(sent["xlsx"]))
    return {
        "csv": [[cell.removeprefix("'") for cell in row] for row in lines],
        "xlsx": [[str(cell.value or "")[:21].removesuffix(" 00:00:00") for cell in row] for row in book.active.rows],
    }


@pytest.fixture
def clock_stands_at() -> datetime:
    """Now, so that no day ends anywhere before it is compared."""
    return clock.now()


@pytest.mark.usefixtures("time")
def test_a_coordinators_export_is_what_the_screen_shows(one):
    enrolment, _client = teamwork.joined(one, "Ana Silva")
    teamwork.invited(one, "Bo Berg")
    teamwork.begin(one.cohort)
    unit = one.unit()
    read_unit(enrolment_id=enrolment.pk, unit_id=unit.pk, revision_id=1, language="en")
    complete_unit(enrolment_id=enrolment.pk, unit_id=unit.pk)
    Enrolment.objects.filter(name="Bo Berg").update(name="=1+1")
    client = teamwork.client_of(one.coordinator)
    day = clock.now().astimezone(one.cohort.zone).date()
    today, in_words = day.isoformat(), dates.day(day)
    page = client.get(one.dashboard())
    assert cells(page)[2][4:8] == [in_words, "1 of 2", "On track", in_words]
    shown = shown_as_sent(page)
    assert shown == [
        ["Name", "E-mail address", "Department", "State", "Joined", "Units done", "Pace", "Last read"],
        ["=1+1", "bo.berg@example.org", "", "Invited", "", "", "", ""],
        ["Ana Silva", "ana.silva@example.org", "Planning", "Takes part", today, "1 of 2", "On track", today],
    ]
    assert spreadsheets(client, one.dashboard()) == {"csv": shown, "xlsx": shown}
    sent = b"".join(client.get(one.dashboard(), {"export": "csv"}).streaming_content).decode("utf-8-sig")
    assert "'=1+1" in sent


@pytest.mark.usefixtures("time")
def test_a_moderators_export_is_what_all_pages_of_the_screen_show(one, monkeypatch):
    monkeypatch.setattr(moderating, "PER_PAGE", 2)
    enrolment, _client = teamwork.joined(one, "Ana Silva")
    for name in ("Bo Berg", "Cy Ek"):
        teamwork.invited(one, name)
    other = teamwork.second_city(one.cohort, "Aarhus")
    left, _client = teamwork.joined(other, "Di Dahl")
    teamwork.invited(other, "El Engel")
    withdraw_enrolment(enrolment_id=left.pk, by=other.coordinator)
    teamwork.begin(one.cohort)
    read_unit(enrolment_id=enrolment.pk, unit_id=one.unit().pk, revision_id=1, language="en")
    complete_unit(enrolment_id=enrolment.pk, unit_id=one.unit().pk)
    Enrolment.objects.filter(name="Bo Berg").update(name="=1+1")
    moderator = accounts.PersonFactory()
    one.cohort.moderators.add(moderator)
    client = teamwork.client_of(moderator)
    today = clock.now().astimezone(one.cohort.zone).date().isoformat()
    head = ["City", "Name", "E-mail address", "Department", "State", "Joined", "Units done", "Pace", "Last read"]
    ours, theirs = "Chefchaouen", "Aarhus"
    bo = [ours, "=1+1", "bo.berg@example.org", "", "Invited", "", "", "", ""]
    ana = [ours, "Ana Silva", "ana.silva@example.org", "Planning", "Takes part", today, "1 of 2", "On track", today]
    cy = [ours, "Cy Ek", "cy.ek@example.org", "", "Invited", "", "", "", ""]
    el = [theirs, "El Engel", "el.engel@example.org", "", "Invited", "", "", "", ""]
    di = [theirs, "Di Dahl", "di.dahl@example.org", "Planning", "Withdrawn", today, "", "", ""]
    whole = {"": [el, bo, ana, cy, di], f"?city={one.city.slug}": [bo, ana, cy], "?state=invited": [el, bo, cy]}
    for narrow, rows in whole.items():
        address = f"{one.desk()}{narrow}"
        pages = [f"{address}{'&' if narrow else '?'}page={number}" for number in range(1, -(-len(rows) // 2) + 1)]
        shown = [shown_as_sent(client.get(page)) for page in pages]
        assert [one_page[0] for one_page in shown] == [head] * len(pages)
        assert [row for one_page in shown for row in one_page[1:]] == rows
        for page in (address, pages[-1]):
            assert spreadsheets(client, page) == {"csv": [head, *rows], "xlsx": [head, *rows]}


def test_a_moderator_sees_everybody_by_city_and_decides():
    one = teamwork.a_team(admission="approval")
    other = teamwork.second_city(one.cohort, "Aarhus")
    teamwork.enrol(one, "Ana Silva <ana@city.example>")
    teamwork.enrol(other, "Bo Berg <bo@city.example>")
    moderator = accounts.PersonFactory()
    one.cohort.moderators.add(moderator)
    client = teamwork.client_of(moderator)
    rows = cells(client.get(one.desk()))
    assert [row[:5] for row in rows] == [
        ["City", "Name", "E-mail address", "Department", "State"],
        ["Aarhus", "Bo Berg", "bo@city.example", "", "Applied"],
        ["Chefchaouen", "Ana Silva", "ana@city.example", "", "Applied"],
    ]
    ana, bo = Enrolment.objects.order_by("name")
    assert client.post(f"{one.desk()}{ana.uuid}/admit/")["Location"] == one.desk()
    assert client.post(f"{one.desk()}{bo.uuid}/decline/")["Location"] == one.desk()
    # Deciding once more, as in a second window, changes nothing and says so.
    again = client.post(f"{one.desk()}{bo.uuid}/admit/", follow=True)
    assert "This application has been decided already." in again.content.decode()
    assert [one.state for one in Enrolment.objects.order_by("name")] == ["invited", "declined"]


def test_a_leavers_seat_goes_on_and_the_leaver_keeps_the_record():
    one = teamwork.a_team(seats=1, waiting_list=False)
    ana, browser = teamwork.joined(one)
    client = teamwork.client_of(one.coordinator)
    address = f"{one.dashboard()}{ana.uuid}/replace/"
    assert "Who takes the seat of" in words(client.get(address))
    assert client.post(address, {"email": "nonsense"}).status_code == 422
    assert client.post(address, {"email": ana.email}).status_code == 409
    assert (
        client.post(address, {"email": "bo@city.example", "name": "Bo"})["Location"]
        == f"{one.dashboard()}?done=replaced"
    )
    ana.refresh_from_db()
    successor = Enrolment.objects.get(email="bo@city.example")
    assert (ana.state, ana.person is not None, successor.state, successor.replaced) == (
        "withdrawn",
        True,
        "invited",
        ana,
    )
    assert "Withdrawn" in words(browser.get("/en/my/learning/"))


def test_one_and_all_are_withdrawn_by_post_alone(one):
    ana, bo = teamwork.invited(one), teamwork.invited(one, "Bo Berg")
    client = teamwork.client_of(one.coordinator)
    single = f"{one.dashboard()}{ana.uuid}/withdraw/"
    assert "Ana Silva" in words(client.get(single))
    assert Enrolment.objects.live().count() == 2
    assert client.post(single)["Location"] == f"{one.dashboard()}?done=withdrawn"
    # There is nothing left to ask: an old page leads back, and says nothing of what was just done.
    again = client.get(single)
    assert (again.status_code, again["Location"]) == (303, one.dashboard())
    assert "1 person" in words(client.get(f"{one.dashboard()}withdraw/"))
    assert list(Enrolment.objects.live()) == [bo]
    client.post(f"{one.dashboard()}withdraw/")
    assert list(Enrolment.objects.live()) == [bo]
    teamwork.window_passes()
    assert not Enrolment.objects.live().exists()


def test_who_left_finds_no_way_back_in(one):
    ana, browser = teamwork.joined(one)
    withdraw_enrolment(enrolment_id=ana.pk, by=one.coordinator)
    assert browser.get(one.course()).status_code == 404
    door = browser.get(f"/learn/{ana.token}/")
    assert (door.status_code, "This invitation does not hold any more." in words(door)) == (410, True)
