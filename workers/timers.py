"""Timers: rows with a due time, set and taken back with the position of the reactions, swept when they are due."""

from collections.abc import Collection
from uuid import UUID

from psycopg import Connection

from eventlog.timers import ask
from workers.reactions import NoTimer, Timer


def set_timer(db: Connection, timer: Timer) -> None:
    ask(db, timer.kind, timer.about, timer.due_at)


def drop_timer(db: Connection, timer: NoTimer) -> None:
    db.execute("delete from eventlog.timers where kind = %s and about = %s", timer)


def take_due(db: Connection, kinds: Collection[str], limit: int = 200) -> list[tuple[str, UUID]]:
    """Takes away what is due, for the transaction that defers its job: neither is lost, neither happens twice.

    What is not of these kinds stays: a newer version asked for it, and knows what it is. So does for a moment what is
    being moved: nobody waits here for somebody else's transaction.
    """
    rows = db.execute(
        """delete from eventlog.timers where (kind, about) in (
               select kind, about from eventlog.timers where due_at <= now() and kind = any(%s)
               order by due_at limit %s for update skip locked)
           returning kind, about""",
        (list(kinds), limit),
    )
    return [(row[0], row[1]) for row in rows]
