"""Parked keys: an event that cannot be projected waits with its successors, while all other keys go on.

parked -> wanted `retry` -> projected, or parked again with the new error
       -> wanted `skip`  -> the event that failed is left out, its successors are projected

What staff want is done by the holder of the partition's claim, so that nobody else writes beside it.
"""

import traceback
from collections.abc import Iterable, Sequence
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.rows import tuple_row

from domain import Value
from eventlog.envelope import Recorded
from projections.schemas import OtherShape

MOST = 50
FLEETING = frozenset({"08", "25", "40", "53", "55", "57", "58", "XX"})


class Stopped(Exception):
    """So many keys are parked that the fault is hardly theirs: the model waits for people."""


class ParkedKey(Value):
    key: UUID
    partition: int
    error: str
    attempts: int
    wanted: str | None
    parked_at: object
    positions: list[int]


class VaultUnready(Exception):
    """A master key is missing from the settings: nothing is wrong with the event."""


def is_poison(error: Exception) -> bool:
    """Whether it is the event's fault. Connections, locks, disks and shutdowns are never an event's fault."""
    if isinstance(error, psycopg.InterfaceError | psycopg.OperationalError | MemoryError | OSError):
        return False
    if isinstance(error, VaultUnready | Stopped | OtherShape):
        return False
    return not (isinstance(error, psycopg.Error) and (error.sqlstate or "")[:2] in FLEETING)


def described(error: Exception) -> str:
    """What went wrong and where, without the message: it may quote what is personal."""
    frames = traceback.extract_tb(error.__traceback__)
    where = next((f for f in reversed(frames) if "/projections/" in f.filename), frames[-1] if frames else None)
    place = f" in {where.name}, line {where.lineno} of {where.filename.rpartition('/')[2]}" if where else ""
    state = getattr(error, "sqlstate", None)
    return f"{type(error).__name__}{f' ({state})' if state else ''}{place}"


def locked_keys(db: Connection) -> set[UUID]:
    """The parked keys of the schema, unchanged by anybody else until the transaction ends."""
    return {key for (key,) in db.execute("select key from parked_keys order by key for update")}


def check_running(parked: Iterable[UUID]) -> None:
    if (count := len(set(parked))) >= MOST:
        raise Stopped(f"{count} keys are parked: mend the cause, then retry them")


def park(db: Connection, partition: int, failed: Recorded, error: Exception) -> None:
    db.execute(
        "insert into parked_keys (key, partition, error) values (%s, %s, %s)", (failed.key, partition, described(error))
    )
    wait_behind(db, [failed])
    db.execute("update parked set error = %s where key = %s", (described(error), failed.key))


def wait_behind(db: Connection, successors: Sequence[Recorded]) -> None:
    if successors:
        columns = zip(*((r.key, r.position, r.name) for r in successors), strict=True)
        db.execute(
            "insert into parked (key, position, name) select * from unnest(%s::uuid[], %s::bigint[], %s::text[])",
            [list(column) for column in columns],
        )


# Staff's part: the schema is entered by the caller.


def ask_for(db: Connection, key: UUID, wanted: str) -> bool:
    """`retry` or `skip`; False when the key is not parked."""
    return db.execute("update parked_keys set wanted = %s where key = %s", (wanted, key)).rowcount == 1


def parked_keys(db: Connection) -> list[ParkedKey]:
    rows = db.cursor(row_factory=tuple_row).execute("""
        select key, partition, k.error, attempts, wanted, k.parked_at, array_agg(position order by position)
        from parked_keys k join parked using (key) group by key order by k.parked_at, key""")
    return [ParkedKey(*row) for row in rows]


# The claim holder's part


def wanted(db: Connection, partitions: Sequence[int]) -> list[tuple[UUID, str, list[int]]]:
    """What is to be done in these partitions: key, `retry` or `skip`, and the positions that wait."""
    rows = db.execute(
        """
        select key, wanted, array(select position from parked p where p.key = k.key order by position)
        from parked_keys k where wanted is not null and partition = any(%s) order by key for update""",
        (list(partitions),),
    )
    return rows.fetchall()


def release(db: Connection, key: UUID, done: Sequence[int]) -> None:
    """These events of the key are projected or left out; with the last of them the key is free."""
    db.execute("delete from parked where key = %s and position = any(%s)", (key, list(done)))
    db.execute(
        "delete from parked_keys where key = %s and not exists (select 1 from parked where parked.key = %s)", (key, key)
    )


def park_again(db: Connection, failed: Recorded, error: Exception) -> None:
    db.execute(
        "update parked_keys set wanted = null, attempts = attempts + 1, error = %s where key = %s",
        (described(error), failed.key),
    )
    db.execute(
        "update parked set error = %s where key = %s and position = %s", (described(error), failed.key, failed.position)
    )
