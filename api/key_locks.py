"""Which idempotency keys are being worked on: in this process by a set, among all of them by advisory locks.

All locks of a process are held by one connection, so that requests which wait or work take none of a pool. If the
connection breaks the locks are gone; then the key's row, unique in the log's own append, is what still holds. Whoever
waited in this process is given the answer that the first one got, for as long as somebody can be waiting.
"""

import time
from collections import OrderedDict
from contextlib import suppress
from hashlib import sha256
from threading import Lock
from typing import Any

import psycopg

from eventlog.pool import LASTING
from eventlog.statements import Once

PATIENCE_S = 10.0
REMEMBERED = 256


class KeyLocks:
    def __init__(self, database_url: str):
        self._url = database_url
        self._guard = Lock()
        self._held: set[int] = set()
        self._answers: OrderedDict[int, tuple[float, bytes, Any]] = OrderedDict()
        self._db: psycopg.Connection | None = None

    def try_lock(self, once: Once) -> bool:
        """Whether the key is ours to work on now; answers at once. Raises psycopg's OperationalError."""
        id = lock_id(once)
        with self._guard:
            if id in self._held or not self._lock_in_postgres(id):
                return False
            self._held.add(id)
            return True

    def answer_for(self, once: Once) -> Any:
        """What a twin with the same body was answered while others waited; None when there is none."""
        at, body_hash, answer = self._answers.get(lock_id(once), (0.0, b"", None))
        return answer if body_hash == once.body_hash and time.monotonic() - at < PATIENCE_S else None

    def unlock(self, once: Once, answer: Any = None) -> None:
        """`answer` is for those who wait; None after a refusal, which is not kept."""
        id = lock_id(once)
        with self._guard:
            if answer is not None:
                self._answers[id] = (time.monotonic(), once.body_hash, answer)
            if len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
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
            named = LASTING | {"connect_timeout": 3, "application_name": "totetaxi idempotency keys"}
            self._db = psycopg.connect(self._url, autocommit=True, **named)
        row = self._db.execute("select pg_try_advisory_lock(%s)", (id,), prepare=True).fetchone()
        return bool(row and row[0])


def lock_id(once: Once) -> int:
    name = "\0".join((once.caller, once.route, once.key))
    return int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)
