"""Rows by statements written once: where many ask at once, building a query costs more than running it."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeVar

from django.db import connection, models

Model = TypeVar("Model", bound=models.Model)

# Stands for the value of each call while Django writes the statement; no address or name holds this character.
_GAP = "\ufffe"


class _Written(NamedTuple):
    """What Django made of a queryset."""

    model: type[Any]
    sql: str
    values: tuple[Any, ...]
    annotations: tuple[str, ...]


def asked(asking: Callable[[str], models.QuerySet[Model]], value: str) -> Model | None:
    """Return the one row that `asking(value)` finds, or None; Django writes its statement once, not each time.

    `asking` is a function of a module. Its queryset must differ by the value alone, and read whole rows of one model
    that need no converting, with annotations if need be, but nothing of related rows.
    """
    written = _written(asking)
    with connection.cursor() as cursor:
        cursor.execute(written.sql, [value if one == _GAP else one for one in written.values])
        found = cursor.fetchone()
    if found is None:
        return None
    width = len(found) - len(written.annotations)
    row = instance(written.model, found[:width])
    for name, one in zip(written.annotations, found[width:], strict=True):
        setattr(row, name, one)
    return row


def one(model: type[Model], where: str, values: list[Any], *, ending: str = "") -> Model | None:
    """Return the first row of `model` that fits the condition, or None.

    `where` and `ending` are SQL of our own, in which the table is called `row`; what people say comes in `values`
    alone.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement(model, where, ending), values)
        found = cursor.fetchone()
    return None if found is None else instance(model, found)


def instance(model: type[Model], found: tuple[Any, ...]) -> Model:
    """Return the instance that a row read by such a statement stands for."""
    return model.from_db(connection.alias, _names(model), found)


@cache
def statement(model: type[models.Model], where: str, ending: str = "") -> str:
    """Return the statement that reads one row, to be sent together with others."""
    columns = ", ".join(f'row."{field.column}"' for field in model._meta.concrete_fields)
    return f'SELECT {columns} FROM "{model._meta.db_table}" AS row WHERE {where} LIMIT 1 {ending}'  # noqa: S608


@cache
def _written(asking: Callable[[str], models.QuerySet]) -> _Written:
    query = asking(_GAP).order_by()[:1].query
    sql, values = query.sql_with_params()
    return _Written(asking(_GAP).model, sql, tuple(values), tuple(query.annotation_select))


@cache
def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]
