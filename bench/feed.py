"""`python -m bench.feed`: from append to visible at 100 bookings a second, from the log itself and over Kafka.

A booking is two events in one append. It is visible when a reader has committed a position behind it in a table of its
own, as a projector does; the time runs from the moment in which the append has answered. Server and broker are durable
and of the bench's own; the relay is a process of its own.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from threading import Event, Thread

import psycopg

from domain import payment
from eventlog.envelope import Origin
from eventlog.feed import Feed, FeedAway, KafkaFeed, PostgresFeed, Progress, log_at, topic_name
from eventlog.ids import new_id
from eventlog.migrations import migrate
from eventlog.store import EventStore, Note, Ref
from eventlog.vault import Vault
from integrations.embedded.kafka import KafkaBroker
from integrations.embedded.postgres import EmbeddedPostgres

THREADS = 8
TABLE = """create table if not exists bench_positions (
    partition int primary key, position bigint not null, kafka_offset bigint)"""
APPLY = """insert into bench_positions select * from unnest(%s::int[], %s::bigint[], %s::bigint[])
    on conflict (partition) do update set position = excluded.position, kafka_offset = excluded.kafka_offset"""


class Reader:
    """A projector with one table: when was each event visible?"""

    def __init__(self, database: str, feed: Feed):
        self.visible: dict[int, float] = {}
        self._database, self._feed, self._end = database, feed, Event()
        self._thread = Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join(30)

    def _run(self) -> None:
        progress = {partition: Progress() for partition in range(8)}
        with psycopg.connect(self._database, autocommit=True) as db:
            while not self._end.is_set():
                try:
                    batch = self._feed.read(progress, 500, 1.0)
                except FeedAway:
                    continue
                if batch.events:
                    columns = zip(*((p, at.position, at.offset) for p, at in batch.progress.items()), strict=True)
                    db.execute(APPLY, [list(column) for column in columns])
                progress, now = batch.progress, time.monotonic()
                self.visible |= {recorded.position: now for recorded in batch.events}


def book(store: EventStore, at: float) -> tuple[int, float]:
    """At its time: the position of the append and when it was answered."""
    Event().wait(max(0.0, at - time.monotonic()))
    stream, booking = new_id(), new_id()

    def decide(nothing: None) -> list[list]:
        return [[payment.PaymentRequested(booking, booking, 99500), payment.PaymentProcessing()]]

    note = Note(datetime.now(UTC), Origin("bench", new_id()), key=booking)
    return store.append([Ref(payment, stream, True)], decide, note).position, time.monotonic()


def delays(store: EventStore, reader: Reader, rate: float, seconds: float) -> list[float]:
    """Milliseconds from append to visible, of each booking. Raises TimeoutError when one does not become visible."""
    start = time.monotonic() + 0.5
    with ThreadPoolExecutor(THREADS) as writers:
        answered = list(writers.map(lambda n: book(store, start + n / rate), range(round(rate * seconds))))
    deadline = time.monotonic() + 60
    while not all(position in reader.visible for position, _ in answered):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after a minute {len(reader.visible)} of {2 * len(answered)} events are visible")
        Event().wait(0.05)
    return [max(0.0, 1000 * (reader.visible[position] - at)) for position, at in answered]


@contextmanager
def feed_over_kafka(folder: Path, database: str) -> Iterator[KafkaFeed]:
    with KafkaBroker(folder / "kafka") as broker, log_at(database) as log:
        code = f"from workers.relay import run; run({database!r}, {broker.bootstrap!r})"
        relay = subprocess.Popen([sys.executable, "-c", code])
        try:
            with log.recorder.connection() as db:
                topic = topic_name(db.execute("select id from eventlog.log").fetchone()["id"])
            yield KafkaFeed(log, broker.bootstrap, topic)
        finally:
            relay.terminate()
            relay.wait(20)


@contextmanager
def feed_from_the_log(_: Path, database: str) -> Iterator[PostgresFeed]:
    with log_at(database) as log:
        yield PostgresFeed(log)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=100, help="bookings a second")
    parser.add_argument("--seconds", type=float, default=20)
    asked = parser.parse_args()
    print(f"feed           p50 ms  p99 ms  at {asked.rate:.0f} bookings a second for {asked.seconds:.0f} s")
    for name, open_feed in (("the log itself", feed_from_the_log), ("over Kafka", feed_over_kafka)):
        with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres") as server:
            list(migrate(server.dsn))
            with psycopg.connect(server.dsn) as db:
                db.execute(TABLE)
            with EventStore(server.dsn, Vault({"m": b"m" * 32}, b"i")) as store:
                with open_feed(Path(folder), server.dsn) as feed:
                    reader = Reader(server.dsn, feed)
                    try:
                        delays(store, reader, asked.rate, 2)  # connections, caches, the relay's start
                        found = quantiles(delays(store, reader, asked.rate, asked.seconds), n=100)
                    finally:
                        reader.stop()
                        feed.close()
            print(f"{name:14} {found[49]:6.1f}  {found[98]:6.1f}", flush=True)


if __name__ == "__main__":
    main()
