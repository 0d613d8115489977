"""A real SMTP server that keeps a log of what it accepted, to compare with the outbox address by address."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from typing import Any

import environ
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from gkec.devstack.valkey import free_port


@dataclass(frozen=True)
class Accepted:
    """One message as it came over the wire."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    at: float

    @cached_property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)  # type: ignore[return-value]

    @cached_property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


@dataclass
class MailServer:
    """The sink: `accepted` is its log, `answer` lets a test refuse, delay or count."""

    port: int
    accepted: list[Accepted] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    before_answer: Callable[[Envelope], None] | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def refuse(self, recipient: str, answer: str = "550 5.1.1 No such mailbox") -> None:
        """Answer RCPT for this address with a code of 4xx or 5xx from now on."""
        self.answers[recipient.lower()] = answer

    def recipients(self) -> Counter[str]:
        """Count the accepted messages by address."""
        return Counter(address for one in self.accepted for address in one.recipients)

    def to(self, recipient: str) -> list[EmailMessage]:
        """Return what was accepted for one address, in order of arrival."""
        return [one.message for one in self.accepted if recipient in one.recipients]

    def wait_for(self, number: int, *, seconds: float = 20) -> list[Accepted]:
        """Wait until `number` messages have been accepted; fail with what came instead."""
        deadline = time.monotonic() + seconds
        while len(self.accepted) < number and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.accepted) >= number, f"{len(self.accepted)} of {number} messages came in {seconds} s"
        return self.accepted

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse one recipient (called by aiosmtpd)."""
        answer = self.answers.get(address.lower(), "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Log the message, then answer (called by aiosmtpd)."""
        content = envelope.original_content or b""
        self.accepted.append(Accepted(envelope.mail_from or "", tuple(envelope.rcpt_tos), content, time.monotonic()))
        if self.before_answer is not None:
            self.before_answer(envelope)
        return "250 OK"


@contextlib.contextmanager
def running_mail_server(port: int = 0) -> Generator[MailServer]:
    """Run a sink in a thread of this process."""
    server = MailServer(port or free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


@pytest.fixture
def mail_server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Generator[MailServer]:
    """A sink that this process's settings, and processes started later, send to."""
    with running_mail_server() as server:
        settings.MAIL_SERVER = dict(environ.Env.email_url_config(server.url))
        monkeypatch.setenv("EMAIL_URL", server.url)
        yield server
