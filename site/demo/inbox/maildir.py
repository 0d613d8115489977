"""Reads the Maildir that the mail catcher writes."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesHeaderParser
from pathlib import Path

from django.conf import settings

# Names given by the mailbox module: numbers, the process and the host. Nothing in them can leave the folder.
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class NoSuchMessage(LookupError):
    """There is no message of this key."""


@dataclass(frozen=True)
class Summary:
    """What a list shows of a message."""

    key: str
    subject: str
    sender: str
    recipients: str
    arrived_at: datetime


@dataclass(frozen=True)
class Part:
    """An attachment, or the text or the HTML of a message; `number` counts the message's leaves from 0."""

    number: int
    content_type: str
    filename: str
    content: bytes

    @property
    def is_attachment(self) -> bool:
        return bool(self.filename) or self.content_type.startswith("text/calendar")

    @property
    def size(self) -> int:
        return len(self.content)


@dataclass(frozen=True)
class Mail:
    """One message, taken apart for reading."""

    summary: Summary
    headers: list[tuple[str, str]]
    text: str
    html: str
    attachments: list[Part]


def folder() -> Path:
    """Return the catcher's Maildir."""
    return Path(settings.VAR) / "mail"


def keys() -> list[str]:
    """Return the keys of all messages, newest first."""
    found = [(path.stat().st_mtime_ns, path.name) for part in ("new", "cur") for path in (folder() / part).glob("*")]
    return [name for _, name in sorted(found, reverse=True)]


def path_of(key: str) -> Path:
    """Return where a message lies; raises NoSuchMessage for any key that is not one of the folder's."""
    if KEY.fullmatch(key):
        for part in ("new", "cur"):
            path = folder() / part / key
            if path.is_file():
                return path
    raise NoSuchMessage(key)


def summary(key: str) -> Summary:
    """Read a message's headers only."""
    path = path_of(key)
    with path.open("rb") as file:
        headers = BytesHeaderParser(policy=policy.default).parse(file)
    return _summary(key, path, headers)  # type: ignore[arg-type]


def read(key: str) -> Mail:
    """Read a whole message."""
    path = path_of(key)
    message: EmailMessage = message_from_bytes(path.read_bytes(), policy=policy.default)  # type: ignore[assignment]
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    return Mail(
        summary=_summary(key, path, message),
        headers=[(name, str(value)) for name, value in message.items()],
        text=_text(plain),
        html=_text(html),
        attachments=[part for part in _parts(message) if part.is_attachment],
    )


def part(key: str, number: int) -> Part:
    """Return one leaf of a message; raises NoSuchMessage when it has fewer."""
    message: EmailMessage = message_from_bytes(path_of(key).read_bytes(), policy=policy.default)  # type: ignore[assignment]
    for found in _parts(message):
        if found.number == number:
            return found
    raise NoSuchMessage(key)


def _summary(key: str, path: Path, headers: EmailMessage) -> Summary:
    recipients = headers.get_all("Delivered-To") or headers.get_all("To") or []
    return Summary(
        key=key,
        subject=str(headers.get("Subject", "")),
        sender=str(headers.get("From", "")),
        recipients=", ".join(str(one) for one in recipients),
        arrived_at=datetime.fromtimestamp(path.stat().st_mtime, tz=UTC),
    )


def _text(body: MIMEPart | None) -> str:
    if body is None:
        return ""
    content = body.get_payload(decode=True)
    charset = body.get_content_charset() or "utf-8"
    try:
        return bytes(content).decode(charset, errors="replace")  # type: ignore[arg-type]
    except LookupError:
        return bytes(content).decode("utf-8", errors="replace")  # type: ignore[arg-type]


def _parts(message: EmailMessage) -> list[Part]:
    leaves = [leaf for leaf in message.walk() if not leaf.is_multipart()]
    return [
        Part(
            number=number,
            # With its parameters: a calendar program needs method and charset.
            content_type=" ".join(str(leaf.get("Content-Type", "text/plain")).split()),
            filename=leaf.get_filename() or "",
            content=bytes(leaf.get_payload(decode=True) or b""),  # type: ignore[arg-type]
        )
        for number, leaf in enumerate(leaves)
    ]
