"""Reading a spreadsheet's columns: which row holds the headings, and which column the names, addresses, languages.

Headings are known by the words of the five languages. In any other, a first row is one where it has words, and no
address, above the column in which the rows below have theirs.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

# What mail programs and spreadsheets put between the parts of a line.
DELIMITERS = ("\t", ";", ",")
LONGEST_HEADING = 2000
# One class repeated, so that no line makes it try twice.
ANGLED = re.compile(r"<([^<>]*)>")

GIVEN, NAME, FAMILY, ADDRESS, LANGUAGE, DEPARTMENT = range(6)
WORDS = {
    GIVEN: "first name, firstname, given name, forename, prénom, prénoms, primer nombre, nombre de pila, nome próprio, "
    "primeiro nome, vorname, الاسم الأول",
    NAME: "name, full name, nom, nom complet, nombre, nombre completo, nombre y apellidos, nome, nome completo, "
    "الاسم, الاسم الكامل, اسم",
    FAMILY: "last name, lastname, surname, family name, nom de famille, apellido, apellidos, primer apellido, "
    "segundo apellido, apellido 1, apellido 2, apelido, apelidos, último nome, último apelido, nome de família, "
    "sobrenome, cognome, nachname, اسم العائلة, اللقب, الكنية",
    ADDRESS: "email, e-mail, mail, address, e-mail address, email address, mail address, courriel, mél, adresse, "
    "adresse e-mail, adresse email, adresse mail, adresse électronique, adresse de courriel, adresse courriel, "
    "correo, correo electrónico, dirección, dirección de correo electrónico, dirección de correo, "
    "dirección electrónica, correio, correio eletrónico, correio electrónico, correio eletrônico, endereço, "
    "endereço de correio eletrónico, endereço de e-mail, endereço de email, endereço eletrónico, "
    "البريد الإلكتروني, عنوان البريد الإلكتروني, البريد, العنوان, الإيميل, إيميل",
    LANGUAGE: "language, langue, idioma, lengua, língua, اللغة, لغة",
    DEPARTMENT: "department, service, unit, team, service ou direction, direction, département, departamento, "
    "servicio, área, unidad, serviço, unidade, divisão, القسم, الإدارة, قسم, إدارة",
}


def plain(words: str) -> str:
    """Return words as they are compared: without marks above and below, in small letters, unquoted."""
    decomposed = unicodedata.normalize("NFKD", words.strip(" \"':*"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


KINDS = {plain(word): kind for kind, words in WORDS.items() for word in words.split(", ")}


def delimiter_of(line: str) -> str | None:
    """Return what stands between the parts of a line, if anything."""
    return next((one for one in DELIMITERS if one in line), None)


def split(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line without their quotes, empty ones too but not those at the end."""
    cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    cells = [cell.strip().strip("\"'").strip() for cell in cells]
    while cells and not cells[-1]:
        cells.pop()
    return cells


@dataclass(frozen=True, slots=True)
class Cells:
    """What one row has in the columns that are read."""

    addresses: list[str]
    words: list[str]
    language: str


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns under a row of headings; `is_known` where a word of it was."""

    delimiter: str
    kinds: tuple[int | None, ...]
    address: int
    is_known: bool

    @classmethod
    def of(cls, line: str, below: Iterable[str]) -> Self | None:
        """Return the columns of a line of headings, `below` being what follows; None where it is none, or has one."""
        if "@" in line or len(line) > LONGEST_HEADING or not (delimiter := delimiter_of(line)):
            return None
        headings = split(line, delimiter)
        kinds = tuple(KINDS.get(plain(heading)) for heading in headings)
        at = _above_addresses(headings, delimiter, below)
        if ADDRESS in kinds and (at is None or kinds[at] not in (ADDRESS, None)):
            at = kinds.index(ADDRESS)
        if at is None or len(headings) < 2:
            return None
        return cls(delimiter, kinds, at, is_known=any(kind is not None for kind in kinds))

    @property
    def leaves_some_out(self) -> bool:
        """Whether there are columns that nothing is read from."""
        read = {self.address, *self._names}
        return any(kind != LANGUAGE for at, kind in enumerate(self.kinds) if at not in read)

    def cells(self, line: str, languages: frozenset[str]) -> Cells | None:
        """Return what a row has in these columns; None where it does not fit under them."""
        found = split(line, self.delimiter) if self.delimiter in line else []
        if not self.address < len(found) <= len(self.kinds) or "@" not in found[self.address]:
            return None
        by_language = self._language(found, languages)
        names = [found[at] for at in self._names if at < len(found) and at != by_language]
        words = [name for name in names if name and "@" not in name]
        return Cells(
            addresses=[address for cell in found if "@" in cell for address in _addresses(cell)],
            words=words or _words_beside(found[self.address]),
            language=found[by_language].lower() if by_language is not None else "",
        )

    @property
    def _names(self) -> list[int]:
        """The columns of names, the given name first; where none is known by its heading, those that nobody knows.

        Where given and family name have columns of their own, one of whole names beside them says nothing more.
        """
        columns = [(kind, at) for at, kind in enumerate(self.kinds) if at != self.address]
        wanted = {GIVEN, FAMILY} if {GIVEN, FAMILY} <= set(self.kinds) else {GIVEN, NAME, FAMILY}
        named = [(kind, at) for kind, at in columns if kind in wanted]
        return [at for _kind, at in sorted(named)] or [at for kind, at in columns if kind is None]

    def _language(self, cells: list[str], languages: frozenset[str]) -> int | None:
        """Return which cell is a language's code: in the column of languages or else in one that nobody knows."""
        wanted = LANGUAGE if LANGUAGE in self.kinds else None
        columns = [at for at, kind in enumerate(self.kinds) if kind == wanted and at != self.address]
        return next((at for at in columns if at < len(cells) and cells[at].lower() in languages), None)


def is_one_heading(line: str) -> bool:
    """Whether a line without delimiters is the heading of the one column there is."""
    return "@" not in line and delimiter_of(line) is None and KINDS.get(plain(line)) == ADDRESS


def _above_addresses(headings: list[str], delimiter: str, below: Iterable[str]) -> int | None:
    """Return the column in which the next row with an address has it, if there are words above it."""
    row = next((line for line in below if "@" in line), "")[:LONGEST_HEADING]
    at = next((at for at, cell in enumerate(split(row, delimiter)) if "@" in cell), None)
    return at if at is not None and at < len(headings) and headings[at] else None


def _addresses(cell: str) -> list[str]:
    """Return the addresses in angle brackets, or what the cell has."""
    return [one.strip() for one in ANGLED.findall(cell) if "@" in one] or [cell]


def _words_beside(cell: str) -> list[str]:
    """Return the name beside an address in angle brackets, as mail programs write them in one."""
    return [ANGLED.sub(" ", cell).strip(" \"'")] if ANGLED.search(cell) else []
