"""Rows by statements written once: where many ask at once, building a query costs more than running it."""

from functools import cache
from typing import TypeVar

from django.db import connection, models

Model = TypeVar("Model", bound=models.Model)


def one(model: type[Model], where: str, values: list[object], *, ending: str = "", **more: str) -> Model | None:
    """Return the first row of `model` that fits the condition, with `more` as attributes, or None.

    `where`, `ending` and `more` are SQL of our own, in which the table is called `row`; what people say comes in
    `values` alone.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement(model, where, ending=ending, **more), values)
        found = cursor.fetchone()
    return None if found is None else instance(model, found, *more)


def many(model: type[Model], where: str, values: list[object]) -> list[Model]:
    """Return every row of `model` that fits the condition, in no order."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(model, where, "", (), limit=""), values)
        return [instance(model, found) for found in cursor.fetchall()]


def statement(model: type[models.Model], where: str, *, ending: str = "", **more: str) -> str:
    """Return the statement that reads one row, to be sent together with others."""
    return _statement(model, where, ending, tuple(more.items()))


def instance(model: type[Model], found: tuple, *more: str) -> Model:
    """Return the instance that a row read by such a statement stands for."""
    names = _names(model)
    made = model.from_db(connection.alias, names, found[: len(names)])
    for name, value in zip(more, found[len(names) :], strict=True):
        setattr(made, name, value)
    return made


@cache
def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _statement(
    model: type[models.Model], where: str, ending: str, more: tuple[tuple[str, str], ...], limit: str = "LIMIT 1"
) -> str:
    columns = [f'row."{field.column}"' for field in model._meta.concrete_fields]
    columns += [f"{sql} AS {name}" for name, sql in more]
    table = model._meta.db_table
    return f'SELECT {", ".join(columns)} FROM "{table}" AS row WHERE {where} {limit} {ending}'  # noqa: S608
