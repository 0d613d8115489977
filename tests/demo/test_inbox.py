"""The demo's inbox shows mails as they came, and lets nothing of a mail act on the site."""

import os
import smtplib
from collections.abc import Callable, Generator
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from bs4 import BeautifulSoup
from django.test import Client

from demo.inbox import maildir
from gkec.devstack.catcher import MaildirHandler
from gkec.devstack.valkey import free_port

pytestmark = pytest.mark.django_db

CALENDAR = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@pytest.fixture(autouse=True)
def mail_folder(settings: pytest.FixtureRequest, tmp_path: Path) -> Path:
    settings.VAR = tmp_path  # type: ignore[attr-defined]
    return tmp_path / "mail"


@pytest.fixture
def deliver(mail_folder: Path) -> Generator[Callable[..., str]]:
    """Send a mail through the real catcher and return its key."""
    controller = Controller(MaildirHandler(mail_folder), hostname="127.0.0.1", port=free_port())
    controller.start()
    moment = iter(range(1_700_000_000, 1_800_000_000, 60))

    def send(subject: str = "Hello", text: str = "Text\n", html: str = "", *, calendar: bool = False) -> str:
        known = set(maildir.keys())
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = subject, "GKEC <no-reply@gkec.example>", "someone@gkec.example"
        mail.set_content(text)
        if html:
            mail.add_alternative(html, subtype="html")
        if calendar:
            mail.add_attachment(CALENDAR.encode(), maintype="text", subtype="calendar", params={"method": "REQUEST"})
        with smtplib.SMTP("127.0.0.1", controller.port) as client:
            client.sendmail("bounce@gkec.example", ["hidden@gkec.example"], mail.as_bytes())
        (key,) = set(maildir.keys()) - known
        when = next(moment)
        os.utime(maildir.path_of(key), (when, when))
        return key

    yield send
    controller.stop()


def soup(client: Client, address: str) -> BeautifulSoup:
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html.parser")


def test_an_empty_inbox_says_what_to_do(client: Client) -> None:
    assert "Register for an event, and its confirmation appears here." in soup(client, "/dev/inbox/").main.text


def test_the_list_is_newest_first_and_names_whom_each_mail_really_went_to(
    client: Client, deliver: Callable[..., str]
) -> None:
    for subject in ("First", "<b>Second</b>", "الثالث"):
        deliver(subject)
    rows = [row.text.split("\n") for row in soup(client, "/dev/inbox/").select("tbody tr")]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert [row[:2] for row in cells] == [
        ["الثالث", "hidden@gkec.example"],
        ["<b>Second</b>", "hidden@gkec.example"],
        ["First", "hidden@gkec.example"],
    ]


def test_a_mail_is_shown_with_its_parts(client: Client, deliver: Callable[..., str]) -> None:
    key = deliver("Invitation", "See https://gkec.example/x & more\n", "<p>Formatted</p>", calendar=True)
    page = soup(client, f"/dev/inbox/{key}/")
    assert page.h1.text.strip() == "Invitation"
    assert page.select_one("pre").text.strip() == "See https://gkec.example/x & more"
    assert page.select_one("pre a")["href"] == "https://gkec.example/x"
    assert page.iframe["src"] == f"/dev/inbox/{key}/html/"
    assert page.iframe["sandbox"] == ["allow-popups", "allow-popups-to-escape-sandbox"]
    headers = {row.th.text.strip(): row.td.text.strip() for row in page.select("tbody tr")}
    assert headers["Return-Path"] == "<bounce@gkec.example>"
    assert headers["Subject"] == "Invitation"
    answer = client.get(page.select_one("a[download]")["href"])
    assert answer.content.decode() == CALENDAR
    assert answer["Content-Type"] == 'text/calendar; method="REQUEST"'
    assert answer["Content-Disposition"] == 'attachment; filename="invitation.ics"'
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_the_html_of_a_mail_can_run_and_reach_nothing(client: Client, deliver: Callable[..., str]) -> None:
    key = deliver(html="<html><head><title>T</title></head><body><script>steal()</script></body></html>")
    answer = client.get(f"/dev/inbox/{key}/html/")
    assert answer.content.decode().startswith('<html><head><base target="_blank"><title>T</title>')
    assert answer["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    policy = client.get(f"/dev/inbox/{key}/")["Content-Security-Policy"]
    frames = next(one.split() for one in policy.split("; ") if one.startswith("frame-src "))
    assert "'self'" in frames


def test_an_attachment_of_any_other_type_is_mere_bytes(client: Client, mail_folder: Path) -> None:
    (mail_folder / "new").mkdir(parents=True)
    mail = EmailMessage()
    mail.set_content("x")
    mail.add_attachment(b"<script>", maintype="text", subtype="html", filename='a".html')
    (mail_folder / "new" / "1").write_bytes(mail.as_bytes())
    answer = client.get("/dev/inbox/1/part/1/")
    assert (answer["Content-Type"], answer.content) == ("application/octet-stream", b"<script>")
    assert answer["Content-Disposition"] == 'attachment; filename="a-.html"'
    assert client.get("/dev/inbox/1/part/2/", follow=True).status_code == 404


@pytest.mark.parametrize("key", ["missing", "..", "%2e%2e", "..%2fnew%2f1", ".hidden", "a%00b"])
def test_a_key_leads_nowhere_but_into_the_folder(client: Client, mail_folder: Path, key: str) -> None:
    (mail_folder / "new").mkdir(parents=True)
    (mail_folder / "new" / ".hidden").write_text("Subject: x\n\n")
    for page in ("", "html/", "raw/", "part/0/"):
        assert client.get(f"/dev/inbox/{key}/{page}", follow=True).status_code == 404


def test_a_broken_mail_is_still_shown(client: Client, mail_folder: Path) -> None:
    (mail_folder / "new").mkdir(parents=True)
    (mail_folder / "new" / "1").write_bytes(
        b"Content-Type: text/plain; charset=no-such\nSubject: =?x?b?\xff\n\n\xff\xfe"
    )
    assert client.get("/dev/inbox/").status_code == 200
    assert client.get("/dev/inbox/1/").status_code == 200
    assert client.get("/dev/inbox/1/raw/").content.endswith(b"\xff\xfe")


def test_the_inbox_only_answers_reading(client: Client) -> None:
    assert client.post("/dev/inbox/").status_code == 405
