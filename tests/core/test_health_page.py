"""Health of the site in the admin: who may look, and what it tells."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.test import Client
from wagtail.users.models import UserProfile

from accounts.models import User
from core import clock, diagnoses, health
from core.health import Figure, Finding, Level, Section
from core.services import sweeping
from mail.models import Message
from mail.services import ledger
from tests.factories.accounts import PersonFactory, editor, sign_in
from tests.factories.mail import ask

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
    assert [one.text for one in page.select("main h2")] == ["Work in the background", "Services", "Mail", "Figures"]
    assert page.select_one("tbody tr td").text == "trouble"
    rows = {
        row["data-finding"]: [cell.get_text(" ", strip=True) for cell in row("td")]
        for row in page.select("tr[data-finding]")
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


def figures(page: bytes) -> dict[str, list[str]]:
    rows = BeautifulSoup(page, "html.parser").select("tr[data-figure]")
    return {row["data-figure"]: [row.th.text, row.td.text] for row in rows}


def test_the_figures_are_those_that_metrics_tell(watcher: Client, time_machine, settings) -> None:
    settings.MAIL_LEASE_SECONDS = 60
    now = clock.now()
    time_machine.move_to(now - timedelta(seconds=90), tick=False)
    for _n in range(3):
        ask(stream="bulk")
    ledger.lease(stream="bulk", limit=1)
    time_machine.move_to(now - timedelta(seconds=40), tick=False)
    ledger.lease(stream="bulk", limit=1)
    ask()
    delivered = {"state": "unknown", "reason": "no_answer", "attempts": 1, "finished_at": now}
    Message.objects.filter(stream="transactional").update(started_at=now, first_tried_at=now, **delivered)
    sweeping.run(name="mail.tasks.sweep", work=lambda: None)
    time_machine.move_to(now, tick=False)
    assert figures(watcher.get(PAGE).content) == {
        "beat": ["Last job of beat began", f"{now - timedelta(seconds=40):%Y-%m-%d %H:%M:%S}"],
        "queue-age-transactional": ["Mail to one person: age of the first that is due", "0 s"],
        "oldest-unsent-transactional": ["Mail to one person: age of the oldest unsent", "0 s"],
        "unknown-transactional": ["Mail to one person: unknown whether it arrived", "1"],
        "queue-age-bulk": ["Mail to many: age of the first that is due", "90 s"],
        "oldest-unsent-bulk": ["Mail to many: age of the oldest unsent", "90 s"],
        "unknown-bulk": ["Mail to many: unknown whether it arrived", "0"],
        "leases-held": ["Messages held by workers", "1"],
        "leases-expired": ["Messages whose lease ran out", "1"],
    }


def test_mail_between_two_tries_is_unsent_on_the_page_too(watcher: Client, time_machine) -> None:
    now = clock.now()
    time_machine.move_to(now - timedelta(seconds=700), tick=False)
    ask()
    ledger.put_off(lease=ledger.lease(stream="transactional", limit=1), reply="unreachable")
    Message.objects.update(due_at=now + timedelta(seconds=1))
    time_machine.move_to(now, tick=False)
    found = figures(watcher.get(PAGE).content)
    assert [found[f"{name}-transactional"][1] for name in ("queue-age", "oldest-unsent")] == ["0 s", "700 s"]


def test_without_any_mail_or_job_the_figures_say_nothing_waits(watcher: Client) -> None:
    found = figures(watcher.get(PAGE).content)
    assert {value for name, (_label, value) in found.items() if name != "beat"} == {"0", "0 s"}
    assert found["beat"][1] == "–"


def test_figures_that_cannot_be_read_do_not_take_the_page_away(
    watcher: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> list[Figure]:
        raise KeyError("jane@city.example")

    monkeypatch.setattr(health, "_figures", [broken, lambda: [Figure("x", "Label", "<7>")]])
    response = watcher.get(PAGE)
    assert (response.status_code, figures(response.content)) == (200, {"x": ["Label", "<7>"]})


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
