"""The whole site as `make demo` runs it, and the mails that it sends."""

import contextlib
import email
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from gkec.devstack.options import ROOT

REGISTRATION_LINK = re.compile(r"https?://[^\s\"<>]+/registration/[^\s\"<>/]+/")
PASSWORD = "gkec-demo"


@dataclass(frozen=True)
class Site:
    """One running instance: where it answers, and where its mails and data lie."""

    url: str
    var: Path
    shell: "subprocess.Popen[str]"

    def mails_to(self, address: str, *, subject: str = "") -> list[EmailMessage]:
        """Return the mails that have arrived for an address, the earliest first; those alone with these words above."""
        found = []
        for path in sorted((self.var / "mail" / "new").iterdir(), key=lambda path: path.stat().st_mtime_ns):
            arrived_for, about, message = _read(path)
            if arrived_for == address and subject in about:
                found.append(message)
        return found

    def wait_for_mail(self, address: str, *, number: int = 1, subject: str = "", seconds: float = 30) -> EmailMessage:
        """Wait for the `number`-th mail to an address, of those with these words in the subject, and return it."""
        deadline = time.monotonic() + seconds
        while len(found := self.mails_to(address, subject=subject)) < number:
            assert time.monotonic() < deadline, f"{len(found)} of {number} mails to {address} came in {seconds} s"
            time.sleep(0.1)
        return found[number - 1]  # type: ignore[return-value]

    def run(self, code: str) -> str:
        """Run Python in a process of this instance, with Django ready, and return what it prints."""
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        print(json.dumps(code), file=self.shell.stdin, flush=True)
        line = self.shell.stdout.readline()
        assert line, "the shell of the instance has ended: see its output above"
        finished, said = json.loads(line)
        assert finished, said
        return said

    def wait_until(self, code: str, *, seconds: float = 120) -> str:
        """Run `code` until it prints something; return that."""
        deadline = time.monotonic() + seconds
        while not (said := self.run(code)):
            assert time.monotonic() < deadline, f"nothing in {seconds} s"
            time.sleep(0.2)
        return said


@cache
def _read(path: Path) -> tuple[str, str, EmailMessage]:
    """Return whom a mail arrived for, its subject and all of it; what has arrived does not change any more."""
    message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    return str(message["Delivered-To"]), str(message["Subject"]), message  # type: ignore[return-value]


def part(message: EmailMessage, content_type: str) -> EmailMessage:
    """Return the first part of a mail that has this type."""
    found = next((one for one in message.walk() if one.get_content_type() == content_type), None)
    assert found is not None, f"no {content_type} in {[one.get_content_type() for one in message.walk()]}"
    return found  # type: ignore[return-value]


def text_of(message: EmailMessage) -> str:
    """Return the plain text of a mail."""
    return str(part(message, "text/plain").get_content())


def self_service_link(message: EmailMessage) -> str:
    """Return the address of the person's own page from the plain text of a mail."""
    found = REGISTRATION_LINK.search(text_of(message))
    assert found, text_of(message)
    return found.group(0)


def newsletter_link(message: EmailMessage, purpose: str) -> str:
    """Return the address of one of a subscriber's own pages from the plain text of a mail."""
    found = re.search(rf"https?://[^\s\"<>]+/news/{purpose}/[^\s\"<>/]+/", text_of(message))
    assert found, text_of(message)
    return found.group()


def environment_of(*, port: int, var: Path, database_url: str) -> dict[str, str]:
    """Return the environment in which another process joins an instance.

    The instance's own Valkey too: in this run's, tests of other sites keep the roots of theirs.
    """
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "site")]),
        "DJANGO_SETTINGS_MODULE": "gkec.settings.demo",
        "PORT": str(port),
        "VAR_DIR": str(var),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": database_url,
        "REDIS_URL": _valkey_of(var),
        # What this process signs, the instance must know for its own.
        "SECRET_KEY": (var / "run" / "secret-key").read_text(encoding="utf-8").strip(),
    }


def _valkey_of(var: Path) -> str:
    """Return the address of an instance's Valkey, whose password stands in its configuration alone."""
    lines = (var / "valkey" / "valkey.conf").read_text(encoding="utf-8").splitlines()
    said = dict(line.split(" ", 1) for line in lines)
    return f"redis://:{said['requirepass']}@{said['bind']}:{said['port']}/0"


@contextlib.contextmanager
def shell_of(environment: dict[str, str]) -> Generator["subprocess.Popen[str]"]:
    """Run the shell of an instance (tests/browser/shell.py) until the context ends."""
    command = [sys.executable, "-m", "tests.browser.shell"]
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as shell:
        try:
            yield shell
        finally:
            shell.kill()
