"""The sealer of the audit log: chains what is settled within a second, and tells each head outside the database.

One leader, by an advisory lock on the connection that writes; another process stands by. After a crash between chain
and head the next one tells the head.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

import psycopg
import structlog

from eventlog.away import POSTGRES_AWAY
from eventlog.chain import last_link, seal
from eventlog.feed import Log, log_at
from eventlog.heads import Head, read_heads, write_head

LOCK = 7_042_006
BATCH, POLL_S, HEAD_S, STANDBY_S, PAUSE_S = 1_000, 0.25, 1.0, 1.0, 1.0
ALIVE = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
log = structlog.get_logger()


class Sealer:
    """`run` until `stop`; `heads` is the file outside."""

    def __init__(self, database_url: str, heads: Path):
        self._database_url, self._heads = database_url, heads
        self._stopping = Event()
        self._reached, self._told, self._told_at = 0, (0, ""), 0.0

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Never gives up: whatever happens to Postgres, it starts again. Without the file it goes on sealing."""
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._database_url, autocommit=True, connect_timeout=5, options=ALIVE) as db:
                    if self._leads(db):
                        with log_at(self._database_url) as source:
                            self._go_on(db, source)
            except POSTGRES_AWAY as trouble:
                log.warning("sealer_waits", error=str(trouble))
                self._stopping.wait(PAUSE_S)
            except Exception:
                log.exception("sealer_failed")
                self._stopping.wait(PAUSE_S)

    def _leads(self, db: psycopg.Connection) -> bool:
        while not self._stopping.is_set():
            if db.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone() == (True,):
                return True
            self._stopping.wait(STANDBY_S)
        return False

    def _go_on(self, db: psycopg.Connection, source: Log) -> None:
        [(log_id,)] = db.execute("select id from eventlog.log").fetchall()
        last = last_link(db)
        self._reached, self._told = last.position if last else 0, self._last_told(log_id)
        while not self._stopping.is_set():
            self.seal_all(db, source)
            if time.monotonic() - self._told_at >= HEAD_S:
                self._tell(db, log_id)
            self._stopping.wait(POLL_S)
        self._tell(db, log_id)

    def seal_all(self, db: psycopg.Connection, source: Log) -> None:
        """What is settled at this moment; of it only what was not looked at before."""
        stop = source.recorder.max_notification_id() or 0
        while self._reached < stop and not self._stopping.is_set():
            if seal(db, self._reached, stop, BATCH) < BATCH:
                self._reached = stop

    def _tell(self, db: psycopg.Connection, log_id: UUID) -> None:
        last = last_link(db)
        n, digest = (last.n, last.hash.hex()) if last else (0, "")
        if (n, digest) == self._told:
            return
        if n < self._told[0]:
            log.error("audit_chain_cut_off", chain=n, head=self._told[0], file=str(self._heads))
            self._told = n, ""
        if last is None:
            return
        head = Head(log_id, n, last.position, digest, datetime.now(UTC))
        log.info("audit_head", log=str(head.log), n=head.n, position=head.position, hash=head.hash)
        self._told_at = time.monotonic()
        try:
            write_head(self._heads, head)
        except OSError as error:
            log.error("audit_head_not_written", error=str(error))
        else:
            self._told = n, digest

    def _last_told(self, log_id: UUID) -> tuple[int, str]:
        found = (0, "")
        try:
            for head in read_heads(self._heads):
                if head.log == log_id:
                    found = head.n, head.hash
        except (OSError, ValueError) as error:
            log.error("audit_heads_unreadable", error=str(error))
        return found


@contextmanager
def sealing(database_url: str, heads: Path) -> Iterator[Sealer]:
    """A sealer beside whatever the process does in the block."""
    sealer = Sealer(database_url, heads)
    thread = Thread(target=sealer.run, name="sealer")
    thread.start()
    try:
        yield sealer
    finally:
        sealer.stop()
        thread.join()
