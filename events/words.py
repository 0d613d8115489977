"""Words that staff write for mails: in each language a subject and a text, with a few slots that are filled safely."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from core import languages
from core.text import single_line

# A slot is replaced by a value, never interpreted: str.format would let "{title.__class__}" look into the program.
SLOT = re.compile(r"\{([^{}\n]{0,40})\}")
SLOTS = ("name", "title", "when")


@dataclass(frozen=True, slots=True)
class Words:
    """A subject and a text in one language."""

    language: str
    subject: str
    text: str


def unknown_slots(text: str) -> list[str]:
    """Return what stands in braces and is no slot, in order, each once."""
    return list(dict.fromkeys(name for name in SLOT.findall(text) if name not in SLOTS))


def choose(words: Mapping[str, Mapping[str, str]], language: str) -> Words | None:
    """Return the words in `language`, or else those that stand in for them, or None where staff wrote none."""
    for code in languages.fallback_chain(language):
        if (found := words.get(code)) and found.get("text"):
            return Words(code, found.get("subject", ""), found["text"])
    return None


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its slots filled; what is filled in is not looked at again."""
    return SLOT.sub(lambda slot: values.get(slot[1], slot[0]), text)


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, each as one line: blank lines part them, single line ends are blanks.

    Overrides and isolates are dropped, so that every isolate in a paragraph is one that was put around a value.
    """
    parts = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").strip())
    return [line for part in parts if (line := single_line(part))]
