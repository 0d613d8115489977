"""Reading the addresses that a coordinator pastes, or a spreadsheet's rows, with a sentence for each bad line.

Each line is split once and looked up in sets, so that ten thousand lines take time in proportion.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from core import text
from core.emailkeys import email_key
from core.languages import codes
from learning.services.reading_columns import (
    ANGLED,
    LONGEST_HEADING,
    Cells,
    Columns,
    delimiter_of,
    is_one_heading,
    split,
)
from mail.addresses import BadAddress, envelope_address

MOST_AT_ONCE = 50
MOST_LINES = 10_000
LONGEST_LINE = 500
# As long as the columns.
LONGEST_NAME = 120
LONGEST_ADDRESS = 254


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody whom a coordinator enrols; the name may be unknown."""

    email: str
    name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that was not empty: who it names, or what is the matter with it.

    `repeats` is the number of the line in which the same address stood first.
    """

    number: int
    text: str
    email: str = ""
    name: str = ""
    language: str = ""
    problem: str = ""
    repeats: int = 0

    @property
    def kind_of_problem(self) -> str:
        """The problem in the words that it shares with others of its kind."""
        return _("This address stands in an earlier line already.") if self.repeats else self.problem


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen with the lines.

    `later` is how many name somebody beyond the most at once, and stand in no row; `unread` is how many lines there
    were beyond the most that are read. `heading` is the first line where it names the columns.
    """

    rows: list[Line] = field(default_factory=list)
    later: int = 0
    unread: int = 0
    heading: str = ""
    columns: Columns | None = None

    @property
    def good(self) -> list[Line]:
        """The lines that can be enrolled."""
        return [row for row in self.rows if not row.problem]

    @property
    def bad(self) -> list[Line]:
        """The lines with a problem."""
        return [row for row in self.rows if row.problem]

    @property
    def unknown_heading(self) -> str:
        """The first line where it was taken for the heading though none of its words is known; it may be a slip."""
        return self.heading if self.columns is not None and not self.columns.is_known else ""

    @property
    def leaves_columns_out(self) -> bool:
        """Whether there are columns that nothing is read from."""
        return self.columns is not None and self.columns.leaves_some_out

    @property
    def lines_again(self) -> str:
        """The good lines alone, which read once more name the same people."""
        if self.columns is None:
            return "\n".join(row.text for row in self.good)
        return lines_of((row.email, row.name, row.language) for row in self.good)

    def people(self, language: str) -> list[Invitee]:
        """Return who can be enrolled, in the language given where a line names none."""
        return [Invitee(email=row.email, name=row.name, language=row.language or language) for row in self.good]


def lines_of(people: Iterable[tuple[str, str, str]]) -> str:
    """Return people, by address, name and language, as lines that name them when they are read."""
    again = io.StringIO()
    csv.writer(again, delimiter=";", lineterminator="\n").writerows([("email", "name", "language"), *people])
    return again.getvalue()


def read(lines: str, known: set[str]) -> Preview:
    """Return what the lines say; `known` are the normalised addresses that are in the team already."""
    everything = lines.splitlines()
    cleaned = [raw.replace("\x00", "").strip(" \ufeff") for raw in everything[:MOST_LINES]]
    first = next((at for at, line in enumerate(cleaned) if _trimmed(line)), 0)
    columns = Columns.of(cleaned[first], cleaned[first + 1 :]) if cleaned else None
    has_heading = columns is not None or (bool(cleaned) and is_one_heading(_trimmed(cleaned[first])))
    reader = _Reader(known, columns)
    rows: list[Line] = []
    for number, line in enumerate(cleaned, start=1):
        if not _trimmed(line) or (has_heading and number == first + 1):
            continue
        if row := reader.row(number, line):
            rows.append(row)
    return Preview(
        rows,
        later=reader.later,
        unread=max(0, len(everything) - MOST_LINES),
        heading=_trimmed(cleaned[first]) if has_heading else "",
        columns=columns,
    )


def _trimmed(line: str) -> str:
    return line.strip(" \t;,\ufeff")


class _Reader:
    """Reads line by line and remembers which addresses have come by."""

    def __init__(self, known: set[str], columns: Columns | None) -> None:
        self.known = known
        self.columns = columns
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
        key = email_key(row.email)
        first = self.seen.setdefault(key, row.number)
        if first != row.number:
            sentence = _("This address stands in line %(number)d already.") % {"number": first}
            return replace(row, problem=sentence, repeats=first)
        if key in self.known:
            return replace(row, problem=_("This address is already in your team."))
        if self.new >= MOST_AT_ONCE:
            self.later += 1
            return None
        self.new += 1
        return row

    def _parted(self, number: int, whole: str) -> Line:
        line = _trimmed(whole)
        if len(line) > LONGEST_LINE:
            return Line(number, f"{line[:80]}…", problem=_("This line is too long for a name and an address."))
        # An empty cell at either end counts under headings.
        cells = self.columns.cells(whole, self.languages) if self.columns and len(whole) <= LONGEST_HEADING else None
        cells = cells or _without_columns(line, self.languages)
        addresses = [part.removeprefix("mailto:") for part in cells.addresses]
        if not addresses:
            return Line(number, line, problem=_("There is no e-mail address in this line."))
        if len(addresses) > 1:
            return Line(number, line, problem=_("There is more than one address in this line. Give each its own."))
        name = text.single_line(" ".join(cells.words))[:LONGEST_NAME].strip(" \"'")
        return _checked(Line(number, line, addresses[0], name, cells.language))


def _checked(row: Line) -> Line:
    if len(row.email) > LONGEST_ADDRESS:
        return replace(row, problem=_("This line is too long for a name and an address."))
    try:
        envelope_address(row.email)
    except BadAddress:
        return replace(row, problem=_("No mail can be sent to this address. Is it mistyped?"))
    return row


def _parts(line: str) -> Iterator[str]:
    """Yield the parts of a line: what stands in angle brackets, and what stands between delimiters."""
    for angled in ANGLED.findall(line):
        yield angled.strip()
    rest = ANGLED.sub(" ", line)
    delimiter = delimiter_of(rest)
    if delimiter is None:
        # An address and a name with nothing but blanks between them.
        pieces = rest.split()
        yield from (piece for piece in pieces if "@" in piece)
        parts = [" ".join(piece for piece in pieces if "@" not in piece)]
    else:
        parts = split(rest, delimiter)
    for part in parts:
        if cleaned := part.strip().strip("\"'").strip():
            yield cleaned


def _without_columns(line: str, languages: frozenset[str]) -> Cells:
    """Return the parts of a line that stands under no heading: what is neither address nor language is the name."""
    parts = list(_parts(line))
    words = [part for part in parts if "@" not in part]
    return Cells(
        addresses=[part for part in parts if "@" in part],
        words=[word for word in words if word.lower() not in languages],
        language=next((word.lower() for word in words if word.lower() in languages), ""),
    )
