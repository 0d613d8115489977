"""Pages about memberships as their readers find them: the words, and what a page's one form would post."""

import re
from typing import Any

from bs4 import BeautifulSoup


def page(answer: Any) -> BeautifulSoup:
    """Return the page that was answered."""
    return BeautifulSoup(answer.content.decode(), "html.parser")


def words(found: Any) -> str:
    """Return the words of a page or of a part of it, without the marks that isolate names."""
    return re.sub(r"\s+", " ", re.sub("[\u2066\u2068\u2069]", "", found.get_text(" "))).strip()


def sent_on(answer: Any) -> dict[str, str]:
    """Return what the one form of the page would post."""
    fields = page(answer).select("main form [name]")
    return {one["name"]: one.get("value", "") for one in fields if one["name"] != "csrfmiddlewaretoken"}
