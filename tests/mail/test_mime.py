"""The hand-written MIME is read back by Python's own package, part by part."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import settings as played
from hypothesis import strategies as st

from mail import mime
from mail.kinds import Attachment

INVITATION = Attachment(
    filename="invitation.ics",
    content=b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n",
    content_type='text/calendar; method=REQUEST; charset="utf-8"',
    as_alternative=True,
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=2000)


def envelope(**changes: object) -> mime.Envelope:
    given = {
        "sender": ("GKEC", "no-reply@gkec.example"),
        "to": ("Zoë", "zoe@city.example"),
        "message_id": "<0123456789@gkec.example>",
        "language": "fr",
        "date": datetime(2026, 12, 12, 14, 0, tzinfo=UTC),
        **changes,
    }
    return mime.Envelope(**given)


def read(data: bytes) -> EmailMessage:
    assert data.count(b"\n") == data.count(b"\r\n")
    assert max(map(len, data.split(b"\r\n"))) <= 78
    message = message_from_bytes(data, policy=policy.default)
    assert not [defect for part in message.walk() for defect in part.defects]
    return message


def one_way(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text)


def test_the_headers_of_a_message() -> None:
    message = read(mime.build(envelope(reply_to="help@gkec.example"), mime.Content("Inscription confirmée", "Texte")))
    assert {name: str(value) for name, value in message.items()} == {
        "From": "GKEC <no-reply@gkec.example>",
        "To": "Zoë <zoe@city.example>",
        "Subject": "Inscription confirmée",
        "Date": "Sat, 12 Dec 2026 14:00:00 +0000",
        "Message-ID": "<0123456789@gkec.example>",
        "Reply-To": "help@gkec.example",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Content-Language": "fr",
        "MIME-Version": "1.0",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable",
    }


# A busy machine may take longer than the deadline for one example.
@played(deadline=None)
@given(text=TEXTS, html=TEXTS)
@example(text=".\r\n..\n.", html="<p>\n.\n</p>")
@example(text="From here\ntrailing blank \n", html="=" * 300)
@example(text="--=_a_\r\n--", html="é" * 500)
@example(text="\x00\x1b\x7f", html="\r")
def test_text_and_html_come_back_as_they_were(text: str, html: str) -> None:
    message = read(mime.build(envelope(), mime.Content("S", text, html)))
    plain = message.get_body(("plain",))
    assert plain is not None
    assert one_way(plain.get_content()).rstrip("\n") == one_way(text).rstrip("\n")
    if html:
        rich = message.get_body(("html",))
        assert rich is not None
        assert one_way(rich.get_content()).rstrip("\n") == one_way(html).rstrip("\n")
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_an_invitation_is_an_alternative_with_its_method_and_a_file_without() -> None:
    content = mime.Content("S", "Text", "<p>Text</p>", (INVITATION,))
    message = read(mime.build(envelope(), content))
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    calendar = next(part for part in message.walk() if part.get_content_type() == "text/calendar")
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_payload(decode=True) == INVITATION.content
    assert calendar.get_filename() is None
    file = next(part for part in message.walk() if part.get_content_type() == "application/ics")
    assert file.get_content_disposition() == "attachment"
    assert file.get_filename() == "invitation.ics"
    assert file.get_payload(decode=True) == INVITATION.content


def test_a_file_of_any_name_keeps_it_but_for_what_a_path_is_made_of() -> None:
    file = Attachment("../ordre du jour/été\r\n.pdf", b"%PDF", "application/pdf")
    message = read(mime.build(envelope(), mime.Content("S", "Text", attachments=(file,))))
    (_text, attached) = message.iter_parts()
    assert attached.get_filename() == "..-ordre du jour-été .pdf"
    assert attached.get_payload(decode=True) == b"%PDF"


@pytest.mark.parametrize("content_type", ["text/plain\r\nX-Evil: 1", "text", "text/calendar; method=A;\r\n b=c", ""])
def test_an_injected_content_type_is_refused(content_type: str) -> None:
    file = Attachment("file", b"", content_type)
    with pytest.raises(ValueError, match="malformed"):
        mime.build(envelope(), mime.Content("S", "Text", attachments=(file,)))


def test_a_body_cannot_hold_the_boundary() -> None:
    first = mime.build(envelope(), mime.Content("S", "Text", "<p>Text</p>"))
    found = re.search(rb'boundary="([^"]+)"', first)
    assert found
    forged = f"--{found[1].decode()}--\r\nforged"
    message = read(mime.build(envelope(), mime.Content("S", forged, f"<p>{forged}</p>")))
    assert len(list(message.iter_parts())) == 2


def test_mostly_foreign_text_is_base64_and_other_text_quoted_printable() -> None:
    arabic = read(mime.build(envelope(), mime.Content("S", "مرحبا " * 50)))
    french = read(mime.build(envelope(), mime.Content("S", "Vous êtes inscrite à la conférence. " * 50)))
    assert arabic["Content-Transfer-Encoding"] == "base64"
    assert french["Content-Transfer-Encoding"] == "quoted-printable"
