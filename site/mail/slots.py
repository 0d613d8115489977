"""Named places in the words of a mail to many, filled for each recipient: only those on the list, each made safe.

While a variant is rendered each name stands for a token: letters and digits that templates, MJML and escaping leave
alone and nobody can guess. Each filling is then made safe for where its token stands.
"""

import re
import secrets
from collections.abc import Collection, Iterator, Mapping
from html import escape

from mail import headers

# What may be filled in: a person's name, and addresses of our own pages.
NAMES = ("to_name", "unsubscribe_url", "preferences_url", "own_url")
_IS_ADDRESS = frozenset({"unsubscribe_url", "preferences_url", "own_url"})
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&()*+,;=%\[\]-]+")
# New in each process: what an editor types cannot look like it.
_SECRET = secrets.token_hex(8)
_TOKEN = re.compile(rf"{_SECRET}z(\d)z")


class BadSlot(ValueError):
    """A template or a filling misuses a slot."""


def tokens(names: Collection[str]) -> dict[str, str]:
    """Return what stands in templates for each of the names; those without a filling are empty there."""
    if unknown := set(names) - set(NAMES):
        raise BadSlot(f"No slot is called {min(unknown)!r}.")
    return {name: f"{_SECRET}z{number}z" if name in names else "" for number, name in enumerate(NAMES)}


def split(text: str) -> Iterator[tuple[str, str]]:
    """Yield (words, name of the slot behind them); the last name is empty."""
    parts = _TOKEN.split(text)
    for words, number in zip(parts[::2], [*parts[1::2], ""], strict=True):
        if _SECRET in words.casefold():
            raise BadSlot("A template changes a slot, with a filter perhaps: it cannot be filled.")
        yield words, NAMES[int(number)] if number else ""


def made_safe(fillings: Mapping[str, str]) -> dict[str, str]:
    """Return fillings as plain text of one line; raises BadSlot for what may not be filled in."""
    safe = {}
    for name, value in fillings.items():
        if name not in NAMES:
            raise BadSlot(f"No slot is called {name!r}.")
        if name in _IS_ADDRESS and value and not _ADDRESS.fullmatch(value):
            raise BadSlot(f"The slot {name!r} takes the address of a page.")
        safe[name] = headers.clean(value)
    return safe


def filled(safe: Mapping[str, str]) -> frozenset[str]:
    """Return the names of the slots that are not empty; which they are decides on the variant."""
    return frozenset(name for name, value in safe.items() if value)


def fill(text: str, safe: Mapping[str, str], *, as_html: bool = False) -> str:
    """Return the text with its tokens replaced by fillings from `made_safe`."""
    filled = []
    for words, name in split(text):
        value = safe[name] if name else ""
        filled += [words, escape(value) if as_html else value]
    return "".join(filled)


def named(text: str) -> str:
    """Return the text with its tokens as names in brackets, to be kept and shown."""
    return "".join(words + (f"[[{name}]]" if name else "") for words, name in split(text))


def shown(text: str, to_name: str, *, as_html: bool = False) -> str:
    """Return kept words with the person's name, and an ellipsis for addresses that are theirs alone."""
    text = text.replace("[[to_name]]", escape(to_name) if as_html else to_name)
    return re.sub("|".join(re.escape(f"[[{name}]]") for name in NAMES[1:]), "…", text)
