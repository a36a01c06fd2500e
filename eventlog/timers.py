"""Timers: rows with a due time, which the runner of the reactions turns into jobs when they are due."""

from datetime import datetime
from uuid import UUID

from psycopg import Connection


def ask(db: Connection, kind: str, about: UUID, at: datetime) -> None:
    """Sets the timer of that kind about that id, in the transaction of the connection; asked again, it moves."""
    db.execute(
        """insert into eventlog.timers (kind, about, due_at) values (%s, %s, %s)
           on conflict (kind, about) do update set due_at = excluded.due_at""",
        (kind, about, at),
    )
