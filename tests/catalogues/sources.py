"""Finds every translatable string in code and templates, without GNU gettext, which a bare machine lacks."""

import ast
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
CODE = ["site", "events", "learning", "newsletter", "municipalities", "home", "search"]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
STRING = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
IN_TEMPLATE = re.compile(
    rf"\b(?P<function>_|gettext|ngettext|pgettext|npgettext)\(\s*(?P<arguments>{STRING}(?:\s*,\s*{STRING})*)", re.DOTALL
)


def messages() -> set[tuple[str, str]]:
    """Return (context, message) of every translatable string; the context is mostly empty."""
    return {*in_code(), *in_templates()}


def in_code() -> Iterator[tuple[str, str]]:
    """Yield what Python files mark for translation."""
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            content = path.read_bytes()
            # Whatever the function is called in a file, its own name stands where it is imported.
            if "migrations" in path.parts or b"gettext" not in content:
                continue
            for _line, function, found, _comments in extract_python(BytesIO(content), KEYWORDS, [], {}):
                yield from _of_call(function, found if isinstance(found, tuple) else (found,))


def in_templates() -> Iterator[tuple[str, str]]:
    """Yield what templates mark for translation."""
    folders = [ROOT / "templates", *(path for folder in CODE for path in (ROOT / folder).rglob("templates"))]
    for folder in folders:
        for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.txt"), *folder.rglob("*.mjml")]):
            source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
            for match in IN_TEMPLATE.finditer(source):
                arguments = [ast.literal_eval(one) for one in re.findall(STRING, match["arguments"], re.DOTALL)]
                yield from _of_call(match["function"], tuple(arguments))


def _of_call(function: str, arguments: tuple) -> Iterator[tuple[str, str]]:
    if "npgettext" in function or "pgettext" in function:
        context, message = arguments[0], arguments[1] if len(arguments) > 1 else None
    else:
        context, message = "", arguments[0]
    if message:
        yield context or "", message
