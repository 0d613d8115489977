"""Handing messages to a provider of transactional mail through django-anymail, with our Message-ID as its key.

Most providers answer over HTTP within a second or so; none offers more than "queued". What is certain is told apart
from what is not: a request that was refused did not send, a request without an answer may have.
"""

import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email import encoders
from email.mime.base import MIMEBase
from email.utils import formataddr
from typing import Any, Self

from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from mail import headers, outcomes, timedhttp
from mail.deadlines import Deadline
from mail.enums import Outcome
from mail.kinds import Attachment
from mail.mime import Content, Envelope, checked_type, own_lines
from mail.transport import LONGEST_REPLY, Answer, Letter, Unreachable

logger = logging.getLogger(__name__)
_REFUSED_BY_PROVIDER = {"rejected", "invalid"}
METADATA = "outbox"
# These carry nothing of ours beside the message, so what they tell later speaks of its address alone.
_WITHOUT_METADATA = {"MailerSend", "Postal"}
_AMAZON = "Amazon SES"


def _brevo(message: EmailMultiAlternatives, session: Any, key: str) -> None:
    # It wants a UUID; RFC 2392 makes an address of a Message-ID.
    message.extra_headers["idempotencyKey"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"mid:{key}"))


def _resend(message: EmailMultiAlternatives, session: Any, key: str) -> None:
    session.headers["Idempotency-Key"] = key


@dataclass(frozen=True)
class _Keyed:
    """How a provider that knows a second request by its key is told the key, and how long it remembers."""

    tell: Callable[[EmailMultiAlternatives, Any, str], None]
    known_for: timedelta


# Shorter than they promise (Brevo half an hour, in former days a quarter; Resend a day), so that a request on its way
# when that time ends is still known. The rest must outlast a lease.
_KEYED: Mapping[str, _Keyed] = {
    "Brevo": _Keyed(_brevo, timedelta(minutes=10)),
    "Resend": _Keyed(_resend, timedelta(hours=20)),
}


class Provider:
    """The road through a provider: `with Provider("anymail.backends.brevo.EmailBackend", seconds=60) as road: …`."""

    has_wire = False

    def __init__(self, backend: str, *, seconds: float) -> None:
        self.seconds = seconds
        self.backend: BaseEmailBackend | None = None
        self.fault = ""
        self.is_open = False
        # Each silence may take a quarter of the time: connecting and waiting for the answer together one half of it.
        self.deadline = Deadline(patience=max(1.0, seconds / 4))
        self.judge: Callable[[AnymailError], tuple[Outcome, int | None]] = outcomes.of_problem
        self.hold: Callable[[Any, Deadline], None] = timedhttp.hold
        try:
            self._choose(backend)
        except (ImproperlyConfigured, ImportError) as problem:
            # As with a wrong password: everything waits, and the site's health tells why.
            self.fault = _told(problem)
        name = getattr(self.backend, "esp_name", "")
        self.keyed = _KEYED.get(name)
        self.known_for = self.keyed.known_for if self.keyed else timedelta(0)
        self.has_metadata = name not in _WITHOUT_METADATA

    def _choose(self, backend: str) -> None:
        self.backend = get_connection(backend, timeout=self.deadline.patience)
        if getattr(self.backend, "esp_name", "") == _AMAZON:
            from mail import amazon

            amazon.bound(self.backend, seconds=self.deadline.patience)
            self.hold = amazon.hold
            self.judge = amazon.of_problem

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.backend is not None:
            self.backend.close()

    def connect(self) -> None:
        """Make sure that there is a session; raises Unreachable."""
        if self.backend is None:
            raise Unreachable(self.fault)
        try:
            if self.backend.open():
                self.hold(self.backend, self.deadline)
        except Exception as problem:
            # Whatever kept it from being made, each provider's library in its own words: nothing left.
            raise Unreachable(_told(problem)) from problem
        self.is_open = True

    def hand_over(self, letters: Sequence[Letter]) -> list[Answer]:
        """Hand over a group and return an answer for each; what was not begun is UNTRIED.

        A letter is begun in the first half of the time only, and none behind one that was shut out or got no answer.
        However slowly the provider speaks or listens, the last ends with the time.
        """
        self.deadline.begin(seconds=self.seconds)
        last_start = time.monotonic() + self.seconds / 2
        answers: list[Answer] = []
        for letter in letters:
            is_shut = answers and answers[-1].outcome in {Outcome.UNREACHABLE, Outcome.NO_ANSWER}
            if is_shut or time.monotonic() > last_start:
                break
            answers.append(self._handed_over(letter))
        return answers + [Answer(Outcome.UNTRIED)] * (len(letters) - len(answers))

    def _handed_over(self, letter: Letter) -> Answer:
        if self.backend is None or letter.envelope is None or letter.content is None:
            raise ValueError("A provider needs the words of a letter, and to be connected.")
        try:
            message = _message(letter.envelope, letter.content)
        except ValueError as problem:
            return Answer(Outcome.UNWRITABLE, None, _told(problem))
        name = letter.envelope.message_id.strip("<>")
        if self.has_metadata:
            message.metadata = {METADATA: name}
        if self.keyed is not None:
            self.keyed.tell(message, getattr(self.backend, "session", None), name)
        try:
            self.backend.send_messages([message])
        except Exception as problem:  # noqa: BLE001  (raised on, it would leave the answers of the whole group unknown)
            return self._judged(problem)
        return _accepted(message)

    def _judged(self, problem: Exception) -> Answer:
        outcome, code = Outcome.REFUSED, None
        if isinstance(problem, ImproperlyConfigured):
            outcome = Outcome.UNREACHABLE
        elif not isinstance(problem, AnymailError):
            logger.error("The provider's library failed in a way of its own.", exc_info=problem)
            outcome = outcomes.of_foreign(problem)
        elif not isinstance(problem, AnymailRecipientsRefused):
            outcome, code = self.judge(problem)
        safe_for = self.known_for if outcome is Outcome.NO_ANSWER else timedelta(0)
        return Answer(outcome, code, _told(problem), safe_for=safe_for)


def _message(envelope: Envelope, content: Content) -> EmailMultiAlternatives:
    reply_to = content.reply_to or envelope.reply_to
    message = EmailMultiAlternatives(
        subject=headers.clean(content.subject),
        body=content.text,
        from_email=_mailbox(*envelope.sender),
        to=[_mailbox(*envelope.to)],
        reply_to=[reply_to] if reply_to else None,
        headers=own_lines(envelope),
    )
    if content.html:
        message.attach_alternative(content.html, "text/html")
    for one in content.attachments:
        message.attach(_part(one))
    return message


def _mailbox(name: str, address: str) -> str:
    return formataddr((headers.clean(name), address))


def _part(attachment: Attachment) -> MIMEBase:
    """Return a file with its whole content type, which a pair of name and type would lose on its way.

    Providers take no second alternative, so the file is all that calendars see of an invitation. They act upon it by
    its METHOD: without that, a new date and a cancelling lie there as plain files. Brevo, MailerSend and Mailjet make
    a type of their own from the file's name; there it is read inside the file.
    """
    content_type = checked_type(attachment.content_type)
    part = MIMEBase(*content_type.partition(";")[0].strip().split("/", 1))
    part.replace_header("Content-Type", content_type)
    part.set_payload(attachment.content)
    encoders.encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=attachment.filename)
    return part


def _accepted(message: EmailMultiAlternatives) -> Answer:
    status = getattr(message, "anymail_status", None)
    states = set(status.status or ()) if status is not None else set()
    words = " ".join(["/".join(sorted(map(str, states))), str(getattr(status, "message_id", "") or "")]).strip()
    if states and states <= _REFUSED_BY_PROVIDER:
        return Answer(Outcome.REFUSED, None, words)
    return Answer(Outcome.ACCEPTED, 200, words[:LONGEST_REPLY])


def _told(problem: Exception) -> str:
    response = getattr(problem, "response", None)
    words = getattr(response, "text", "") or str(problem).partition("\n")[0] or type(problem).__name__
    return "".join(one if one.isprintable() else " " for one in words)[:LONGEST_REPLY]
