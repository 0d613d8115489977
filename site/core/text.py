"""What people type, cleaned of what cannot be seen but changes how a line reads."""

import re
import unicodedata

# Overrides and isolates turn the direction of everything after them: a name with one rewrites the line it stands in.
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# A surrogate alone cannot be written as UTF-8, so neither the database nor a mail could hold it.
UNSEEN = {"Cc", "Cs"}
# Joiners and marks, and the spaces between them, show nothing by themselves.
ALONE_UNSEEN = {"Cf", "Zs"}
SPACE = re.compile(r"\s+")


def single_line(value: str) -> str:
    """Return the text on one line: composed (NFC), without control characters and direction overrides.

    Joiners (U+200C, U+200D) and marks (U+200E, U+200F) stay: names in Persian, Urdu and Indic scripts need them. A line
    of nothing else is empty.
    """
    line = SPACE.sub(" ", _without_unseen(unicodedata.normalize("NFC", value), keep="\t\n\v\f\r\x85")).strip()
    return line if any(unicodedata.category(character) not in ALONE_UNSEEN for character in line) else ""


def storable(value: str) -> str:
    """Return the text without U+0000 and with a question mark for half a surrogate pair: PostgreSQL has neither.

    For words that nobody has cleaned: those of third parties, of files, of mails.
    """
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def several_lines(value: str) -> str:
    """Return the text cleaned as `single_line` does, with its line breaks."""
    lines = (single_line(line) for line in value.splitlines())
    return "\n".join(lines).strip("\n")


def sort_key(value: str) -> str:
    """Return a key that sorts words as a reader expects, accents and case aside."""
    decomposed = unicodedata.normalize("NFKD", value)
    return "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()


def _without_unseen(value: str, *, keep: str) -> str:
    return "".join(
        character
        for character in value
        if character in keep or (character not in BIDI_CONTROLS and unicodedata.category(character) not in UNSEEN)
    )
