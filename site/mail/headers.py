"""Header lines that cannot be broken out of: RFC 5322 folding, RFC 2047 words, no control or direction characters."""

import base64
import re
import unicodedata

from mail.addresses import BadAddress

# U+200E, U+200F, U+061C, U+202A–E, U+2066–9: they can make one sender or subject look like another.
_DIRECTION = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_BLANKS = re.compile(r"\s+")
_ATEXT_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_LINE = 76
# 45 bytes are 60 characters of base64; with =?utf-8?b? and ?= around them they stay under the 75 of RFC 2047.
_WORD_BYTES = 45
_WORD_FRAME = 12


def clean(text: str) -> str:
    """Return one line without control, direction or unpaired surrogate characters, blanks folded into single ones."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = _BLANKS.sub(" ", _DIRECTION.sub("", text))
    return "".join(one for one in text if unicodedata.category(one) not in {"Cc", "Cs"}).strip()


def line(name: str, value: str) -> str:
    """Return `Name: value` with CRLF, folded; `value` may hold any text."""
    used = len(name) + 2
    return f"{name}: {_fold(_text(clean(value), used), used)}\r\n"


def structured(name: str, value: str) -> str:
    """Return a header whose value is ours and ASCII already, such as an id or a date; anything else raises."""
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"{name} must be printable ASCII on one line.")
    return f"{name}: {value}\r\n"


def mailbox(name: str, display_name: str, address: str) -> str:
    """Return a header with one address, such as `To: "Jane Doe" <jane@example.org>`."""
    if not address.isascii() or not address.isprintable() or re.search(r'[\s<>,;:"()\[\]\\]', address):
        raise BadAddress("This address cannot stand in a header.")
    shown, used = clean(display_name), len(name) + 2
    if not shown:
        return f"{name}: <{address}>\r\n"
    if shown.isascii() and "=?" not in shown:
        phrase = shown if _ATEXT_PHRASE.fullmatch(shown) else '"' + re.sub(r'(["\\])', r"\\\1", shown) + '"'
    else:
        phrase = _encoded(shown, used)
    return f"{name}: {_fold(f'{phrase} <{address}>', used)}\r\n"


def parameter(name: str, value: str) -> str:
    """Return `; name="value"`, in the form of RFC 2231 when the value is not plain ASCII."""
    value = clean(value)
    if value.isascii():
        return f'; {name}="' + re.sub(r'(["\\])', r"\\\1", value) + '"'
    kept = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
    percent = "".join(chr(byte) if byte in kept else f"%{byte:02X}" for byte in value.encode())
    return f";\r\n {name}*=utf-8''{percent}"


def _text(text: str, used: int) -> str:
    # A word longer than a line cannot be folded, and "=?" in plain text would be read as an encoded word.
    if text.isascii() and "=?" not in text and max(map(len, text.split(" "))) < _LINE - used:
        return text
    return _encoded(text, used)


def _encoded(text: str, used: int) -> str:
    """Return RFC 2047 words in base64, the first short enough for its line; no character is split between two."""
    words, chunk, room = [], b"", (_LINE - used - _WORD_FRAME) // 4 * 3
    for one in text:
        encoded = one.encode()
        if len(chunk) + len(encoded) > room:
            words.append(chunk)
            chunk, room = b"", _WORD_BYTES
        chunk += encoded
    words.append(chunk)
    return " ".join(f"=?utf-8?b?{base64.b64encode(word).decode('ascii')}?=" for word in words)


def _fold(text: str, used: int) -> str:
    if used + len(text) <= _LINE:
        return text
    lines, current, room = [], "", _LINE - used
    for word in text.split(" "):
        if current and len(current) + 1 + len(word) > room:
            lines.append(current)
            current, room = word, _LINE - 1
        else:
            current = f"{current} {word}" if current else word
    return "\r\n ".join([*lines, current])
