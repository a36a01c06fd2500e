"""Asking read models: a connection under which no switch happens, and waiting until they have what was written."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier
from psycopg_pool import ConnectionPool

from eventlog.envelope import key_of, partition_of
from projections.locks import model_lock
from projections.partitions import PARTITIONS
from projections.schemas import look_into, name_of

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.005, 0.05
LAST_BEFORE = """
    select head, notification_id, state
    from (select coalesce(max(notification_id), 0) as head from eventlog.stored_events) log
    left join lateral (select notification_id, state from eventlog.stored_events where notification_id <= %s
                       order by notification_id desc limit 1) last on true"""


class BeyondTheEnd(ValueError):
    """The log has no such position yet: whoever asks did not get it from here."""


class ReadModelBehind(Exception):
    """A read model does not have the position in time: ask again in a moment."""


@contextmanager
def reading(pool: ConnectionPool, *models: ModuleType) -> Iterator[Connection]:
    """A connection in a transaction; unqualified names are the models' tables, and none is switched meanwhile."""
    names = sorted(name_of(model) for model in models)
    with pool.connection() as db, db.transaction():
        for name in names:
            db.execute("select pg_advisory_xact_lock_shared(%s)", (model_lock(name),))
        look_into(db, *names)
        yield db


def await_position(pool: ConnectionPool, models: Sequence[ModuleType], position: int, timeout_s: float = 5.0) -> None:
    """Returns once each model has applied the log up to `position`, as far as it concerns that event's partition.

    Raises BeyondTheEnd, and ReadModelBehind after the time-out. No connection is held while waiting.
    """
    deadline, pause_s = time.monotonic() + timeout_s, FIRST_PAUSE_S
    with pool.connection() as db:
        partition, target = _where(db, position)
    while behind := _behind(pool, models, partition, target):
        if time.monotonic() + pause_s > deadline:
            raise ReadModelBehind(f"{', '.join(behind)} not yet at position {position}")
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _where(db: Connection, position: int) -> tuple[int, int]:
    """The partition and the position of the event; of the last one before, when the position has no event."""
    [(head, found, body)] = db.cursor(row_factory=tuple_row).execute(LAST_BEFORE, (position,)).fetchall()
    if not 0 <= position <= head:
        raise BeyondTheEnd(f"the log does not reach position {position}")
    return (partition_of(key_of(bytes(body)), PARTITIONS), found) if body else (0, 0)


def _behind(pool: ConnectionPool, models: Sequence[ModuleType], partition: int, target: int) -> list[str]:
    """Those of the models that are not there yet, in one question."""
    query = SQL(" union all ").join(
        SQL("select {name} from {table} where partition = %(partition)s and position < %(target)s").format(
            name=name_of(model), table=Identifier(name_of(model), "positions")
        )
        for model in models
    )
    with pool.connection() as db:
        rows = db.cursor(row_factory=tuple_row).execute(query, {"partition": partition, "target": target})
        return [name for (name,) in rows]
