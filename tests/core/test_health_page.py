"""Health of the site in the admin: who may look, and what it tells."""

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.test import Client
from wagtail.users.models import UserProfile

from accounts.models import User
from core import diagnoses, health
from core.health import Finding, Level, Section
from tests.factories.accounts import PersonFactory, editor, sign_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/health/"


@pytest.fixture
def watcher(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(diagnoses, "INSPECT_SECONDS", 0.05)
    person = editor()
    person.user_permissions.add(Permission.objects.get(codename="view_heartbeat"))
    return sign_in(client, person)


def test_each_finding_is_a_sentence_with_its_state_and_what_to_do(watcher: Client) -> None:
    page = BeautifulSoup(watcher.get(PAGE).content, "html.parser")
    assert page.select_one(".help-critical").get_text(" ", strip=True) == "Trouble. Something needs a hand."
    # The worst comes first.
    assert [one.text for one in page.select("main h2")] == ["Work in the background", "Services", "Mail"]
    assert page.select_one("tbody tr td").text == "trouble"
    rows = {
        row["data-finding"]: [cell.get_text(" ", strip=True) for cell in row("td")] for row in page.select("tbody tr")
    }
    assert rows["cache"] == ["ok", "The cache answers.", ""]
    assert rows["beat"] == [
        "trouble",
        "Beat is not running: no job of the schedule has ever been done.",
        "Start it: celery -A gkec beat. One worker must hear 'default'.",
    ]
    assert rows["mail-waiting"] == ["ok", "No mail waits that should have left.", ""]


def test_a_finding_leads_to_where_something_can_be_done(watcher: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding("x", Level.ATTENTION, "Five <b> wait.", "Look.", "/admin/outbox/?state=unknown")
    monkeypatch.setattr(health, "_registered", {"x": (Section.MAIL, lambda: [finding])})
    page = BeautifulSoup(watcher.get(PAGE).content, "html.parser")
    assert page.select_one(".help-warning").get_text(" ", strip=True) == "Attention. Something wants a look."
    row = page.select_one("tr[data-finding=x]")
    assert row.get_text(" ", strip=True) == "attention Five <b> wait. Look. Look at them"
    assert row.a["href"] == "/admin/outbox/?state=unknown"


def test_the_page_names_the_zone_of_its_times_once(watcher: Client) -> None:
    UserProfile.get_for_user(User.objects.get())
    UserProfile.objects.update(current_time_zone="Asia/Kolkata")
    page = BeautifulSoup(watcher.get(PAGE).content, "html.parser")
    assert page.select_one(".help-critical + .help").text == "All times are those of Kolkata."


def test_whoever_may_look_finds_it_in_the_menu(watcher: Client) -> None:
    assert b"/admin/health/" in watcher.get("/admin/").content


def test_an_editor_learns_nothing_of_the_machinery(client: Client) -> None:
    signed_in = sign_in(client, editor())
    response = signed_in.get(PAGE)
    assert response.status_code == 302
    assert b"/admin/health/" not in signed_in.get("/admin/").content


def test_a_visitor_learns_nothing_of_the_machinery(client: Client) -> None:
    for visitor in (Client(), sign_in(client, PersonFactory())):
        answer = visitor.get(PAGE)
        assert (answer.status_code, answer["Location"]) == (302, f"/_/sign-in/?next={PAGE}")
