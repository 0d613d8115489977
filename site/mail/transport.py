"""Handing messages to the mail server: one connection a batch, never in plain text where TLS was asked for.

One message costs smtplib four and a half round trips. Where the server offers PIPELINING (RFC 2920) the commands of
a message travel together, and with them the end of the message before: one round trip each, which is what limits a
mail-out on a real network. What came of each message is told apart to the byte: before the final dot the server
cannot have taken it, after it only the server knows.
"""

import contextlib
import io
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from functools import cache
from itertools import zip_longest
from typing import Self

from django.conf import settings

from mail.deadlines import Voice, connected
from mail.enums import Outcome
from mail.mime import Content, Envelope

LONGEST_REPLY = 500
_END = b".\r\n"
# Replies to MAIL and RCPT that speak of us and our password rather than of the recipient.
_NOT_LET_IN = {421, 454, 530, 534, 535, 538}
_CLOSING = 421
_TOO_BIG = 552
_SEND_THE_DATA = 354


class Unreachable(Exception):
    """The server could not be reached, or would not let us in; the text says why."""


@dataclass(frozen=True)
class Letter:
    """One message for one address; `data` has CRLF line ends, and dots that begin a line doubled if it `is_stuffed`.

    `envelope` and `content` say the same unbuilt, for providers that build messages themselves.
    """

    sender: str
    recipient: str
    data: bytes
    envelope: Envelope | None = None
    content: Content | None = None
    is_stuffed: bool = False


@dataclass(frozen=True)
class Answer:
    """What came of one hand-over, with the server's code and words if there were any."""

    outcome: Outcome
    code: int | None = None
    reply: str = ""
    # So long a provider knows the message by its key, and sends nothing when it is asked again.
    safe_for: timedelta = timedelta(0)


class _Stage(IntEnum):
    MAIL = 0
    RCPT = 1
    DATA = 2
    END = 3


class _Gone(Exception):
    """The connection broke or its time ran out."""


class Connection:
    """One conversation with the server: `with Connection(settings.MAIL_SERVER, seconds=60) as connection: …`.

    `seconds` bounds connecting, and each group handed over, however slowly the server speaks or listens.
    """

    has_wire = True
    # No mail server promises to know a message again.
    known_for = timedelta(0)

    def __init__(self, server: dict, *, seconds: float) -> None:
        self.server = server
        self.seconds = seconds
        self._smtp: smtplib.SMTP | None = None
        self._deadline = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._smtp is not None and self._smtp.sock is not None:
            # What the server says to a farewell changes nothing, so nobody waits for it.
            with contextlib.suppress(OSError):
                self._smtp.sock.settimeout(1)
                self._smtp.sock.sendall(b"QUIT\r\n")
        self._drop()

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, so that `connect` takes no time."""
        return self._smtp is not None

    def connect(self) -> None:
        """Make sure that there is a connection; raises Unreachable."""
        if self._smtp is None:
            self._deadline = time.monotonic() + self.seconds
            try:
                self._smtp = _greeted(self.server, self._left)
            except (OSError, smtplib.SMTPException) as problem:
                raise Unreachable(_told(problem)) from problem

    def hand_over(self, letters: Sequence[Letter]) -> list[Answer]:
        """Hand over a group and return an answer for each; call `connect` before. It does not raise.

        A letter is begun in the first half of the time only, so that the one under way has the other half; those
        not begun are answered UNTRIED.
        """
        self._deadline = time.monotonic() + self.seconds
        answers: list[Answer] = []
        ahead = b""
        for letter, following in zip_longest(letters, letters[1:]):
            if self._smtp is None or (not ahead and self._is_late()):
                break
            is_begun, ahead = bool(ahead), b""
            if following is not None and self._is_stream() and not self._is_late():
                ahead = b"".join(self._commands(following))
            answers.append(self._handed_over(letter, is_begun=is_begun, ahead=ahead))
        return answers + [Answer(Outcome.UNTRIED)] * (len(letters) - len(answers))

    def _handed_over(self, letter: Letter, *, is_begun: bool, ahead: bytes) -> Answer:
        """Hand over one letter, whose commands are sent already if `is_begun`; send `ahead` right behind its end."""
        is_complete = False
        try:
            replies = self._begin(letter, is_begun=is_begun)
            refused = (_judged(stage, *reply) for stage, reply in replies.items() if not _is_yes(stage, reply))
            refusal = next(refused, None)
            if refusal is not None:
                self._step_back(refusal, replies, ahead)
                return refusal
            self._send(letter.data if letter.is_stuffed else _stuffed(letter.data))
            is_complete = True
            self._send(_END + ahead)
            answer = _judged(_Stage.END, *self._reply())
        except _Gone as gone:
            self._drop()
            return Answer(Outcome.NO_ANSWER if is_complete else Outcome.CUT, reply=str(gone))
        if answer.code == _CLOSING:
            self._drop()
        return answer

    def _begin(self, letter: Letter, *, is_begun: bool) -> dict[_Stage, tuple[int, str]]:
        """Return the replies to MAIL, RCPT and DATA; without pipelining, up to the first refusal."""
        commands = self._commands(letter)
        is_stream = self._is_stream()
        replies: dict[_Stage, tuple[int, str]] = {}
        if is_stream and not is_begun:
            self._send(b"".join(commands))
        for stage, command in zip(_Stage, commands, strict=False):
            if not is_stream:
                self._send(command)
            replies[stage] = self._reply()
            if replies[stage][0] == _CLOSING or not (is_stream or _is_yes(stage, replies[stage])):
                break
        return replies

    def _step_back(self, refusal: Answer, replies: dict[_Stage, tuple[int, str]], ahead: bytes) -> None:
        """Leave the refused message behind, so that the next can be begun; the refusal stands whatever happens."""
        if refusal.code == _CLOSING:
            self._drop()
            return
        # A server may ask for the data although it refused the address; it then gets an empty message (RFC 2920).
        is_waiting = replies.get(_Stage.DATA, (0, ""))[0] == _SEND_THE_DATA
        try:
            self._send((_END if is_waiting else b"RSET\r\n") + ahead)
            self._reply()
        except _Gone:
            self._drop()

    def _commands(self, letter: Letter) -> list[bytes]:
        size = f" SIZE={len(letter.data)}" if self._smtp is not None and self._smtp.has_extn("size") else ""
        lines = [f"MAIL FROM:<{letter.sender}>{size}\r\n", f"RCPT TO:<{letter.recipient}>\r\n", "DATA\r\n"]
        return [line.encode("ascii") for line in lines]

    def _is_stream(self) -> bool:
        return self._smtp is not None and self._smtp.has_extn("pipelining")

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline - self.seconds / 2

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _socket(self) -> socket.socket:
        left = self._left()
        if self._smtp is None or self._smtp.sock is None or left <= 0:
            raise _Gone("The time set for the hand-over has run out." if left <= 0 else "The connection is closed.")
        self._smtp.sock.settimeout(left)
        return self._smtp.sock

    def _send(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            # Piece by piece: over TLS `sendall` gives each record the whole time anew.
            while rest:
                rest = rest[self._socket().send(rest) :]
        except OSError as problem:
            raise _Gone(_told(problem)) from problem

    def _reply(self) -> tuple[int, str]:
        self._socket()
        try:
            code, words = self._smtp.getreply()  # type: ignore[union-attr]
        except (OSError, smtplib.SMTPException) as problem:
            raise _Gone(_told(problem)) from problem
        if not 200 <= code < 600:
            raise _Gone("The server's answer was not SMTP.")
        return code, _readable(words)

    def _drop(self) -> None:
        if self._smtp is not None:
            with contextlib.suppress(OSError):
                self._smtp.close()
        self._smtp = None


class _Timed(smtplib.SMTP):
    """smtplib's client, whose connecting and replies all end with the time that is `left`, not each with its own."""

    def __init__(self, host: str, port: int, *, left: Callable[[], float]) -> None:
        self.left = left
        super().__init__(host, port, _own_name(), timeout=left())

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connected(host, port, self.left)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(Voice(self.sock, self.left))
        return super().getreply()


class _TimedTls(smtplib.SMTP_SSL, _Timed):
    """The same where TLS begins with the first byte, on a socket that the one above has made."""

    def __init__(self, host: str, port: int, *, left: Callable[[], float]) -> None:
        self.left = left
        super().__init__(host, port, _own_name(), timeout=left(), context=_tls())


def _greeted(server: dict, left: Callable[[], float]) -> smtplib.SMTP:
    host, port = server["EMAIL_HOST"] or "localhost", server.get("EMAIL_PORT") or 0
    client = _TimedTls if server.get("EMAIL_USE_SSL") else _Timed
    smtp = client(host, port, left=left)
    try:
        # The end of a message and the commands of the next leave in one small segment that shall not wait.
        if smtp.sock is not None:
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        smtp.ehlo_or_helo_if_needed()
        if server.get("EMAIL_USE_TLS"):
            # Raises when the server does not offer it: no word leaves in plain text.
            smtp.starttls(context=_tls())
            smtp.ehlo_or_helo_if_needed()
        if server.get("EMAIL_HOST_USER"):
            smtp.login(server["EMAIL_HOST_USER"], server.get("EMAIL_HOST_PASSWORD") or "")
    except BaseException:
        smtp.close()
        raise
    return smtp


@cache
def _tls() -> ssl.SSLContext:
    # Reading the system's certificates takes 50 ms.
    return ssl.create_default_context()


def _own_name() -> str:
    # Asking the resolver for our own name, as smtplib does, can take seconds.
    name = settings.MAIL_MESSAGE_ID_DOMAIN
    return name if "." in name and not name.replace(".", "").isdigit() else "[127.0.0.1]"


def _stuffed(data: bytes) -> bytes:
    # Ten times as fast as a regular expression, on the costliest step that a large message has here.
    stuffed = data.replace(b"\n.", b"\n..")
    return b"." + stuffed if data.startswith(b".") else stuffed


def _is_yes(stage: _Stage, reply: tuple[int, str]) -> bool:
    return reply[0] == _SEND_THE_DATA if stage == _Stage.DATA else 200 <= reply[0] < 300


def _judged(stage: _Stage, code: int, words: str) -> Answer:
    """Return what a reply means; 5xx to MAIL is about our address, not the recipient's, so it is ours to mend."""
    if _is_yes(stage, (code, words)):
        outcome = Outcome.ACCEPTED
    elif stage != _Stage.END and code in _NOT_LET_IN:
        outcome = Outcome.UNREACHABLE
    elif code < 500:
        outcome = Outcome.LATER
    elif stage == _Stage.MAIL and code != _TOO_BIG:
        outcome = Outcome.UNREACHABLE
    else:
        outcome = Outcome.REFUSED
    return Answer(outcome, code, words)


def _readable(words: bytes) -> str:
    text = words.decode("utf-8", "replace")
    if not text.isprintable():
        text = "".join(one if one.isprintable() else " " for one in text)
    return text[:LONGEST_REPLY]


def _told(problem: Exception) -> str:
    if isinstance(problem, smtplib.SMTPResponseException):
        words = problem.smtp_error
        return f"{problem.smtp_code} {_readable(words if isinstance(words, bytes) else str(words).encode())}"
    return (str(problem) or type(problem).__name__)[:LONGEST_REPLY]
