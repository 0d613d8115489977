"""Messages as bytes ready for the wire: CRLF throughout, seven-bit, lines of at most 76 characters.

Python's own email package takes 2 to 10 ms for a message of 20 kB (measured), several times what handing it over
takes; this writes the few shapes that the outbox needs in a third of a millisecond. The tests parse every shape
with Python's package and compare.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from mail import headers
from mail.kinds import Attachment
from mail.patterns import Pattern

# C0 controls but tab and line ends; no mail program shows them and some choke on them.
_CONTROLS = bytes(sorted({*range(32), 127} - set(b"\t\r\n")))
_FOREIGN = bytes(range(128, 256))
_NAME = r"[A-Za-z0-9!#$&^_.+-]+"
_TYPE = re.compile(rf"{_NAME}/{_NAME}([ ]*;[ ]*{_NAME}=(\"[^\"\\\r\n]*\"|[^\s\";]+))*")
# RFC 3834 asks automatic senders to say so; the second line tells Exchange not to send holiday notes.
_AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply"}
_SAFE_NAME = re.compile(r"[/\\:*?\"<>|]")


@dataclass(frozen=True)
class Content:
    """The words and files of a message, in its language."""

    subject: str
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""


@dataclass(frozen=True)
class Envelope:
    """What stands on a message beside its content."""

    sender: tuple[str, str]
    to: tuple[str, str]
    message_id: str
    language: str
    date: datetime
    reply_to: str = ""
    # RFC 8058: mail programs offer their own button that posts to it.
    unsubscribe_url: str = ""


def build(envelope: Envelope, content: Content) -> bytes:
    """Return the whole message; raises ValueError when a header would not be safe."""
    return (head(envelope, content) + _body(envelope.message_id, content)).encode("ascii")


def pattern(content: Content, *, seed: str) -> Pattern:
    """Return the body of words that hold slots, to be filled for each recipient; `seed` makes its boundaries."""
    made = Pattern()
    made.finish(_body(seed, content, made))
    return made


def build_from(
    pattern: Pattern, envelope: Envelope, content: Content, safe: Mapping[str, str], *, is_stuffed: bool = False
) -> bytes:
    """Return the whole message for one recipient; `content` gives the header lines, with its slots filled already.

    With `is_stuffed` dots at the start of a line are doubled, as SMTP wants them.
    """
    return (head(envelope, content) + pattern.build(safe, is_stuffed=is_stuffed)).encode("ascii")


def head(envelope: Envelope, content: Content) -> str:
    """Return the header lines, all but those that describe the body."""
    lines = [
        _sender_line(*envelope.sender),
        headers.mailbox("To", *envelope.to),
        headers.line("Subject", content.subject),
        _date_line(envelope.date.replace(microsecond=0)),
    ]
    reply_to = content.reply_to or envelope.reply_to
    if reply_to:
        lines.append(headers.mailbox("Reply-To", "", reply_to))
    lines += [headers.structured(name, value) for name, value in own_lines(envelope).items()]
    lines.append("MIME-Version: 1.0\r\n")
    return "".join(lines)


def own_lines(envelope: Envelope) -> dict[str, str]:
    """Return by name the lines that we write ourselves on every road; a provider writes the rest of the head."""
    lines = {"Message-ID": envelope.message_id}
    if envelope.unsubscribe_url:
        lines["List-Unsubscribe"] = f"<{envelope.unsubscribe_url}>"
        lines["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return {**lines, "Content-Language": envelope.language, **_AUTOMATIC}


# The same on thousands of messages.
@lru_cache(maxsize=8)
def _sender_line(name: str, address: str) -> str:
    return headers.mailbox("From", name, address)


@lru_cache(maxsize=8)
def _date_line(date: datetime) -> str:
    return headers.structured("Date", format_datetime(date))


def _body(seed: str, content: Content, pattern: Pattern | None = None) -> str:
    parts = [_text_part("text/plain", content.text, pattern)]
    if content.html:
        parts.append(_text_part("text/html", content.html, pattern))
    parts += [_alternative_part(one) for one in content.attachments if one.as_alternative]
    body = parts[0] if len(parts) == 1 else _multipart("alternative", parts, seed)
    if content.attachments:
        body = _multipart("mixed", [body, *map(_attached_part, content.attachments)], seed)
    return body


def _multipart(subtype: str, parts: list[str], seed: str) -> str:
    # "=_" can stand neither in quoted-printable nor in base64, so no body can hold a boundary.
    boundary = f"=_{subtype[0]}_{hashlib.sha256(f'{subtype}{seed}'.encode()).hexdigest()[:24]}"
    inner = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n{inner}--{boundary}--\r\n'


def _text_part(content_type: str, text: str, pattern: Pattern | None) -> str:
    one_way = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    if not one_way.endswith("\r\n"):
        # Also what tells the encoder below which line ends to use.
        one_way += "\r\n"
    data = one_way.encode("utf-8", "replace").translate(None, _CONTROLS)
    encoding = "base64" if _is_foreign(data) else "quoted-printable"
    if pattern is not None:
        encode = pattern.base64 if encoding == "base64" else pattern.quoted_printable
        encoded = encode(data.decode(), is_html=content_type == "text/html")
    elif encoding == "base64":
        encoded = _base64(data)
    else:
        encoded = binascii.b2a_qp(data, istext=True).decode("ascii")
    return f'Content-Type: {content_type}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{encoded}'


def _is_foreign(data: bytes) -> bool:
    # Quoted-printable spends three bytes on each that is not ASCII, base64 four on three of any kind.
    return (len(data) - len(data.translate(None, _FOREIGN))) * 6 > len(data)


def _alternative_part(attachment: Attachment) -> str:
    content_type = checked_type(attachment.content_type)
    return f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n\r\n{_base64(attachment.content)}"


def _attached_part(attachment: Attachment) -> str:
    filename = _SAFE_NAME.sub("-", attachment.filename) or "file"
    content_type = checked_type(attachment.content_type)
    if attachment.as_alternative and content_type.startswith("text/calendar"):
        # A second text/calendar with a METHOD would be taken for a second invitation.
        content_type = "application/ics"
    return (
        f"Content-Type: {content_type}{headers.parameter('name', filename)}\r\n"
        f"Content-Disposition: attachment{headers.parameter('filename', filename)}\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{_base64(attachment.content)}"
    )


def checked_type(content_type: str) -> str:
    """Return the type of a file with its parameters; raises ValueError when it could break out of its header."""
    if not _TYPE.fullmatch(content_type):
        raise ValueError("The content type of an attachment is malformed.")
    return content_type


def _base64(data: bytes) -> str:
    return base64.encodebytes(data).decode("ascii").replace("\n", "\r\n")
