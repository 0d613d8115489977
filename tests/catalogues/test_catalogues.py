"""The catalogues are whole: every string, every plural form, the same placeholders, nothing left in English."""

import gettext
import re
from functools import cache
from pathlib import Path

import polib
import pytest
from django.utils import translation

from gkec.catalogues import compile_one
from tests.catalogues.sources import messages

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = {"fr": 2, "es": 3, "pt": 2, "ar": 6}
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|%[sd]|\{[a-z_]*\}")
TAG = re.compile(r"</?[a-z][^>]*>")
MARKS = re.compile(r"[!¡]")
ALLOWED = Path(__file__).parent / "equal_to_english.txt"


@cache
def catalogue(language: str) -> polib.POFile:
    """Return a catalogue, read once for all the tests, which only look at it."""
    return polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))


def equal_on_purpose(language: str) -> set[str]:
    """Return the strings that read the same in this language, one a line: `fr es: Message`."""
    found = set()
    for line in ALLOWED.read_text(encoding="utf-8").splitlines():
        languages, _, message = line.partition(": ")
        if language in languages.split():
            found.add(message)
    return found


@pytest.fixture(scope="module")
def marked() -> set[tuple[str, str]]:
    return messages()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_marked_string_is_in_the_catalogue(language: str, marked: set[tuple[str, str]]) -> None:
    known = {(entry.msgctxt or "", entry.msgid) for entry in catalogue(language) if not entry.obsolete}
    assert sorted(marked - known) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_string_is_translated_in_all_its_forms(language: str) -> None:
    entries = catalogue(language)
    assert [entry.msgid for entry in entries if entry.fuzzy] == []
    forms = set(range(LANGUAGES[language]))
    missing = [
        entry.msgid
        for entry in entries
        if not entry.obsolete
        and (
            not (set(entry.msgstr_plural) == forms and all(entry.msgstr_plural.values()))
            if entry.msgid_plural
            else not entry.msgstr
        )
    ]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_and_tags_are_the_source_s(language: str) -> None:
    wrong = []
    for entry in catalogue(language):
        if entry.obsolete:
            continue
        wanted = (sorted(PLACEHOLDER.findall(entry.msgid)), sorted(TAG.findall(entry.msgid)))
        if entry.msgid_plural:
            allowed = set(PLACEHOLDER.findall(entry.msgid)) | set(PLACEHOLDER.findall(entry.msgid_plural))
            wrong += [form for form in entry.msgstr_plural.values() if not set(PLACEHOLDER.findall(form)) <= allowed]
        elif (sorted(PLACEHOLDER.findall(entry.msgstr)), sorted(TAG.findall(entry.msgstr))) != wanted:
            wrong.append(f"{entry.msgid} -> {entry.msgstr}")
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_in_english(language: str) -> None:
    same = {entry.msgid for entry in catalogue(language) if not entry.obsolete and entry.msgstr == entry.msgid}
    assert sorted(same - equal_on_purpose(language)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_shouts(language: str) -> None:
    texts = [text for entry in catalogue(language) for text in (entry.msgstr, *entry.msgstr_plural.values())]
    assert [text for text in texts if MARKS.search(TAG.sub("", text))] == []


@pytest.mark.parametrize(
    ("language", "kinds"), [("fr", [0, 0, 1]), ("es", [2, 0, 2]), ("pt", [1, 0, 1]), ("ar", [0, 1, 2])]
)
def test_the_compiled_catalogue_keeps_the_language_s_plural_rule(
    language: str, kinds: list[int], tmp_path: Path
) -> None:
    target = tmp_path / "django.mo"
    compile_one(ROOT / "locale" / language / "LC_MESSAGES" / "django.po", target)
    with target.open("rb") as file:
        rule = gettext.GNUTranslations(file).plural  # type: ignore[attr-defined]
    assert [rule(number) for number in (0, 1, 2)] == kinds


@pytest.mark.parametrize(
    ("english", "portuguese"),
    [
        (
            "The email address and/or password you specified are not correct.",
            "O endereço de email e/ou a palavra-passe",
        ),
        ("Publish", "Publicar"),
    ],
)
def test_the_libraries_speak_portuguese_too(english: str, portuguese: str) -> None:
    with translation.override("pt"):
        assert translation.gettext(english).startswith(portuguese)
