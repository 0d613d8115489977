"""The services that other tests lean on do what they say."""

import smtplib
import tempfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from gkec.devstack.processes import wait_until
from tests.services.browser import axe_violations
from tests.services.mailserver import MailServer
from tests.services.worker import Worker


def test_the_mail_server_logs_what_it_accepted_and_refuses_whom_it_is_told_to(mail_server: MailServer) -> None:
    mail_server.refuse("gone@gkec.example")
    message = EmailMessage()
    message["Message-ID"], message["Subject"] = "<one@gkec.example>", "Ünïcode"
    message.set_content("Text")
    with smtplib.SMTP("127.0.0.1", mail_server.port) as client:
        refused = client.sendmail("a@gkec.example", ["b@gkec.example", "gone@gkec.example"], message.as_bytes())
    assert refused == {"gone@gkec.example": (550, b"5.1.1 No such mailbox")}
    assert mail_server.recipients() == {"b@gkec.example": 1}
    assert mail_server.to("b@gkec.example")[0]["Subject"] == "Ünïcode"
    assert mail_server.accepted[0].message_id == "<one@gkec.example>"


def test_folders_of_tests_lie_where_no_other_run_closes_the_way_to_them(tmp_path: Path) -> None:
    shared = {Path(tempfile.gettempdir()), *Path(tempfile.gettempdir()).parents}
    own = [folder for folder in tmp_path.parents if folder not in shared]
    assert own[-1].name.startswith("gkec-test-")


def test_a_real_worker_starts_and_survives_the_death_of_its_pool(celery_worker: Worker) -> None:
    before = {process.pid for process in celery_worker.pool()}
    assert celery_worker.kill_pool() == 1
    assert celery_worker.child.is_running()
    assert wait_until(lambda: bool({process.pid for process in celery_worker.pool()} - before), seconds=10)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_browser_finds_violations_and_needs_no_script_of_the_page(
    new_context: Callable[..., BrowserContext],
) -> None:
    page = new_context(language="ar", scheme="dark", width="phone").new_page()
    page.set_content("<html lang=en><title>T</title><main><h1>H</h1><img src='data:,'></main></html>")
    assert [line.split(":")[0] for line in axe_violations(page)] == ["image-alt"]
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert page.evaluate("navigator.language") == "ar"
