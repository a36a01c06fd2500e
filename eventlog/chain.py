"""The hash chain over the audit log: a link for each of its events, in the order of the log, each over the one before.

hash(n) = SHA-256(hash(n-1) | n | position | stream | version | name | stored body), whole numbers as 8 bytes, name and
body behind their lengths, hash(0) 32 zero bytes. What is personal in a body is sealed, so forgetting changes nothing.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple, get_args
from uuid import UUID

from psycopg import Connection
from psycopg.rows import tuple_row

from domain import audit
from eventlog.envelope import Stored

NAMES = [event.__name__ for event in get_args(audit.Event)]
START = bytes(32)
ENTRIES = """
    select notification_id, originator_id, originator_version, topic, state from eventlog.stored_events
    where notification_id > %s and notification_id <= %s and topic = any(%s) order by notification_id limit %s"""
LINKS = "select n, position, stream, version, hash from eventlog.audit_chain"


class Link(NamedTuple):
    """A row of the chain: which event of the log is its n-th, from 1, and the hash of all up to it."""

    n: int
    position: int
    stream: UUID
    version: int
    hash: bytes


def hashed(previous: bytes, n: int, entry: Stored) -> bytes:
    name = entry.name.encode()
    digest = sha256(previous)
    for number in (n, entry.position):
        digest.update(number.to_bytes(8))
    digest.update(entry.stream.bytes + entry.version.to_bytes(8))
    for text in (name, entry.body):
        digest.update(len(text).to_bytes(8) + text)
    return digest.digest()


def last_link(db: Connection) -> Link | None:
    row = db.cursor(row_factory=tuple_row).execute(f"{LINKS} order by n desc limit 1").fetchone()
    return _link(row) if row else None


def seal(db: Connection, after: int, stop: int, size: int) -> int:
    """Adds the next events of the audit log in `(after, stop]`, at most `size`; returns how many. The sealer's only.

    All up to `after` were looked at before, and up to `stop` the log is settled.
    """
    with db.transaction():
        last = last_link(db)
        start, previous = (last.n + 1, last.hash) if last else (1, START)
        added = []
        for n, entry in enumerate(_entries(db, max(after, last.position if last else 0), stop, size), start):
            previous = hashed(previous, n, entry)
            added.append(Link(n, entry.position, entry.stream, entry.version, previous))
        if added:
            db.cursor().executemany("insert into eventlog.audit_chain values (%s, %s, %s, %s, %s)", added)
    return len(added)


def entries(db: Connection, after: int, stop: int, size: int) -> Iterator[Stored]:
    """The events of the audit log in `(after, stop]` in their order, read by batches of a size."""
    while batch := _entries(db, after, stop, size):
        yield from batch
        after = batch[-1].position


def links(db: Connection, stop: int, size: int) -> Iterator[Link]:
    """The rows of the chain up to the n-th, read by batches of a size."""
    after = -(2**62)
    query = f"{LINKS} where n > %s and n <= %s order by n limit %s"
    while rows := db.cursor(row_factory=tuple_row, binary=True).execute(query, (after, stop, size)).fetchall():
        yield from map(_link, rows)
        after = rows[-1][0]


def _entries(db: Connection, after: int, stop: int, size: int) -> list[Stored]:
    cursor = db.cursor(row_factory=tuple_row, binary=True)
    return [Stored(*row) for row in cursor.execute(ENTRIES, (after, stop, NAMES, size))]


def _link(row: tuple) -> Link:
    return Link(*row[:4], bytes(row[4]))
