"""The one registry of personal data: what each app keeps about people, for how long, and how it is found and erased.

An app registers its kinds from `AppConfig.ready`; purge, export, erasure, the preview for staff and the tests of the
privacy notice all read them from here. Erasing goes from the upper apps down, the account last.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

Words = str | Promise
YEAR = 365
ERASED = _("Personal data erased")


class Erasable(Protocol):
    """A row about somebody that stays for the figures when they are erased."""

    name: str
    email: str
    erased_at: datetime | None


def shown_name(row: Erasable) -> Words:
    """Return the name of whom a row is about, or that it has been erased."""
    return ERASED if row.erased_at else row.name


def shown_address(row: Erasable) -> str:
    """Return the address of whom a row is about; the one that stands for erased people is nobody's to read."""
    return "" if row.erased_at else row.email


@dataclass(frozen=True)
class Subject:
    """Whom a request is about: an account, addresses known to be theirs, or both.

    An address counts only where a row belongs to no account: otherwise whoever takes over an old address would
    take over what another account did under it.
    """

    person_id: int | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """When data go by themselves (GDPR Article 5(1)(e)).

    `setting` holds the days; `moment` is the column from which they count. `overdue` gets the moment before which
    everything goes and returns the rows; `forget` gets their keys, locked, inside a transaction of its own, and must
    leave none of them overdue.
    """

    setting: str
    sentence: Words
    moment: str
    overdue: Callable[[datetime], QuerySet]
    forget: Callable[[list[Any]], object]

    @property
    def days(self) -> int:
        """How many days the data are kept."""
        return getattr(settings, self.setting)

    def rows(self, now: datetime) -> QuerySet:
        """Return what is overdue at a moment."""
        return self.overdue(now - timedelta(days=self.days))

    def in_words(self) -> str:
        """Return the sentence in the active language, with the period."""
        return str(self.sentence) % {"period": period(self.days)}


@dataclass(frozen=True)
class Column:
    """One thing that an export shows of a row: a path of fields, or a function with a label of its own."""

    path: str
    label: Words = ""
    value: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Kind:
    """One kind of personal data.

    `models` are the labels of all models that it covers; the first is exported, by `find` and `columns`. `erase`
    returns how many rows it erased; without it the rows go with the account. `stays` says what is kept and why.
    `order` says when its erasure comes: upper apps first, since they write mails, the account last. `addresses` returns
    every address that its rows hold, so that erasures can be repeated of which only hashes are known.
    """

    name: str
    label: Words
    about: Words
    models: tuple[str, ...]
    find: Callable[[Subject], QuerySet]
    columns: tuple[str | Column, ...]
    rules: tuple[Rule, ...] = ()
    erase: Callable[[Subject], int] | None = None
    stays: Words = ""
    order: int = field(default=50)
    addresses: Callable[[], QuerySet[Any, str]] | None = None

    def rows(self, subject: Subject) -> Iterator[list[tuple[str, str, Any, Any]]]:
        """Yield each row about somebody as (name, label, value, value in words), the oldest first."""
        found = self.find(subject)
        columns = [Column(one) if isinstance(one, str) else one for one in self.columns]
        labels = [str(one.label or _label(found.model, one.path)) for one in columns]
        for row in found.order_by("pk").iterator(chunk_size=500):
            yield [(column.path, label, *_value(row, column)) for column, label in zip(columns, labels, strict=True)]


_kinds: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Make kinds of personal data known; a second one of the same name is a mistake in the program."""
    for kind in kinds:
        if kind.name in _kinds:
            raise ValueError(f"A kind of personal data called {kind.name!r} is registered already.")
        _kinds[kind.name] = kind


def kinds() -> list[Kind]:
    """Return all kinds in the order in which they are erased."""
    return sorted(_kinds.values(), key=lambda kind: (kind.order, kind.name))


def get(name: str) -> Kind:
    """Return one kind by name, or raise KeyError."""
    return _kinds[name]


def covered_models() -> set[str]:
    """Return the labels of all models that some kind covers."""
    return {label for kind in _kinds.values() for label in kind.models}


def period(days: int) -> str:
    """Return a number of days in the active language, as whole years where it is that."""
    if days and days % YEAR == 0:
        years = days // YEAR
        return ngettext("%(number)d year", "%(number)d years", years) % {"number": years}
    return ngettext("%(number)d day", "%(number)d days", days) % {"number": days}


def _label(model: Any, path: str) -> Words:
    *relations, last = path.split("__")
    for name in relations:
        model = model._meta.get_field(name).related_model
    try:
        return model._meta.get_field(last).verbose_name
    except FieldDoesNotExist:
        return last


def _value(row: Any, column: Column) -> tuple[Any, Any]:
    """Return a value as it is stored, and as a person reads it."""
    if column.value is not None:
        value = column.value(row)
        return value, value
    *relations, last = column.path.split("__")
    for name in relations:
        row = getattr(row, name, None)
        if row is None:
            return None, None
    value = getattr(row, last)
    if isinstance(value, Model):
        return str(value), str(value)
    shown = getattr(row, f"get_{last}_display", None)
    return value, str(shown()) if shown else value
