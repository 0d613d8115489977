"""The slot for cohorts that can be joined: the app that knows them fills it, in gkec/wiring.py and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Offer:
    """A cohort as an issue shows it; `note` says when it begins and whether there is room, in words."""

    title: str
    url: str
    language: str
    note: str = ""


Provider = Callable[[int, str, HttpRequest | None], list[Offer]]

_slot: dict[str, Provider] = {}


def fill(provider: Provider) -> None:
    """Let `provider(count, language, request)` answer the open cohorts from now on, the next to begin first."""
    _slot["cohorts"] = provider


def open_cohorts(count: int, *, language: str, request: HttpRequest | None = None) -> list[Offer]:
    """Return at most `count` cohorts that can be joined; none where no app has filled the slot."""
    return _slot["cohorts"](count, language, request)[:count] if "cohorts" in _slot else []
