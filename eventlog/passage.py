"""Reads a stretch of the log that some reader has passed: nothing can appear in it any more, so no proof is needed.

On the caller's connection, so that the stretch, the read model and its positions can be of one snapshot.
"""

from collections.abc import Iterator

from psycopg import Connection
from psycopg.rows import tuple_row

from eventlog.envelope import Stored

READ = """
    select notification_id, originator_id, originator_version, topic, state from eventlog.stored_events
    where notification_id > %s and notification_id <= %s order by notification_id limit %s"""


def passed(db: Connection, after: int, stop: int, size: int) -> Iterator[list[Stored]]:
    """The events in `(after, stop]` by batches of a size; `stop` must be a position that a feed has given or passed."""
    while rows := _read(db, after, stop, size):
        yield rows
        after = rows[-1].position


def _read(db: Connection, after: int, stop: int, size: int) -> list[Stored]:
    cursor = db.cursor(row_factory=tuple_row, binary=True)
    return [Stored(*row) for row in cursor.execute(READ, (after, stop, size))]
