"""Slots of the section pages: what an app knows about a section, shown beneath its words."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

# section slug -> (template, function that gives the template's context)
_SLOTS: dict[str, tuple[str, Callable[[HttpRequest], dict[str, Any]]]] = {}


def fill(section: str, *, template: str, context: Callable[[HttpRequest], dict[str, Any]]) -> None:
    """Show `template` with `context(request)` on the page of `section`; a later call replaces an earlier one."""
    _SLOTS[section] = (template, context)


def slot(section: str, request: HttpRequest) -> dict[str, Any]:
    """Return `slot_template` and the context it needs, or nothing where no app has filled the slot."""
    if section not in _SLOTS:
        return {}
    template, context = _SLOTS[section]
    return {"slot_template": template, **context(request)}
