"""Rows by statements written once: where many ask at once, building a query costs more than running it."""

from functools import cache
from typing import Any, TypeVar

from django.db import connection, models

Model = TypeVar("Model", bound=models.Model)


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
def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]
