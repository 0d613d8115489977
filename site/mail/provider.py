"""Handing messages to a provider of transactional mail through django-anymail, with our Message-ID as its key.

Most providers answer over HTTP within a second or so; none offers more than "queued". What is certain is told apart
from what is not: a request that was refused did not send, a request without an answer may have.
"""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import formataddr
from typing import Any, Self

import requests
from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from urllib3.exceptions import NewConnectionError

from mail.enums import Outcome
from mail.mime import Content, Envelope
from mail.transport import LONGEST_REPLY, Answer, Letter, Unreachable

# What a provider says of our key or our rate, not of the message.
_NOT_LET_IN = {401, 402, 403, 429}
_REFUSED_BY_PROVIDER = {"rejected", "invalid"}
# RFC 5322 puts these on our messages; the rest of the head is the provider's to write.
_OWN_HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply"}
METADATA = "outbox"


def _brevo(message: EmailMultiAlternatives, session: Any, key: str) -> None:
    message.extra_headers["idempotencyKey"] = key


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
        # Connecting and waiting for the answer may take so long each: together one half of the time.
        self.backend: BaseEmailBackend = get_connection(backend, timeout=max(1.0, seconds / 4))
        self.keyed = _KEYED.get(getattr(self.backend, "esp_name", ""))
        self.known_for = self.keyed.known_for if self.keyed else timedelta(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.backend.close()

    def connect(self) -> None:
        """Make sure that there is a session; raises Unreachable."""
        try:
            self.backend.open()
        except (AnymailError, OSError) as problem:
            raise Unreachable(_told(problem)) from problem

    def hand_over(self, letters: Sequence[Letter]) -> list[Answer]:
        """Hand over a group and return an answer for each; what was not begun is UNTRIED.

        A letter is begun in the first half of the time only, and none behind one that was shut out or got no answer.
        """
        last_start = time.monotonic() + self.seconds / 2
        answers: list[Answer] = []
        for letter in letters:
            is_shut = answers and answers[-1].outcome in {Outcome.UNREACHABLE, Outcome.NO_ANSWER}
            if is_shut or time.monotonic() > last_start:
                break
            answers.append(self._handed_over(letter))
        return answers + [Answer(Outcome.UNTRIED)] * (len(letters) - len(answers))

    def _handed_over(self, letter: Letter) -> Answer:
        if letter.envelope is None or letter.content is None:
            raise ValueError("A provider needs the words of a letter.")
        message = _message(letter.envelope, letter.content)
        if self.keyed is not None:
            self.keyed.tell(message, getattr(self.backend, "session", None), letter.envelope.message_id.strip("<>"))
        try:
            self.backend.send_messages([message])
        except AnymailRecipientsRefused as refusal:
            return Answer(Outcome.REFUSED, None, _told(refusal))
        except AnymailError as problem:
            return self._judged(problem)
        return _accepted(message)

    def _judged(self, problem: AnymailError) -> Answer:
        code = getattr(problem, "status_code", None)
        if code is None:
            return self._without_answer(problem)
        if code in _NOT_LET_IN:
            return Answer(Outcome.UNREACHABLE, code, _told(problem))
        if code < 300 or code in {408, 409} or code >= 500:
            # An answer nobody understands, or 409: the first request with this key is still under way.
            return Answer(Outcome.NO_ANSWER, code, _told(problem), safe_for=self.known_for)
        return Answer(Outcome.REFUSED, code, _told(problem))

    def _without_answer(self, problem: AnymailError) -> Answer:
        if isinstance(problem, requests.ConnectTimeout) or _never_connected(problem):
            return Answer(Outcome.UNREACHABLE, None, _told(problem))
        if isinstance(problem, requests.RequestException):
            return Answer(Outcome.NO_ANSWER, None, _told(problem), safe_for=self.known_for)
        # Anymail refused to make a request of it: nothing left.
        return Answer(Outcome.REFUSED, None, _told(problem))


def _message(envelope: Envelope, content: Content) -> EmailMultiAlternatives:
    extra = {**_OWN_HEADERS, "Message-ID": envelope.message_id, "Content-Language": envelope.language}
    if envelope.unsubscribe_url:
        extra["List-Unsubscribe"] = f"<{envelope.unsubscribe_url}>"
        extra["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    reply_to = content.reply_to or envelope.reply_to
    message = EmailMultiAlternatives(
        subject=" ".join(content.subject.split()),
        body=content.text,
        from_email=formataddr(envelope.sender),
        to=[formataddr((" ".join(envelope.to[0].split()), envelope.to[1]))],
        reply_to=[reply_to] if reply_to else None,
        headers=extra,
    )
    if content.html:
        message.attach_alternative(content.html, "text/html")
    for one in content.attachments:
        # Providers take no second alternative; as a file the invitation is still opened by calendars.
        message.attach(one.filename, one.content, one.content_type.partition(";")[0])
    message.metadata = {METADATA: envelope.message_id.strip("<>")}
    return message


def _accepted(message: EmailMultiAlternatives) -> Answer:
    status = getattr(message, "anymail_status", None)
    states = set(status.status or ()) if status is not None else set()
    words = " ".join(["/".join(sorted(map(str, states))), str(getattr(status, "message_id", "") or "")]).strip()
    if states and states <= _REFUSED_BY_PROVIDER:
        return Answer(Outcome.REFUSED, None, words)
    return Answer(Outcome.ACCEPTED, 200, words[:LONGEST_REPLY])


def _never_connected(problem: BaseException) -> bool:
    # requests calls every broken connection a ConnectionError; what it wraps tells whether there ever was one: no
    # address for the name, nobody at the address, or somebody whose certificate is not the provider's.
    return any(isinstance(one, NewConnectionError | ssl.SSLCertVerificationError) for one in _wrapped(problem))


def _wrapped(problem: BaseException) -> Iterator[BaseException]:
    """Yield a failure and all that it wraps; requests and urllib3 keep it as an argument or as the reason."""
    yield problem
    for one in (problem.__cause__, getattr(problem, "reason", None), *problem.args):
        if isinstance(one, BaseException):
            yield from _wrapped(one)


def _told(problem: Exception) -> str:
    response = getattr(problem, "response", None)
    words = getattr(response, "text", "") or str(problem).partition("\n")[0] or type(problem).__name__
    return "".join(one if one.isprintable() else " " for one in words)[:LONGEST_REPLY]
