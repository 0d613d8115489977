"""Headers hold any words, and none of them can break out."""

from email import message_from_string, policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import settings as played
from hypothesis import strategies as st

from mail import headers
from mail.addresses import BadAddress, envelope_address, split

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def parsed(header: str):
    return message_from_string(header + "\r\n", policy=policy.default)


# A busy machine may take longer than the deadline for one example.
@played(deadline=None)
@given(WORDS)
@example("=?utf-8?b?aGk=?=")
@example("x" * 400)
@example("Cité 🏙️ " * 40)
@example("مرحبا " * 60)
@example("a\r\nBcc: everybody@city.example\r\n\r\nBody")
def test_a_subject_comes_back_as_it_was_cleaned_and_stays_one_header(words: str) -> None:
    line = headers.line("Subject", words)
    message = parsed(line)
    assert message.keys() == ["Subject"]
    assert message["Subject"] == headers.clean(words)
    assert all(len(part) <= 78 for part in line.split("\r\n"))
    assert line.isascii()


# A busy machine may take longer than the deadline for one example.
@played(deadline=None)
@given(WORDS)
@example('O"Neil \\ Sons, <x@y>')
@example("Zoë\r\nBcc: x@y.example")
def test_a_name_comes_back_as_it_was_cleaned_beside_the_address(name: str) -> None:
    message = message_from_string(headers.mailbox("To", name, "someone@city.example") + "\r\n")
    assert message.keys() == ["To"]
    shown, address = parseaddr(message["To"].replace("\r\n", ""))
    assert address == "someone@city.example"
    # The older of Python's two decoders: the newer keeps the blank between two encoded words of a name (RFC 2047, 6.2).
    assert str(make_header(decode_header(shown))) == headers.clean(name)


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("Pay\u202egpj.exe", "Paygpj.exe"),
        ("a\u200eb\u200fc\u061cd\u2066e\u2069f", "abcdef"),
        ("one\ttwo\r\n three\x00\x07", "one two three"),
        ("line\u2028separator", "line separator"),
        ("  blanks   around  ", "blanks around"),
    ],
)
def test_controls_and_direction_characters_are_dropped(words: str, left: str) -> None:
    assert headers.clean(words) == left


@pytest.mark.parametrize("value", ["two\r\nlines", "Ümlaut", "bell\x07"])
def test_an_injected_structured_header_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        headers.structured("Message-ID", value)


@pytest.mark.parametrize(
    "address", ["a@b.example>\r\nBcc: c@d.example", "a b@c.example", "a@b.example, c@d.example", "é@b.example"]
)
def test_an_address_that_breaks_out_of_its_header_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        headers.mailbox("To", "Name", address)


@pytest.mark.parametrize(
    ("written", "ascii_form"),
    [
        ("Jane.Doe+x@City.Example", "Jane.Doe+x@City.Example"),
        (" jane@city.example ", "jane@city.example"),
        ("jane@bücher.example", "jane@xn--bcher-kva.example"),
        # IDNA 2003 would have sent these to ss.example, another owner's, and so on.
        ("jane@ß.example", "jane@xn--zca.example"),
        ("jane@WEIẞ.example", "jane@xn--wei-7ka.example"),
        ("jane@σας.example", "jane@xn--mxa8ab.example"),
        ("jane@نام\u200cای.example", "jane@xn--mgba3gc78d452j.example"),
        # IDNA 2008 would refuse these, which are in use.
        ("jane@☃.example", "jane@xn--n3h.example"),
    ],
)
def test_an_envelope_address_is_ascii(written: str, ascii_form: str) -> None:
    assert envelope_address(written) == ascii_form


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jane",
        "jane@",
        "@city.example",
        "jane@city.example\r\nRCPT TO:<x@y.example>",
        '"jane> SIZE=1"@city.example',
        "jané@city.example",
        "jane@city.example, john@city.example",
        "Jane <jane@city.example>",
        "jane@[127.0.0.1]",
        "jane@[::1]",
        # A joiner where no script has one: IDNA 2003 would drop it.
        "jane@ci\u200dty.example",
    ],
)
def test_what_is_not_one_plain_address_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(BadAddress) as refused:
        envelope_address(address)
    assert "jan" not in str(refused.value)


def test_a_sender_is_split_into_name_and_address() -> None:
    assert split("GKEC <no-reply@gkec.example>") == ("GKEC", "no-reply@gkec.example")
