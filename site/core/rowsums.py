"""One figure for the rows of each table, so that what was restored can be compared with what was backed up."""

from dataclasses import asdict, dataclass

from django.db import connection

# What a row looks like as text depends on these, which differ from server to server.
_WRITTEN_ALIKE = (
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
)
_TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    ORDER BY 1, 2
"""
# Added up, so that no order is needed; MD5, since PostgreSQL's own hashes may change from version to version. The alias
# is one that no column has: otherwise it would mean the column.
_SUM = """
    SELECT count(*), coalesce(sum(('x' || left(md5("the row"::text), 16))::bit(64)::bigint::numeric), 0)
    FROM {} AS "the row"
"""


@dataclass(frozen=True)
class RowSum:
    """How many rows a table has, and the sum of their hashes."""

    rows: int
    hashes: str

    def as_json(self) -> dict[str, object]:
        """Return what the manifest keeps."""
        return asdict(self)


def tables() -> list[tuple[str, str]]:
    """Return schema and name of each table that is not PostgreSQL's own or an extension's."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return cursor.fetchall()


def of_all_tables() -> dict[str, RowSum]:
    """Return a sum for each table of the database, by its full name; call it in a transaction of its own."""
    sums = {}
    with connection.cursor() as cursor:
        for setting in _WRITTEN_ALIKE:
            cursor.execute(setting)
        for schema, table in tables():
            name = f"{connection.ops.quote_name(schema)}.{connection.ops.quote_name(table)}"
            cursor.execute(_SUM.format(name))
            rows, hashes = cursor.fetchone()
            sums[f"{schema}.{table}"] = RowSum(rows, str(hashes))
    return sums


def differing(one: dict[str, RowSum], other: dict[str, RowSum]) -> list[str]:
    """Return the names of tables that are not the same in both, in order."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
