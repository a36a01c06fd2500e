"""Compares two generations of a read model row by row: every table, both ways, within the caller's snapshot."""

from collections.abc import Mapping

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier

from domain import Value

BOOKKEEPING = ("positions", "parked", "parked_keys")
EXAMPLES = 5


class Difference(Value):
    """What one table has in one generation and not in the other: how many rows, and the keys of the first ones.

    Only keys are shown: the rest of a row may be somebody's name. `what` tells of a table or column that is missing.
    """

    table: str
    only_in: str
    rows: int = 0
    keys: tuple[str, ...] = ()
    what: str = ""

    def __str__(self) -> str:
        if self.what:
            return f"{self.table}: {self.what} only in {self.only_in}"
        return f"{self.table}: {self.rows} rows only in {self.only_in}, the first: {' '.join(self.keys)}"


class Layout(Value):
    """A table's columns with their types, and the names of its primary key (of all columns where it has none)."""

    columns: frozenset[tuple[str, str]]
    key: tuple[str, ...]


def compare(db: Connection, schema: str, other: str) -> list[Difference]:
    """Every difference between the read model's tables in two schemas; positions and parked keys are not compared.

    Columns that only one side has are a difference, and the others are compared. Run it in one snapshot.
    """
    left, right = layouts(db, schema), layouts(db, other)
    found = [_missing(table, schema) for table in sorted(left.keys() - right.keys())]
    found += [_missing(table, other) for table in sorted(right.keys() - left.keys())]
    for table in sorted(left.keys() & right.keys()):
        found += _columns_missing(table, (schema, left[table]), (other, right[table]))
        shared = sorted(left[table].columns & right[table].columns)
        for one, two in ((schema, other), (other, schema)):
            found += _rows_missing(db, table, (one, two), Layout(frozenset(shared), left[table].key))
    return found


def layouts(db: Connection, schema: str) -> Mapping[str, Layout]:
    """The read model's tables in a schema."""
    rows = (
        db.cursor(row_factory=tuple_row)
        .execute(
            """
        select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), coalesce(a.attnum = any(i.indkey), false)
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_index i on i.indrelid = c.oid and i.indisprimary
        where c.relnamespace = to_regnamespace(%s) and c.relkind in ('r', 'p') and c.relname <> all(%s)
        order by c.relname, a.attnum""",
            (schema, list(BOOKKEEPING)),
        )
        .fetchall()
    )
    found: dict[str, Layout] = {}
    for table in dict.fromkeys(row[0] for row in rows):
        of_table = [row[1:] for row in rows if row[0] == table]
        names = [name for name, _, _ in of_table]
        key = [name for name, _, is_key in of_table if is_key]
        found[table] = Layout(frozenset((name, kind) for name, kind, _ in of_table), tuple(key or names))
    return found


def _missing(table: str, only_in: str) -> Difference:
    return Difference(table, only_in, what="the table is")


def _columns_missing(table: str, one: tuple[str, Layout], two: tuple[str, Layout]) -> list[Difference]:
    found = []
    for (schema, has), (_, others) in ((one, two), (two, one)):
        if extra := sorted(f"{name} {kind}" for name, kind in has.columns - others.columns):
            found.append(Difference(table, schema, what=f"column {', '.join(extra)} is"))
    return found


def _rows_missing(db: Connection, table: str, pair: tuple[str, str], layout: Layout) -> list[Difference]:
    if not layout.columns:
        return []
    rows = db.cursor(row_factory=tuple_row).execute(_except(table, pair, layout)).fetchall()
    return [Difference(table, pair[0], rows[0][0], tuple(key for _, key in rows))] if rows else []


def _except(table: str, pair: tuple[str, str], layout: Layout) -> Composed:
    names = sorted(name for name, _ in layout.columns)
    key = [name for name in layout.key if name in names] or names
    columns = SQL(", ").join(map(Identifier, names))
    one, two = (SQL("select {} from {}").format(columns, Identifier(schema, table)) for schema in pair)
    return SQL("""
        select count(*) over (), concat_ws('/', {key}) from ({one} except all {two}) as missing
        order by {key} limit {limit}""").format(
        key=SQL(", ").join(map(Identifier, key)), one=one, two=two, limit=EXAMPLES
    )
