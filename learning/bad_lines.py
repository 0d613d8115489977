"""Bad lines of a list, gathered by what is the matter with them, so that ten thousand fill no more than a page."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from learning.services.reading_lines import Line


@dataclass(frozen=True)
class Gathered:
    """Lines of which the same is to be said: their numbers, those that follow each other as a range."""

    lines: str
    problem: str


def gathered(rows: Iterable[Line]) -> list[Gathered]:
    """Return the bad lines by their problem, in the order in which each came up first."""
    numbers: dict[str, list[int]] = {}
    for row in rows:
        numbers.setdefault(row.kind_of_problem, []).append(row.number)
    return [Gathered(_in_ranges(found), problem) for problem, found in numbers.items()]


def _in_ranges(numbers: list[int]) -> str:
    """Return rising numbers in words, such as "3, 7–9"."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1][1:] = [number]
        else:
            ranges.append([number])
    return _(", ").join("–".join(map(str, ends)) for ends in ranges)
