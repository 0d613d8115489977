"""What a coordinator pastes: who each line names, or a sentence that says what is the matter with it."""

import gc
import time

import pytest

from learning.services.reading_lines import MOST_LINES, read

# Eight labels of eleven characters, each of which takes five or so of ASCII.
LONG_IN_AN_ENVELOPE = ".".join(
    "".join(chr(0x4E00 + (1731 * place + 97 * label) % 20_000) for place in range(11)) for label in range(8)
)


def only(lines: str, known: set[str] = frozenset()):
    [row] = read(lines, known).rows
    return row


@pytest.mark.parametrize(
    ("line", "email", "name", "language"),
    [
        ("ana@example.org", "ana@example.org", "", ""),
        ("Ana Silva <ana@example.org>", "ana@example.org", "Ana Silva", ""),
        ('"Silva, Ana" <ana@example.org>,', "ana@example.org", "Silva, Ana", ""),
        ("<ana@example.org>;", "ana@example.org", "", ""),
        ("mailto:ana@example.org", "ana@example.org", "", ""),
        ("Ana Silva ana@example.org", "ana@example.org", "Ana Silva", ""),
        ("Ana;Silva;ana@example.org;pt", "ana@example.org", "Ana Silva", "pt"),
        ("ana@example.org\tAna Silva\tFR", "ana@example.org", "Ana Silva", "fr"),
        ('"ana@example.org","Ana, the ""boss"""', "ana@example.org", 'Ana, the "boss', ""),
        ("أمل علي <amal@example.org>", "amal@example.org", "أمل علي", ""),
        ("Ana \u202eSilva <ana@example.org>", "ana@example.org", "Ana Silva", ""),
        ("ana@müller.example", "ana@müller.example", "", ""),
        ("=cmd|' /C calc'!A0, ana@example.org", "ana@example.org", "=cmd|' /C calc'!A0", ""),
    ],
)
def test_lines_as_mail_programs_and_spreadsheets_write_them(line, email, name, language):
    row = only(line)
    assert (row.email, row.name, row.language, row.problem) == (email, name, language, "")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("Ana Silva", "There is no e-mail address in this line."),
        ("ana@example.org, bo@example.org", "There is more than one address in this line. Give each its own."),
        ("ana@example", "No mail can be sent to this address. Is it mistyped?"),
        ("ana@@example.org", "No mail can be sent to this address. Is it mistyped?"),
        ("añá@example.org", "No mail can be sent to this address. Is it mistyped?"),
        ("ana@[127.0.0.1]", "No mail can be sent to this address. Is it mistyped?"),
        ("Ana" * 200, "This line is too long for a name and an address."),
        # Each letter of such a domain takes several in an envelope.
        pytest.param(
            f"ana@{LONG_IN_AN_ENVELOPE}.example",
            "No mail can be sent to this address. Is it mistyped?",
            id="too long in an envelope",
        ),
    ],
)
def test_a_bad_line_gets_a_sentence(line, problem):
    assert only(line).problem == problem


def test_empty_lines_and_headings_are_passed_over_and_numbers_stay_those_of_the_paste():
    rows = read("\ufeffName;E-mail\r\n\r\nAna;ana@example.org\r\n;;\r\nBo;bo@example.org", set()).rows
    assert [(row.number, row.name) for row in rows] == [(3, "Ana"), (5, "Bo")]


def test_duplicates_point_to_the_first_line_and_known_ones_to_the_team():
    rows = read("ana@example.org\nANA@Example.ORG\nbo@example.org", {"bo@example.org"}).rows
    assert [row.problem for row in rows] == [
        "",
        "This address stands in line 1 already.",
        "This address is already in your team.",
    ]


def test_from_the_fifty_first_on_people_are_counted_for_afterwards():
    preview = read("\n".join(f"p{number}@example.org" for number in range(52)), set())
    assert (len(preview.good), preview.bad, preview.later, preview.unread) == (50, [], 2, 0)
    assert [one.language for one in preview.people("fr")] == ["fr"] * 50


def times_as_long(more: list[str], few: list[str]) -> float:
    """Return how much longer reading these lines takes than reading those, at best.

    Both by turns and often, by processor time and without collecting garbage: whatever else runs on the machine, one of
    the rounds is hardly disturbed.
    """
    taken: dict[str, list[float]] = {"\n".join(few): [], "\n".join(more): []}
    gc.disable()
    try:
        for _round in range(7):
            for lines, times in taken.items():
                began = time.process_time()
                read(lines, set())
                times.append(time.process_time() - began)
    finally:
        gc.enable()
    short, long = (min(times) for times in taken.values())
    return long / short


def test_ten_thousand_lines_are_read_in_time_that_grows_with_them():
    lines = [f'"Person, {number}" <p{number}@example.org>' for number in range(MOST_LINES + 1)]
    preview = read("\n".join(lines), set())
    assert (len(preview.rows), preview.later, preview.unread) == (50, MOST_LINES - 50, 1)
    # Ten times as many lines; a second look at every line before takes thirty times as long, however quick it is.
    assert times_as_long(lines, lines[:1000]) < 20


@pytest.mark.parametrize("hard", ["<", '"', "<a", "@", " \t"])
def test_lines_made_to_be_hard_to_read_are_not(hard):
    lines = {length: [hard * (length // len(hard)) + "x"] * 200 for length in (120, 480)}
    # Four times as long; looking from each character to the end once more takes up to sixteen times as long.
    assert times_as_long(lines[480], lines[120]) < 7
