"""The documentation names tests and modules that exist: what proves a promise must not be renamed under it."""

import re
from pathlib import Path

import pytest

from gkec.environment import ROOT

FOLDERS = ("docs", "docs/adr")
DOCUMENTS = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.md"))
NAMED = re.compile(r"`([\w./-]+\.py)`")
OWN_ROOTS = ("site", "home", "learning", "newsletter", "events", "municipalities", "search", "tests")
SOURCES = {f"/{path.relative_to(ROOT)}" for root in OWN_ROOTS for path in (ROOT / root).rglob("*.py")}


def missing(text: str) -> set[str]:
    """Return what a text names and nobody finds: a test by its whole path, a module as far as it is written out."""
    return {
        name
        for name in NAMED.findall(text)
        if not (
            f"/{name}" in SOURCES if name.startswith("tests/") else any(one.endswith(f"/{name}") for one in SOURCES)
        )
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_module_and_test_that_a_document_names_is_there(document: Path) -> None:
    assert missing(document.read_text("utf-8")) == set()


def test_what_is_not_there_is_found() -> None:
    text = "`tests/mail/test_rates.py`, `mail/rates.py`, `tests/test_rates.py`, `mail/speeds.py`, `python site/x.py`"
    assert missing(text) == {"tests/test_rates.py", "mail/speeds.py"}


def test_each_promise_and_each_failure_names_what_proves_it() -> None:
    text = (ROOT / "docs/reliability.md").read_text("utf-8")
    _before, _heading, promises = text.partition("\n## The promises\n")
    promised = re.split(r"\n(?=\d+\. )", promises.partition("\n## ")[0])[1:]
    _before, _heading, table = text.partition("\n| failure | what happens | proved by |\n|---|---|---|\n")
    failures = [row.rpartition(" | ")[2] for row in table.partition("\n\n")[0].splitlines()]
    assert (len(promised) >= 9, len(failures) >= 60) == (True, True)
    assert [one for one in [*promised, *failures] if "`tests/" not in one] == []
