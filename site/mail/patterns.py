"""A message built once for many: the body's bytes stand ready, and each recipient's fillings are put between them."""

import base64
import binascii
import re
from collections.abc import Mapping
from html import escape
from typing import Protocol

from mail import slots

# NUL can stand in no body, so it marks where something is to be filled in.
_MARK = re.compile("\x00(\\d+)\x00")
_LINE_BYTES = 57


class _Part(Protocol):
    def filled(self, safe: Mapping[str, str]) -> str: ...


class Pattern:
    """Collects the parts of one body while it is built, then builds any number of bodies from them."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self._ready: list[str | _Part] = []
        self._stuffed: list[str | _Part] = []

    def quoted_printable(self, text: str, *, is_html: bool) -> str:
        """Return the text encoded, with marks for its slots."""
        encoded = []
        for words, name in slots.split(text):
            encoded.append(_quoted_open(_bytes(words)))
            if name:
                # A soft break on both sides keeps every line short, whatever is filled in; nobody sees it.
                encoded += ["=\r\n", self._mark(_QuotedSlot(name, is_html=is_html)), "=\r\n"]
        return "".join(encoded)

    def base64(self, text: str, *, is_html: bool) -> str:
        """Return one mark for the whole text, encoded anew for each recipient from runs that stand ready."""
        return self._mark(_Base64Text(text, is_html=is_html))

    def finish(self, body: str) -> None:
        """Take the body with its marks apart."""
        pieces = _MARK.split(body)
        self._ready = [self._parts[int(piece)] if number % 2 else piece for number, piece in enumerate(pieces)]
        # No piece begins with a dot: what follows a slot begins with a soft break or a boundary.
        self._stuffed = [_stuffed(piece) if isinstance(piece, str) else piece for piece in self._ready]

    def build(self, safe: Mapping[str, str], *, is_stuffed: bool = False) -> str:
        """Return the body filled for one recipient; dots that begin a line are doubled where it `is_stuffed`.

        Looking through a whole body for such dots takes longer than filling it.
        """
        if is_stuffed:
            pieces = (one if isinstance(one, str) else _stuffed(one.filled(safe)) for one in self._stuffed)
        else:
            pieces = (one if isinstance(one, str) else one.filled(safe) for one in self._ready)
        return "".join(pieces)

    def _mark(self, part: _Part) -> str:
        self._parts.append(part)
        return f"\x00{len(self._parts) - 1}\x00"


class _QuotedSlot:
    def __init__(self, name: str, *, is_html: bool) -> None:
        self.name, self.is_html = name, is_html

    def filled(self, safe: Mapping[str, str]) -> str:
        value = safe[self.name]
        return _quoted_open((escape(value) if self.is_html else value).encode("utf-8", "replace"))


class _Run:
    """Fixed bytes in base64, ready for each number of bytes (0 to 2) that completes what stands before them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.ready = [self._cut(data[missing:]) for missing in range(3)]

    @staticmethod
    def _cut(data: bytes) -> tuple[str, bytes]:
        whole = len(data) // 3 * 3
        return _lines(data[:whole]), data[whole:]


class _Base64Text:
    def __init__(self, text: str, *, is_html: bool) -> None:
        self.is_html = is_html
        self.pieces = [(_Run(_bytes(words)), name) for words, name in slots.split(text)]

    def filled(self, safe: Mapping[str, str]) -> str:
        encoded, left = [], b""
        for run, name in self.pieces:
            missing = -len(left) % 3
            encoded.append(_lines(left + run.data[:missing]) if len(run.data) >= missing else "")
            ready, left = run.ready[missing] if len(run.data) >= missing else ("", left + run.data)
            encoded.append(ready)
            if name:
                value = escape(safe[name]) if self.is_html else safe[name]
                left += value.encode("utf-8", "replace")
                whole = len(left) // 3 * 3
                encoded.append(_lines(left[:whole]))
                left = left[whole:]
        return "".join([*encoded, _lines(left)])


def _stuffed(text: str) -> str:
    # Every slot stands at the start of a line.
    return ("." if text.startswith(".") else "") + text.replace("\n.", "\n..")


def _bytes(words: str) -> bytes:
    return words.encode("utf-8", "replace")


def _quoted_open(data: bytes) -> str:
    # The dash leaves room for the soft break that may follow on the last line.
    encoded = binascii.b2a_qp(data + b"-", istext=True)[:-1].decode("ascii")
    return encoded.replace("\r\n", "\n").replace("\n", "\r\n")


def _lines(data: bytes) -> str:
    return "".join(
        base64.b64encode(data[start : start + _LINE_BYTES]).decode("ascii") + "\r\n"
        for start in range(0, len(data), _LINE_BYTES)
    )
