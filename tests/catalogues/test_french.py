"""French sets gaps before and within some marks, so that no line begins with one, and has one word for mail."""

import json
import re
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[2]
# A colon and quotation marks have a no-break space, the other marks a narrow one.
WRONG = {
    "a gap that breaks": re.compile(r" [:;?!»]|« "),
    "no gap": re.compile(r"[^\s]([;?!»]|:)(?=\s|$)|«\S"),
    "another gap": re.compile("\u202f:|\u00a0[;?!]|«\u202f|\u202f»"),
    "another word for mail": re.compile("courriel", re.IGNORECASE),
}


def wrong(said: dict[str, str]) -> list[str]:
    return [f"{what}: {key}" for key, words in said.items() for what, mark in WRONG.items() if mark.search(words)]


@pytest.mark.parametrize(
    "words",
    ["Nouveau :", "Déjà fait ?", "« Oui\u00a0»", "Nouveau: oui", "Fait;", "«Oui\u00a0»", "Fait\u00a0?", "Un Courriel"],
)
def test_each_mistake_is_found(words: str) -> None:
    assert len(wrong({"one": words})) == 1


def test_the_french_catalogue_sets_its_marks_and_writes_e_mail() -> None:
    entries = [entry for entry in polib.pofile(str(ROOT / "locale/fr/LC_MESSAGES/django.po")) if not entry.obsolete]
    said = {
        f"{entry.msgid} [{number}]": words
        for entry in entries
        for number, words in (entry.msgstr_plural or {0: entry.msgstr}).items()
    }
    assert len(said) > 2000
    # What stands for a place or a number may begin or end with anything.
    assert wrong({key: re.sub(r"https?://\S+|%\(\w+\)[sd]", "x", words) for key, words in said.items()}) == []


def test_the_site_texts_in_french_set_their_marks() -> None:
    texts = json.loads((ROOT / "home/data/site_texts.json").read_text(encoding="utf-8"))["fr"]
    assert wrong({key: re.sub(r"<[^>]+>", "", words) for key, words in texts.items()}) == []
