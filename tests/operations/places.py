"""A second, empty place to restore into: a database of its own and a folder for the media."""

import contextlib
import hashlib
import re
from collections.abc import Iterator

from django.db import connection
from psycopg import sql

from tests.services.database import use
from tests.services.sessions import maintenance


@contextlib.contextmanager
def empty_database() -> Iterator[str]:
    """Point Django at an empty database of the same server until the end of the block."""
    before = connection.settings_dict["NAME"]
    name = f"{before}_restored"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with maintenance() as admin:
        admin.execute(drop)
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        use(name)
        try:
            yield name
        finally:
            use(before)
            admin.execute(drop)


def hashes_of_all_rows() -> dict[str, str]:
    """Return a SHA-256 of the sorted rows of each table, written another way than the manifest's sums."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'")
        tables = cursor.fetchall()
        cursor.execute("SET TimeZone = 'UTC'")
        for schema, table in tables:
            rows = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(schema, table))
            with connection.connection.cursor().copy(rows) as copy:
                content = b"".join(bytes(block) for block in copy)
            found[f"{schema}.{table}"] = hashlib.sha256(b"\n".join(sorted(content.split(b"\n")))).hexdigest()
    return found


def shape_of_the_schema() -> dict[str, list[tuple[str, ...]]]:
    """Return what PostgreSQL knows beside rows: columns, constraints, indexes, triggers, functions, sequences."""
    queries = {
        "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default"
        " FROM information_schema.columns WHERE table_schema = 'public'",
        "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated"
        " FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "triggers": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        "sequences": "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'",
        "extensions": "SELECT extname, extversion FROM pg_extension",
    }
    with connection.cursor() as cursor:
        shape = {}
        for name, query in queries.items():
            cursor.execute(query)
            shape[name] = sorted(tuple(_plain(value) for value in row) for row in cursor.fetchall())
    return shape


def _plain(value: object) -> str:
    # PostgreSQL writes a condition that it has read once more with other casts and parentheses.
    return re.sub(r"::[a-z ]+(\[\])?|[()]", "", str(value))
