"""A recorder for the eventsourcing package that appends without a table lock, and whose readers never skip an event.

Settled: every smaller notification id is visible, or can never become visible. Ids come from a sequence, so a run
without a hole is settled by itself. A hole is passed only on proof: note the sequence's last value, note who holds
RowExclusiveLock on the table (pg_locks, this database only); once all of those have ended, everything up to that value
is final. INSERT takes that lock before it takes a number, and gives it back after its rows have become visible. What is
proven holds for one connection only: after a crash of the server the sequence may go back, so proof and read share a
connection, and the proof dies with it. It needs a sequence without cache, and the primary server.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from threading import RLock, local
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import InterfaceError, Notification, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from eventlog import statements
from eventlog.statements import Claim
from eventlog.vault import KeyDestroyed

END = 2**62


class SettledRecorder(PostgresApplicationRecorder):
    """Constructed like the package's. `insert_events` takes `claim=`: further conditions and rows of the append."""

    def __init__(self, datastore: PostgresDatastore, *, events_table_name: str = "stored_events"):
        super().__init__(datastore, events_table_name=events_table_name)
        self._sql = statements.for_table(datastore.schema, events_table_name)
        self._reading = RLock()
        self._bound = local()
        self._forget()

    # Appending

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        """What this thread loads and appends inside is one transaction on one connection; in one already, that one."""
        if conn := getattr(self._bound, "conn", None):
            yield conn
            return
        with self.datastore.get_connection() as conn, conn.transaction():
            self._bound.conn = conn
            try:
                yield conn
            finally:
                self._bound.conn = None

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        """The connection of this thread's transaction if it is in one, else one of the pool."""
        if conn := getattr(self._bound, "conn", None):
            yield conn
        else:
            with self.datastore.get_connection() as conn:
                yield conn

    @contextmanager
    def _savepoint(self, conn: psycopg.Connection) -> Iterator[None]:
        """A conflict leaves the rest of this thread's transaction as it was, so that it can decide again."""
        with conn.transaction() if self.is_in_transaction() else nullcontext():
            yield

    def is_in_transaction(self) -> bool:
        return getattr(self._bound, "conn", None) is not None

    def insert_events(
        self, stored_events: Sequence[StoredEvent], claim: Claim | None = None, **_: Any
    ) -> Sequence[int]:
        """One statement: the events in the order of their streams, so that two appends cannot lock each other out.

        Raises IntegrityError when a version or the claim's idempotency key exists, KeyDestroyed when a person's key is
        gone.
        """
        if not stored_events:
            return []
        ordered = sorted(stored_events, key=lambda e: (str(e.originator_id), e.originator_version))
        rows = [(e.originator_id, e.originator_version, e.topic, e.state) for e in ordered]
        query, params = statements.append(self._sql, rows, claim)
        with self.connection() as conn, self._savepoint(conn):
            ids = sorted(row["notification_id"] for row in conn.execute(query, params, prepare=True))
        if not ids:
            raise KeyDestroyed
        position = {(e.originator_id, e.originator_version): id for e, id in zip(ordered, ids, strict=True)}
        return [position[e.originator_id, e.originator_version] for e in stored_events]

    def select_events(self, originator_id: UUID | str, **limits: Any) -> Sequence[StoredEvent]:
        """As the package's, but without its retries, and in this thread's transaction if it is in one."""
        query, params = statements.history(self._sql, originator_id, limits)
        with self.connection() as conn:
            return [
                StoredEvent(r["originator_id"], r["originator_version"], r["topic"], bytes(r["state"]))
                for r in conn.execute(query, params, prepare=True)
            ]

    # Reading

    def select_notifications(  # noqa: PLR0913 - the package's signature
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Settled events only, in the order of their ids. An id before `start` is the caller's to have passed."""
        after = (start or 0) - (1 if inclusive_of_start and start else 0)
        rows = self.settled(after, limit, END if stop is None else stop, list(topics) or None)
        return [
            Notification(
                id=r["notification_id"],
                originator_id=r["originator_id"],
                originator_version=r["originator_version"],
                topic=r["topic"],
                state=r["state"],
            )
            for r in rows
        ]

    def settled(self, after: int, limit: int, stop: int = END, topics: list[str] | None = None) -> list[dict]:
        """The rows behind `after` up to `stop`, as far as they are settled."""
        with self._reader() as conn:
            rows = self._read(conn, after, limit, (stop, topics))
            while len(rows) < limit and self._prove(conn):
                rows = self._read(conn, after, limit, (stop, topics))
            return rows

    def published(self, after: int, limit: int, stop: int) -> list[dict]:
        """The rows behind `after` up to `stop`, which somebody has read as settled: final for one is final for all."""
        with self.connection() as conn:
            return conn.execute(self._sql.read, (after, stop, None, None, limit), prepare=True).fetchall()

    def max_notification_id(self) -> int | None:
        """The last settled id; None before the first event."""
        with self._reader() as conn:
            while self._prove(conn):
                pass
            return self._one(conn, self._sql.last_settled, (self._final, self._final, self._final))["last"]

    def blockers(self) -> list[dict]:
        """Who keeps the feed waiting: pid, application, state, query, and since how many seconds they write."""
        with self.datastore.get_connection() as conn:
            return conn.execute(self._sql.blockers).fetchall()

    @contextmanager
    def _reader(self) -> Iterator[psycopg.Connection]:
        """The one connection of proof and read; whatever breaks it ends what was proven."""
        with self._reading:
            try:
                if self._conn is None or self._conn.closed:
                    self._forget()
                    self._conn = self._connect()
                yield self._conn
            except psycopg.OperationalError as lost:
                self._forget()
                raise OperationalError(str(lost)) from lost
            except psycopg.InterfaceError as lost:
                self._forget()
                raise InterfaceError(str(lost)) from lost

    def _connect(self) -> psycopg.Connection:
        named = {"autocommit": True, "application_name": "totetaxi feed"}
        conn = psycopg.connect(**(self.datastore.pool.kwargs | named))
        found = self._one(conn, self._sql.fitness, ())
        if found["standby"] or found["cache"] != 1:
            conn.close()
            raise RuntimeError("settled reading needs the primary server and a sequence without cache")
        return conn

    def close(self) -> None:
        """Ends the connection of proof and read; the next read opens another."""
        with self._reading:
            self._forget()

    def _forget(self) -> None:
        if getattr(self, "_conn", None) is not None:
            self._conn.close()
        self._conn: psycopg.Connection | None = None
        self._final, self._pending = 0, None

    def _prove(self, conn: psycopg.Connection) -> bool:
        """One step of a proof, without waiting. True when more has become final."""
        before = self._final
        if self._pending:
            last, alive = self._pending
            alive &= self._writers(conn)
            self._pending = (last, alive) if alive else None
            if not alive:
                self._final = max(self._final, last)
        if not self._pending:
            last = self._one(conn, self._sql.last_value, ())["last"]
            if last > self._final:
                if alive := self._writers(conn):
                    self._pending = (last, alive)
                else:
                    self._final = last
        return self._final > before

    def _writers(self, conn: psycopg.Connection) -> set[str]:
        return {row["writer"] for row in conn.execute(self._sql.writers, prepare=True)}

    def _read(
        self, conn: psycopg.Connection, after: int, limit: int, where: tuple[int, list[str] | None]
    ) -> list[dict]:
        stop, topics = where
        rows = conn.execute(self._sql.read, (after, stop, topics, topics, limit), prepare=True).fetchall()
        reached = max(after, self._final)
        for count, row in enumerate(rows):
            if row["notification_id"] > self._final:
                if topics or row["notification_id"] != reached + 1:
                    return rows[:count]
                reached += 1
        return rows

    def _one(self, conn: psycopg.Connection, query: bytes, params: tuple) -> dict:
        row = conn.execute(query, params, prepare=True).fetchone()
        assert row is not None
        return row

    def _lock_table(self, curs: psycopg.Cursor) -> None:
        """No table lock: it would serialise the commits of everybody."""

    def _notify_channel(self, curs: psycopg.Cursor) -> None:
        """No NOTIFY either: it serialises commits too. Readers poll."""
