"""What a migration must not do while the release before it still serves people.

In a rolling upgrade the migrations run first and the old code goes on for minutes beside the new schema. So what the old
code reads stays, what it writes stays enough, and no statement holds a big table. What must go, goes a release later,
when no running code knows it any more.
"""

import re
from collections.abc import Iterator

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, RemoveIndexConcurrently
from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED

# Tables that grow with people and mail: a statement that reads or locks one of them whole is felt.
BIG = {
    "mail.message",
    "mail.attempt",
    "mail.report",
    "events.registration",
    "events.registrationchange",
    "events.reminder",
    "events.attendance",
    "accounts.user",
    "accounts.consentrecord",
}
_GONE = (
    operations.RemoveField,
    operations.DeleteModel,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
)
_SCHEMA = (operations.AddField, operations.AlterField, operations.AddIndex, operations.AddConstraint, *_GONE)
_LOCKING = (operations.AddIndex, operations.AddConstraint)
_GENTLE = (AddIndexConcurrently, AddConstraintNotValid)
# In the words of SQL: what takes away, what rewrites, what reads a whole table under a lock.
_SQL = {
    "takes away what the running release reads": r"\bDROP\s+(TABLE|COLUMN|VIEW)\b|\bRENAME\b|\bTRUNCATE\b",
    "rewrites a column under the running release": r"\bALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE\b|\bSET\s+NOT\s+NULL\b",
    "makes an index without CONCURRENTLY": r"\bCREATE\s+(UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)",
    "adds a constraint without NOT VALID": r"\bADD\s+CONSTRAINT\b(?![^;]*\bNOT\s+VALID\b)",
}


def problems(migration: Migration, before: ProjectState) -> list[str]:
    """Return what is unsafe in a migration, one sentence each; `before` is the state that it meets."""
    state = before.clone()
    made_here: set[str] = set()
    found = []
    for operation in _flat(migration.operations):
        found += [f"{operation.describe()}: {words}" for words in _of(operation, migration, state, made_here)]
        if isinstance(operation, operations.CreateModel):
            made_here.add(f"{migration.app_label}.{operation.name_lower}")
        operation.state_forwards(migration.app_label, state)
    if _fills_and_builds(migration, made_here):
        found.append("Data and schema change in one transaction: fill in a migration of its own, in batches.")
    return found


def _flat(given: list[Operation]) -> Iterator[Operation]:
    for operation in given:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            # What happens in the database counts; the state is told to forget only once nothing reads it.
            yield from _flat(operation.database_operations)
        else:
            yield operation


def _model(operation: Operation, migration: Migration) -> str:
    name = getattr(operation, "model_name", None) or getattr(operation, "name", "")
    return f"{migration.app_label}.{str(name).lower()}"


def _of(operation: Operation, migration: Migration, state: ProjectState, made_here: set[str]) -> Iterator[str]:
    model = _model(operation, migration)
    if isinstance(operation, operations.RunSQL):
        yield from _of_sql(operation)
    if model in made_here or isinstance(operation, RemoveIndexConcurrently):
        return
    if isinstance(operation, _GONE):
        yield "takes away what the running release reads"
    elif isinstance(operation, operations.AddField):
        yield from _of_new(operation.field, is_big=model in BIG)
    elif isinstance(operation, operations.AlterField):
        old = state.models[migration.app_label, operation.model_name_lower].fields[operation.name]
        yield from _of_changed(old, operation.field)
    elif model in BIG and isinstance(operation, _LOCKING) and not isinstance(operation, _GENTLE):
        yield "locks a big table: use AddIndexConcurrently, or AddConstraintNotValid and ValidateConstraint"
    if isinstance(operation, operations.AddConstraint) and _may_refuse(operation.constraint, migration):
        yield "refuses what the running release, or the one put back, may write: demand it a release later"


def _may_refuse(constraint: models.BaseConstraint, migration: Migration) -> bool:
    """Whether a constraint is new and speaks only of columns that the running release writes.

    Whether one that takes the place of another of its name is the wider of the two, somebody has to read.
    """
    flat = list(_flat(migration.operations))
    replaced = {one.name for one in flat if isinstance(one, operations.RemoveConstraint)}
    added = {one.name for one in flat if isinstance(one, operations.AddField)}
    named = {*getattr(constraint, "fields", ()), *_looked_up(getattr(constraint, "condition", None))}
    return constraint.name not in replaced and not named & added


def _looked_up(condition: models.Q | None) -> Iterator[str]:
    for child in condition.children if condition else ():
        if isinstance(child, models.Q):
            yield from _looked_up(child)
        elif isinstance(child, tuple):
            yield child[0].split("__")[0]


def _of_new(field: models.Field, *, is_big: bool) -> Iterator[str]:
    if isinstance(field, models.ManyToManyField):
        return
    if isinstance(field, models.GeneratedField):
        yield "rewrites the whole table under a lock"
    elif not field.null and field.db_default is NOT_PROVIDED:
        yield "the running release cannot insert rows without it: give it null=True or a db_default"
    if is_big and (field.unique or field.db_index):
        yield "makes an index of a big table under a lock: add it without one, then AddIndexConcurrently"


def _of_changed(old: models.Field, new: models.Field) -> Iterator[str]:
    if (old.get_internal_type(), old.db_column) != (new.get_internal_type(), new.db_column):
        yield "rewrites a column under the running release"
    elif (old.max_length or 0) > (new.max_length or 0) and new.max_length is not None:
        yield "makes a column shorter than what the running release writes"
    if old.null and not new.null:
        yield "the running release may still write NULL, and every row is read under a lock"
    if (new.unique and not old.unique) or (new.db_index and not old.db_index):
        yield "makes an index under a lock: use AddIndexConcurrently"


def _of_sql(operation: operations.RunSQL) -> Iterator[str]:
    statements = operation.sql if isinstance(operation.sql, list | tuple) else [operation.sql]
    text = ";".join(one if isinstance(one, str) else one[0] for one in statements)
    for words, pattern in _SQL.items():
        if re.search(pattern, text, re.IGNORECASE):
            yield words


def _fills_and_builds(migration: Migration, made_here: set[str]) -> bool:
    flat = list(_flat(migration.operations))
    builds = any(isinstance(one, _SCHEMA) and _model(one, migration) not in made_here for one in flat)
    fills = any(isinstance(one, operations.RunPython) or _updates(one) for one in flat)
    return builds and fills and migration.atomic


def _updates(operation: Operation) -> bool:
    return isinstance(operation, operations.RunSQL) and bool(
        re.search(r"^\s*(UPDATE|DELETE)\b", str(operation.sql), re.IGNORECASE | re.MULTILINE)
    )
