"""The parts that pages are made of: each a template, a stylesheet and examples that show and test it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import override

FOLDER = "components"
_numbers = count(1)


@dataclass(frozen=True)
class Example:
    """One way to use a component: what it is called, the page's language and the context it gets."""

    name: str
    language: str
    context: dict[str, Any]


@dataclass(frozen=True)
class Component:
    """A component by its name; what it needs is found beside its template."""

    name: str

    @property
    def template(self) -> str:
        return f"{FOLDER}/{self.name}.html"

    @property
    def example_file(self) -> Path:
        return _templates() / f"{self.name}.json"

    @property
    def stylesheet(self) -> Path:
        return Path(settings.STATICFILES_DIRS[0]) / "css" / FOLDER / f"{self.name}.css"

    @cached_property
    def _data(self) -> dict[str, Any]:
        return json.loads(self.example_file.read_text("utf-8"))

    @property
    def title(self) -> str:
        return self._data["title"]

    @property
    def description(self) -> str:
        return self._data["description"]

    @property
    def parameters(self) -> dict[str, str]:
        """What each name of the context means."""
        return self._data["parameters"]

    @property
    def examples(self) -> list[Example]:
        """The examples as their file gives them, in order."""
        return [Example(item["name"], item["language"], item["context"]) for item in self._data["examples"]]

    def render(self, example: Example, request=None) -> str:
        """Return the example as HTML, in the language of its page."""
        with override(example.language):
            return render_to_string(self.template, parse(example.context), request)


def _templates() -> Path:
    return Path(settings.ROOT) / "templates" / FOLDER


def every() -> list[Component]:
    """Return all components by name; one exists as soon as its template or its stylesheet does."""
    styles = Path(settings.STATICFILES_DIRS[0]) / "css" / FOLDER
    names = {path.stem for path in _templates().glob("*.html")} | {path.stem for path in styles.glob("*.css")}
    return [Component(name) for name in sorted(names)]


def described() -> list[Component]:
    """Return the components that have examples; the system check names the others."""
    return [component for component in every() if component.example_file.is_file()]


def parse(value: Any) -> Any:
    """Return what JSON cannot say: moments from ISO strings, and what a dictionary with a `$` key stands for.

    `$html` is safe HTML; `$form` and `$field` are the example form and one of its fields, refused if `invalid` is true.
    """
    if isinstance(value, list):
        return [parse(item) for item in value]
    if isinstance(value, str):
        return _moment(value)
    if isinstance(value, dict):
        stand_in = next((key for key in value if key.startswith("$")), None)
        return _STAND_INS[stand_in](value) if stand_in else {key: parse(item) for key, item in value.items()}
    return value


def _moment(text: str) -> date | datetime | str:
    if len(text) < 10 or text[4:5] != "-" or text[7:8] != "-":
        return text
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return text


def _form(value: dict[str, Any]):
    # Imported late: forms translate their labels, which needs the apps to be ready.
    from core.example_form import ExampleForm

    # Several examples stand on one page: each needs ids of its own.
    return ExampleForm({} if value.get("invalid") else None, auto_id=f"example-{next(_numbers)}-%s")


_STAND_INS: dict[str, Callable[[dict[str, Any]], Any]] = {
    # Written by the project beside the template, never by a visitor.
    "$html": lambda value: mark_safe(value["$html"]),  # noqa: S308
    "$form": _form,
    "$field": lambda value: _form(value)[value["$field"]],
}


def reference() -> str:
    """Return the table of all components and their parameters in Markdown, as `docs/components.md` holds it."""
    lines = []
    for component in described():
        lines += [f"### {component.title}", "", f"`{component.template}`: {component.description}", ""]
        lines += ["| parameter | meaning |", "|---|---|"]
        lines += [f"| `{name}` | {meaning} |" for name, meaning in component.parameters.items()]
        lines.append("")
    return "\n".join(lines)
