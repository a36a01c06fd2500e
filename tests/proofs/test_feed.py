"""Thirty-two writers with delays, rollbacks, idle transactions and kills: the feed misses nothing, a naive reader does.

A short turn of a few seconds; with TOTETAXI_PROVE=1 two minutes with a kill every ten seconds.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from eventlog.away import POSTGRES_AWAY
from eventlog.feed import Log, log_at
from eventlog.migrations import migrate
from integrations.embedded.child import wait_until
from integrations.embedded.postgres import EmbeddedPostgres
from tests.eventlog.streams import Writer

ROOT = Path(__file__).parents[2]
PROCESSES, PAGE = 4, 100
SECONDS, KILL_EVERY_S = (120, 10) if os.environ.get("TOTETAXI_PROVE") else (6, 3)
ALL = "select notification_id, originator_id, originator_version from eventlog.stored_events where notification_id > %s"
Row = tuple


@pytest.fixture
def postgres(tmp_path):
    """A durable server with the log and its twin, both cloned from one template."""
    with EmbeddedPostgres(tmp_path / "postgres", durable=True, max_connections=100) as server:
        with psycopg.connect(server.dsn, autocommit=True) as db:
            db.execute("create database original")
            list(migrate(make_conninfo(server.dsn, dbname="original")))
            db.execute("create database log template original")
            db.execute("create database twin template original")
        yield server


class Reading:
    """A reader in a thread of its own that asks for page after page and comes back when Postgres is away."""

    def __init__(self, page: Callable[[int], list[Row]]):
        self.seen: list[Row] = []
        self._page, self._end = page, Event()
        self._thread = Thread(target=self._run)
        self._thread.start()

    def last(self) -> int:
        return self.seen[-1][0] if self.seen else 0

    def stop(self) -> None:
        self._end.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._end.wait(0.002):
            with suppress(*POSTGRES_AWAY):
                self.seen += self._page(self.last())


def settled(log: Log) -> Callable[[int], list[Row]]:
    return lambda after: [(row.position, row.stream, row.version) for row in log.read(after, PAGE, 2**62)]


def naive(database: str) -> Callable[[int], list[Row]]:
    """What everybody writes first: all that is visible behind the last number seen."""

    connections = [psycopg.connect(database, autocommit=True)]

    def page(after: int) -> list[Row]:
        if connections[0].closed:
            connections[0] = psycopg.connect(database, autocommit=True)
        return connections[0].execute(ALL + " order by notification_id limit %s", (after, PAGE)).fetchall()

    return page


@contextmanager
def writers(database: str) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.proofs.writers", database, str(SECONDS)]
    running = [subprocess.Popen(command, cwd=ROOT) for _ in range(PROCESSES)]
    try:
        yield
        assert [process.wait(SECONDS + 30) for process in running] == [0] * PROCESSES
    finally:
        for process in running:
            process.kill()
            process.wait()


def trouble(server: EmbeddedPostgres, database: str, reading: Reading) -> list[float]:
    """Until the writers end: dead gaps longer than a page, idle transactions, kills. How long all stood after each."""
    stalls, end, kill_at = [], time.monotonic() + SECONDS, time.monotonic() + KILL_EVERY_S
    while time.monotonic() < end:
        with suppress(psycopg.OperationalError), Writer(database) as gap, Writer(database) as idle:
            gap.insert(3 * PAGE)
            gap.db.rollback()
            idle.insert(2)
            number = idle.db.execute("select currval('eventlog.stored_events_notification_id_seq')").fetchone()[0]
            assert not wait_until(lambda at=number: reading.last() >= at, 1), "it passed a number that can still appear"
            since = time.monotonic()
            (idle.db.commit if len(stalls) % 2 else idle.db.rollback)()
            with Writer(database, streams=1) as later:
                later.write()
            assert wait_until(lambda at=number: reading.last() >= at, 20)
            stalls.append(time.monotonic() - since)
        if time.monotonic() > kill_at:
            server.kill()
            server.start()
            kill_at = time.monotonic() + KILL_EVERY_S
    return stalls


def test_no_event_is_missed_twice_or_out_of_order_and_a_naive_reader_misses_some(postgres):
    database, twin = (make_conninfo(postgres.dsn, dbname=name) for name in ("log", "twin"))
    with log_at(database) as log:
        careful, careless = Reading(settled(log)), Reading(naive(database))
        try:
            with writers(database), Writer(twin) as elsewhere:
                elsewhere.insert(5)
                stalls = trouble(postgres, database, careful)
            with psycopg.connect(database) as db:
                everything = db.execute(ALL + " order by notification_id", (0,)).fetchall()
            wait_until(lambda: careful.last() >= everything[-1][0] <= careless.last(), 30)
        finally:
            careful.stop()
            careless.stop()
    assert careful.seen == everything
    assert versions_ascend(careful.seen)
    assert len(everything) > 20 * SECONDS
    assert stalls
    lost = set(everything) - set(careless.seen)
    assert lost, "the naive reader must lose events, or this test proves nothing"
    print(f"{len(everything)} events, none missed; naive: {len(lost)} missed; stood {[round(s, 2) for s in stalls]} s")


def versions_ascend(rows: list[Row]) -> bool:
    """Each stream's versions are 1, 2, 3, … in the order of the log."""
    versions: dict = {}
    for _, stream, version in rows:
        if version != versions.get(stream, 0) + 1:
            return False
        versions[stream] = version
    return True
