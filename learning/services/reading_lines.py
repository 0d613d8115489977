"""Reading the addresses that a coordinator pastes, or a spreadsheet's rows, with a sentence for each bad line.

Each line is split once and looked up in sets, so that ten thousand lines take time in proportion.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from core import text
from core.languages import codes
from events.addresses import email_key
from mail.addresses import BadAddress, envelope_address

MOST_AT_ONCE = 50
MOST_LINES = 10_000
LONGEST_LINE = 500
# As long as the columns.
LONGEST_NAME = 120
LONGEST_ADDRESS = 254
# What mail programs and spreadsheets put between the parts of a line.
DELIMITERS = ("\t", ";", ",")
# One class repeated, so that no line makes it try twice.
ANGLED = re.compile(r"<([^<>]*)>")


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody whom a coordinator enrols; the name may be unknown."""

    email: str
    name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that was not empty: who it names, or what is the matter with it."""

    number: int
    text: str
    email: str = ""
    name: str = ""
    language: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen with the lines.

    `later` is how many name somebody beyond the most at once, and stand in no row; `unread` is how many lines there
    were beyond the most that are read.
    """

    rows: list[Line] = field(default_factory=list)
    later: int = 0
    unread: int = 0

    @property
    def good(self) -> list[Line]:
        """The lines that can be enrolled."""
        return [row for row in self.rows if not row.problem]

    @property
    def bad(self) -> list[Line]:
        """The lines with a problem."""
        return [row for row in self.rows if row.problem]

    def people(self, language: str) -> list[Invitee]:
        """Return who can be enrolled, in the language given where a line names none."""
        return [Invitee(email=row.email, name=row.name, language=row.language or language) for row in self.good]


def read(lines: str, known: set[str]) -> Preview:
    """Return what the lines say; `known` are the normalised addresses that are in the team already."""
    reader = _Reader(known)
    rows: list[Line] = []
    everything = lines.splitlines()
    for number, raw in enumerate(everything[:MOST_LINES], start=1):
        line = raw.replace("\x00", "").strip(" \t;,\ufeff")
        if not line or (not rows and _is_heading(line)):
            continue
        if row := reader.row(number, line):
            rows.append(row)
    return Preview(rows, later=reader.later, unread=max(0, len(everything) - MOST_LINES))


class _Reader:
    """Reads line by line and remembers which addresses have come by."""

    def __init__(self, known: set[str]) -> None:
        self.known = known
        self.seen: dict[str, int] = {}
        self.new = 0
        self.later = 0
        # Asked once, not for each of ten thousand lines.
        self.languages = frozenset(codes())

    def row(self, number: int, line: str) -> Line | None:
        """Return what one line says, or None where it names somebody beyond the most at once, who is counted."""
        row = self._parted(number, line)
        if row.problem:
            return row
        if problem := self._problem(row):
            return _refused(row, problem)
        if self.new >= MOST_AT_ONCE:
            self.later += 1
            return None
        self.new += 1
        return row

    def _problem(self, row: Line) -> str:
        key = email_key(row.email)
        first = self.seen.setdefault(key, row.number)
        if first != row.number:
            return _("This address stands in line %(number)d already.") % {"number": first}
        if key in self.known:
            return _("This address is already in your team.")
        return ""

    def _parted(self, number: int, line: str) -> Line:
        if len(line) > LONGEST_LINE:
            return Line(number, f"{line[:80]}…", problem=_("This line is too long for a name and an address."))
        parts = list(_parts(line))
        addresses = [part.removeprefix("mailto:") for part in parts if "@" in part]
        if not addresses:
            return Line(number, line, problem=_("There is no e-mail address in this line."))
        if len(addresses) > 1:
            return Line(number, line, problem=_("There is more than one address in this line. Give each its own."))
        words = [part for part in parts if "@" not in part]
        language = next((part.lower() for part in words if part.lower() in self.languages), "")
        name = text.single_line(" ".join(part for part in words if part.lower() not in self.languages))
        return _checked(Line(number, line, addresses[0], name[:LONGEST_NAME].strip(), language))


def _refused(row: Line, problem: str) -> Line:
    return Line(row.number, row.text, row.email, row.name, row.language, problem)


def _checked(row: Line) -> Line:
    if len(row.email) > LONGEST_ADDRESS:
        return _refused(row, _("This line is too long for a name and an address."))
    try:
        envelope_address(row.email)
    except BadAddress:
        return _refused(row, _("No mail can be sent to this address. Is it mistyped?"))
    return row


def _parts(line: str) -> Iterator[str]:
    """Yield the parts of a line: what stands in angle brackets, and what stands between delimiters."""
    for angled in ANGLED.findall(line):
        yield angled.strip()
    rest = ANGLED.sub(" ", line)
    delimiter = next((one for one in DELIMITERS if one in rest), None)
    if delimiter is None:
        # An address and a name with nothing but blanks between them.
        pieces = rest.split()
        yield from (piece for piece in pieces if "@" in piece)
        parts = [" ".join(piece for piece in pieces if "@" not in piece)]
    else:
        parts = next(csv.reader([rest], delimiter=delimiter, skipinitialspace=True), [])
    for part in parts:
        if cleaned := part.strip().strip("\"'").strip():
            yield cleaned


def _is_heading(line: str) -> bool:
    """Whether this is a spreadsheet's row of headings: several columns, or the one word, and no address."""
    words = {"email", "e-mail", "mail", "address", "e-mail address", "email address"}
    return "@" not in line and any(part.lower() in words for part in _parts(line))
