"""Writing rows in bulk: one parameter carries all the rows of a table, in one order, however many there are."""

from collections.abc import Iterable
from typing import Any

from msgspec import json
from psycopg import Connection
from psycopg.sql import SQL, Identifier

ENCODER = json.Encoder()


def write(db: Connection, table: str, rows: Iterable[Any], conflict: str) -> None:
    """Insert rows (mappings or structs with the columns' names); `conflict` says what becomes of those that are there.

    Give them in the order of their key, so that no two writers wait for each other.
    """
    if all_rows := list(rows):
        query = "insert into {0} select * from json_populate_recordset(null::{0}, %s::json) on conflict {1}"
        db.execute(SQL(query).format(Identifier(table), SQL(conflict)), (ENCODER.encode(all_rows).decode(),))
