"""The feed of projections: events in the order of their partitions, from the log itself or over Kafka, with one result.

A reader tells how far it is in each partition it has claimed, and is given what comes after: never a hole, never twice.
Its positions mean the same over either feed, so a reader may change feeds at any time.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from eventsourcing.postgres import PostgresDatastore
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from domain import Value
from eventlog.carrier import connection_settings
from eventlog.envelope import Recorded, Stored, key_of, partition_of, readable
from eventlog.pool import lasting
from eventlog.recorder import SettledRecorder
from eventlog.records import from_record as from_record
from eventlog.records import headers as headers
from eventlog.records import topic_name as topic_name

POLL_S, LONGEST_POLL_S, IDLE_CHECK_S, CHUNK = 0.005, 0.05, 1.0, 5_000


class FeedAway(Exception):
    """Kafka cannot be reached or refuses: nothing is lost, ask again later."""


class Progress(NamedTuple):
    """Everything in the partition up to `position` is applied; `offset` is the next one to read in Kafka, if known."""

    position: int = 0
    offset: int | None = None


class Batch(Value):
    """What comes next, in the order of the log within each partition, and how far the reader is once it is applied."""

    events: list[Recorded]
    progress: dict[int, Progress]


class Log(Value):
    """The settled log and the number of partitions that its keys are spread over."""

    recorder: Any
    partitions: int

    def read(self, after: int, limit: int, stop: int) -> list[Stored]:
        return [_stored(row) for row in self.recorder.settled(after, limit, stop)]

    def partition(self, stored: Stored) -> int:
        return partition_of(key_of(stored.body), self.partitions)

    def part(self, partition: int, after: int, stop: int) -> list[Recorded]:
        """Everything of one partition in `(after, stop]`, where `stop` was read from the settled log by somebody."""
        found: list[Recorded] = []
        while after < stop:
            more, after = self.some(partition, after, stop)
            found += more
        return found

    def some(self, partition: int, after: int, stop: int) -> tuple[list[Recorded], int]:
        """The next piece of `part`, and up to where it goes."""
        rows = [_stored(row) for row in self.recorder.published(after, CHUNK, stop)]
        reached = rows[-1].position if len(rows) == CHUNK else stop
        return [readable(row) for row in rows if self.partition(row) == partition], reached


def _stored(row: Mapping[str, Any]) -> Stored:
    state = bytes(row["state"])
    return Stored(row["notification_id"], row["originator_id"], row["originator_version"], row["topic"], state)


class Feed(Protocol):
    def read(self, after: Mapping[int, Progress], limit: int, wait_s: float) -> Batch:
        """The next events of the partitions named in `after`, at most about `limit`, none after `wait_s` seconds."""

    def close(self) -> None: ...


@contextmanager
def log_at(database_url: str) -> Iterator[Log]:
    """The log for a process that only reads it."""
    where = {name.removeprefix("POSTGRES_").lower(): value for name, value in connection_settings(database_url).items()}
    with PostgresDatastore(**where, schema="eventlog", max_overflow=3, pre_ping=True) as datastore:
        lasting(datastore.pool, database_url)
        recorder = SettledRecorder(datastore)
        try:
            yield open_log(recorder)
        finally:
            recorder.close()


def open_log(recorder: SettledRecorder) -> Log:
    with recorder.connection() as db:
        return Log(recorder, db.execute("select partitions from eventlog.log").fetchone()["partitions"])


class PostgresFeed:
    """Reads the log itself."""

    def __init__(self, log: Log):
        self._log = log

    def read(self, after: Mapping[int, Progress], limit: int, wait_s: float) -> Batch:
        deadline, pause = time.monotonic() + wait_s, POLL_S
        start = min(progress.position for progress in after.values())
        while not (rows := self._log.read(start, limit, 2**62)) and time.monotonic() < deadline:
            time.sleep(pause)
            pause = min(pause * 1.2, LONGEST_POLL_S)
        new = [row for row in rows if (at := after.get(self._log.partition(row))) and row.position > at.position]
        reached = rows[-1].position if rows else start
        progress = {p: Progress(max(reached, at.position), at.offset) for p, at in after.items()}
        return Batch([readable(row) for row in new], progress)

    def close(self) -> None:
        """The log's connection belongs to the recorder."""


class KafkaFeed:
    """Reads the topic; what the topic lacks it reads from the log.

    Each record carries its position and the position before it in its partition, so that a hole is seen, wherever it
    comes from: an outage longer than the producer's patience, a relay that started again, an emptied topic.
    """

    def __init__(self, log: Log, bootstrap: str, topic: str):
        """Raises FeedAway, as every method does."""
        logging.getLogger("kafka").setLevel(logging.CRITICAL)  # an outage is told by FeedAway
        self._log, self._topic = log, topic
        with _kafka():
            self._consumer = KafkaConsumer(
                bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest",
                allow_auto_create_topics=False, reconnect_backoff_max_ms=500, fetch_max_wait_ms=100,
                request_timeout_ms=5_000, bootstrap_timeout_ms=5_000, metadata_max_age_ms=5_000)  # fmt: skip
        self._stands: dict[int, int | None] = {}
        self._looked_at, self._is_behind = 0.0, False

    def read(self, after: Mapping[int, Progress], limit: int, wait_s: float) -> Batch:
        """Raises FeedAway while the broker cannot be reached."""
        progress, events = dict(after), []
        with _kafka():
            self._place(after)
            wait_s = 0 if self._is_behind else wait_s
            polled = self._consumer.poll(timeout_ms=int(wait_s * 1000), max_records=limit)
            self._stands |= {where.partition: records[-1].offset + 1 for where, records in polled.items()}
            for where, records in polled.items():
                events += self._taken(where.partition, records, progress)
            if self._is_behind or time.monotonic() - self._looked_at > IDLE_CHECK_S:
                events += self._missing(progress, [p for p in after if self._at(p) not in polled])
        return Batch(events, progress)

    def records(self, partition: int) -> Iterator[tuple[Stored, int]]:
        """All that the topic has of a partition now, with the position before it; this feed then stands nowhere."""
        at, self._stands = self._at(partition), {}
        with _kafka():
            self._consumer.assign([at])
            self._consumer.seek_to_beginning(at)
            end = self._consumer.end_offsets([at])[at]
            while self._consumer.position(at) < end:
                if not (records := self._consumer.poll(10_000).get(at)):
                    raise FeedAway("the topic gives less than it says it has")
                yield from map(from_record, records)

    def close(self) -> None:
        with _kafka():
            self._consumer.close(autocommit=False)

    def _place(self, after: Mapping[int, Progress]) -> None:
        """Stand where the reader stands: after a claim, or when what was given last was not applied."""
        if set(after) != set(self._stands):
            self._stands = {}
            self._consumer.assign([self._at(partition) for partition in after])
        for partition, progress in after.items():
            if partition in self._stands and self._stands[partition] == progress.offset:
                continue
            if progress.offset is None:
                self._consumer.seek_to_beginning(self._at(partition))
            else:
                self._consumer.seek(self._at(partition), progress.offset)
            self._stands[partition] = progress.offset

    def _taken(self, partition: int, records: Sequence[Any], progress: dict[int, Progress]) -> list[Recorded]:
        """What is new in the records, and before it what they lack; a long hole is filled by several reads."""
        events: list[Recorded] = []
        for record in records:
            stored, previous = from_record(record)
            at = progress[partition].position
            if stored.position > at:
                if previous > at:
                    missing, at = self._log.some(partition, at, previous)
                    events += missing
                if at < previous:
                    progress[partition] = Progress(at, record.offset)
                    break
                events.append(readable(stored))
            progress[partition] = Progress(max(at, stored.position), record.offset + 1)
        return events

    def _missing(self, progress: dict[int, Progress], partitions: Sequence[int]) -> list[Recorded]:
        """What the relay has published and the topic no longer has, for partitions that are read to their end."""
        self._looked_at, self._is_behind = time.monotonic(), False
        events: list[Recorded] = []
        heads = self._heads()
        behind = [partition for partition in partitions if heads[partition] > progress[partition].position]
        for partition in self._read_to_their_end(behind, progress):
            missing, at = self._log.some(partition, progress[partition].position, heads[partition])
            events += missing
            progress[partition] = Progress(at, progress[partition].offset)
            self._is_behind |= at < heads[partition]
        return events

    def _heads(self) -> dict[int, int]:
        with self._log.recorder.connection() as db:
            return {row["partition"]: row["head"] for row in db.execute("select partition, head from eventlog.relay")}

    def _read_to_their_end(self, partitions: Sequence[int], progress: Mapping[int, Progress]) -> list[int]:
        """Asked after the heads were read: a record up to the head and not before this end is no more in the topic.

        An end before the reader's own place is that of a topic made anew.
        """
        if not partitions:
            return []
        places = {self._at(partition): progress[partition].offset or 0 for partition in partitions}
        starts, ends = self._consumer.beginning_offsets(list(places)), self._consumer.end_offsets(list(places))
        return [at.partition for at, offset in places.items() if ends[at] <= max(starts[at], offset)]

    def _at(self, partition: int) -> TopicPartition:
        return TopicPartition(self._topic, partition)


@contextmanager
def _kafka() -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        raise FeedAway(f"{type(error).__name__}: {error}") from error
