"""How the site is, in sentences: each app registers checks, whoever asks gets what they found.

    health.register("mail", health.Section.MAIL, check)

A check yields findings; what is well may be told too. The admin's page, `mail_doctor` and others show the same.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import Promise

logger = logging.getLogger(__name__)


class Level(models.TextChoices):
    """Ordered from well to ill; trouble needs a hand now, attention a look."""

    OK = "ok", gettext_lazy("ok")
    ATTENTION = "attention", gettext_lazy("attention")
    TROUBLE = "trouble", gettext_lazy("trouble")


class Section(StrEnum):
    SERVICES = "services"
    WORK = "work"
    MAIL = "mail"


@dataclass(frozen=True)
class Finding:
    """One sentence about one thing; `name` is the same in every language, `advice` says what to do, `url` where."""

    name: str
    level: Level
    sentence: str
    advice: str = ""
    url: str = ""


@dataclass(frozen=True)
class Figure:
    """One figure of those that /metrics counts, in the reader's words; `name` is the same in every language."""

    name: str
    label: str
    value: str


Check = Callable[[], Iterable[Finding]]
Figures = Callable[[], Iterable[Figure]]

_registered: dict[str, tuple[Section, Check]] = {}
_figures: list[Figures] = []


def register(name: str, section: Section, check: Check) -> None:
    """Make a check known; those of SERVICES are asked first, and the others not at all without the database."""
    _registered[name] = (section, check)


def register_figures(figures: Figures) -> None:
    """Make an app's figures known."""
    _figures.append(figures)


def figures() -> list[Figure]:
    """Return all figures; none of an app whose figures cannot be read, which a finding tells better."""
    found: list[Figure] = []
    for read in _figures:
        try:
            found += read()
        except Exception:
            logger.exception("Figures of the site's health could not be read.")
    return found


def findings(sections: Iterable[Section] = tuple(Section)) -> list[tuple[Section, Finding]]:
    """Return what the checks of these sections find, in the sections' order."""
    found: list[tuple[Section, Finding]] = []
    for section in sections:
        if any(one.name == "database" and one.level is Level.TROUBLE for _section, one in found):
            # Whatever else is asked needs the database; its silence is the finding.
            break
        found += [(section, one) for one in _of(section)]
    return found


def worst(found: Iterable[Finding]) -> Level:
    """Return the level of the worst finding; ok without any."""
    order = list(Level)
    return max((one.level for one in found), key=order.index, default=Level.OK)


def _of(section: Section) -> Iterator[Finding]:
    for name, (where, check) in _registered.items():
        if where is section:
            yield from _guarded(name, check)


def _guarded(name: str, check: Check) -> list[Finding]:
    try:
        return list(check())
    except Exception as problem:
        # The page about trouble must not be what is in trouble.
        logger.exception("The check %s could not be made.", name)
        sentence = _("This could not be looked at (%(problem)s).") % {"problem": type(problem).__name__}
        return [Finding(name, Level.TROUBLE, sentence, _("The log has the reason."))]


LABELS: "dict[Section, str | Promise]" = {
    Section.SERVICES: gettext_lazy("Services"),
    Section.WORK: gettext_lazy("Work in the background"),
    Section.MAIL: gettext_lazy("Mail"),
}
