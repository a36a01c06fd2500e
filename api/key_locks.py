"""Which idempotency keys are being worked on: in this process by a set, among all of them by advisory locks.

All locks of a process are held by one connection, so that requests which wait or work take none of a pool. If the
connection breaks the locks are gone; then the key's row, unique in the log's own append, is what still holds.
"""

from contextlib import suppress
from hashlib import sha256
from threading import Lock

import psycopg

from eventlog.statements import Once


class KeyLocks:
    def __init__(self, database_url: str):
        self._url = database_url
        self._guard = Lock()
        self._held: set[int] = set()
        self._db: psycopg.Connection | None = None

    def try_lock(self, once: Once) -> bool:
        """Whether the key is ours to work on now; answers at once. Raises psycopg's OperationalError."""
        id = lock_id(once)
        with self._guard:
            if id in self._held or not self._lock_in_postgres(id):
                return False
            self._held.add(id)
            return True

    def unlock(self, once: Once) -> None:
        id = lock_id(once)
        with self._guard:
            self._held.discard(id)
            with suppress(psycopg.Error):
                if self._db:
                    self._db.execute("select pg_advisory_unlock(%s)", (id,), prepare=True)

    def close(self) -> None:
        with self._guard:
            if self._db:
                self._db.close()

    def _lock_in_postgres(self, id: int) -> bool:
        try:
            return self._try(id)
        except psycopg.OperationalError:
            self._db = None
            return self._try(id)

    def _try(self, id: int) -> bool:
        if self._db is None or self._db.closed:
            name = "totetaxi idempotency keys"
            self._db = psycopg.connect(self._url, autocommit=True, connect_timeout=3, application_name=name)
        row = self._db.execute("select pg_try_advisory_lock(%s)", (id,), prepare=True).fetchone()
        return bool(row and row[0])


def lock_id(once: Once) -> int:
    name = "\0".join((once.caller, once.route, once.key))
    return int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)
