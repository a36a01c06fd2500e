"""Streams of plain events written straight into the log, and a reader that remembers what a feed gave it."""

import time
from collections.abc import Callable, Mapping
from itertools import count

import psycopg

from domain.booking import BookingConfirmed
from eventlog.envelope import Origin, Recorded, Stored, encode, key_of, partition_of
from eventlog.feed import Batch, Feed, FeedAway, Progress
from eventlog.ids import new_id
from tests.samples import NOON

INSERT = "insert into eventlog.stored_events (originator_id, originator_version, topic, state) values (%s, %s, %s, %s)"
START = {partition: Progress() for partition in range(8)}


class Writer:
    """Events of `streams` streams in turn, `write(n)` in one transaction each, on a connection of its own."""

    def __init__(self, database: str, streams: int = 40):
        self.db = psycopg.connect(database)
        ids = [new_id() for _ in range(streams)]
        self._turn = ((stream, version) for version in count(1) for stream in ids)

    def insert(self, n: int = 1) -> None:
        with self.db.cursor() as cursor:
            cursor.executemany(INSERT, [row(*next(self._turn)) for _ in range(n)])

    def write(self, n: int = 1) -> None:
        self.insert(n)
        self.db.commit()

    def waste(self) -> None:
        """A number that never becomes visible."""
        self.insert()
        self.db.rollback()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.db.close()


def row(stream, version):
    event = Recorded(stream, version, BookingConfirmed(), new_id(), stream, NOON, Origin("test", stream))
    return stream, version, event.name, encode(event)


class Reader:
    """Applies what a feed gives: `seen` are (partition, position) in the order in which they came."""

    def __init__(self, feed: Feed, progress: Mapping[int, Progress] = START):
        self.feed, self.progress, self.seen = feed, dict(progress), []

    def read(self, limit: int = 500, wait_s: float = 0.2) -> Batch:
        batch = self.feed.read(self.progress, limit, wait_s)
        self.progress = batch.progress
        self.seen += [(partition_of(recorded.key, 8), recorded.position) for recorded in batch.events]
        return batch

    def read_until(self, done: Callable[[], bool], seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while not done() and time.monotonic() < deadline:
            try:
                self.read()
            except FeedAway:
                continue

    def read_all(self, database: str, seconds: float = 40) -> None:
        """Until all that the log has now has come, and a little longer, lest something comes twice."""
        heads = {
            partition: max(positions, default=0) for partition, positions in by_partition(log_of(database)).items()
        }
        self.read_until(lambda: all(at.position >= heads[p] for p, at in self.progress.items()), seconds)
        self.read()

    def by_partition(self) -> dict[int, list[int]]:
        return by_partition(self.seen)


def log_of(database: str) -> list[tuple[int, int]]:
    """(partition, position) of all events."""
    with psycopg.connect(database) as db:
        rows = db.execute("select * from eventlog.stored_events order by notification_id").fetchall()
    stored = [Stored(position, stream, version, name, bytes(body)) for stream, version, name, body, position in rows]
    return [(partition_of(key_of(event.body), 8), event.position) for event in stored]


def by_partition(seen: list[tuple[int, int]]) -> dict[int, list[int]]:
    return {partition: [at for where, at in seen if where == partition] for partition in range(8)}
