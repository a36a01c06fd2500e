"""Idempotency keys that were used: found again for a day, to answer the second time as the first."""

from datetime import datetime, timedelta
from uuid import UUID

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from domain import Value
from eventlog.envelope import key_of
from eventlog.statements import Once

KEPT = timedelta(hours=24)
FIND = """
    select o.body_hash, o.ids, o.position, o.made_at, e.state
    from eventlog.idempotency o left join eventlog.stored_events e on e.notification_id = o.position
    where o.caller = %s and o.route = %s and o.key = %s"""


class Used(Value):
    """What was done under a key: `about` is the key of the events it wrote, a booking's id; None if it wrote none."""

    body_hash: bytes
    ids: dict[str, str]
    position: int
    about: UUID | None


def find_used(db: Connection, once: Once, now: datetime) -> Used | None:
    """What was done under the key within the last day; an older row is taken away, so that the key is free again."""
    named = (once.caller, once.route, once.key)
    row = db.cursor(row_factory=tuple_row).execute(FIND, named, prepare=True).fetchone()
    if row is None:
        return None
    body_hash, ids, position, made_at, state = row
    if made_at < now - KEPT:
        db.execute("delete from eventlog.idempotency where caller = %s and route = %s and key = %s", named)
        return None
    return Used(bytes(body_hash), ids, position, key_of(bytes(state)) if state else None)


def note_used(db: Connection, once: Once, position: int) -> None:
    """For a write that may be repeated without harm and so was not appended under its key."""
    db.execute(
        """insert into eventlog.idempotency (caller, route, key, body_hash, ids, position)
           values (%s, %s, %s, %s, %s, %s) on conflict do nothing""",
        (once.caller, once.route, once.key, once.body_hash, Jsonb(once.ids), position),
    )


def purge(db: Connection, now: datetime) -> int:
    """Takes away the keys that no longer count; answers how many."""
    return db.execute("delete from eventlog.idempotency where made_at < %s", (now - KEPT,)).rowcount
