"""A process of eight writers of the log that delay, roll back and come back after a crash: `DATABASE_URL SECONDS`."""

import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

import psycopg

from eventlog.ids import new_id
from tests.eventlog.streams import INSERT, row

THREADS, STREAMS = 8, 3
VERSION = "select coalesce(max(originator_version), 0) from eventlog.stored_events where originator_id = %s"


def write_until(database: str, end: float) -> None:
    streams = [new_id() for _ in range(STREAMS)]
    while time.time() < end:
        with suppress(psycopg.OperationalError, psycopg.InterfaceError), psycopg.connect(database) as db:
            versions = {stream: db.execute(VERSION, (stream,)).fetchone()[0] for stream in streams}
            db.commit()
            while time.time() < end:
                versions = transaction(db, versions)


def transaction(db: psycopg.Connection, versions: dict) -> dict:
    """One to three events in one transaction, now and then kept open for a while, now and then taken back."""
    new = dict(versions)
    for stream in random.choices(list(versions), k=random.randint(1, 3)):
        new[stream] += 1
        db.execute(INSERT, row(stream, new[stream]))
        if random.random() < 0.1:
            Event().wait(random.uniform(0, 0.1))
    if random.random() < 0.1:
        db.rollback()
        return versions
    db.commit()
    Event().wait(random.uniform(0, 0.03))
    return new


if __name__ == "__main__":
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(write_until, sys.argv[1], time.time() + float(sys.argv[2])) for _ in range(THREADS)]:
            done.result()
