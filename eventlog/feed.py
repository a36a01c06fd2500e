"""The feed of projections: events in the order of their partitions, from the log itself or over Kafka, with one result.

A reader tells how far it is in each partition it has claimed, and is given what comes after: never a hole, never twice. Its
positions mean the same over either feed, so a reader may change feeds at any time.
"""
import time
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from kafka import KafkaConsumer, TopicPartition

from domain import Value
from eventlog.envelope import Recorded, Stored, decode, key_of, partition_of
from eventlog.recorder import SettledRecorder

POLL_S, IDLE_CHECK_S = 0.01, 1.0


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
        rows = self.recorder.settled(after, limit, stop)
        return [Stored(r["notification_id"], r["originator_id"], r["originator_version"], r["topic"], bytes(r["state"]))
                for r in rows]

    def partition(self, stored: Stored) -> int:
        return partition_of(key_of(stored.body), self.partitions)

    def part(self, partition: int, after: int, stop: int) -> list[Recorded]:
        """Everything of one partition in `(after, stop]`; both must be settled."""
        found: list[Recorded] = []
        while rows := self.read(after, 5_000, stop):
            found += [decode(row) for row in rows if self.partition(row) == partition]
            after = rows[-1].position
        return found


class Feed(Protocol):
    def read(self, after: Mapping[int, Progress], limit: int, wait_s: float) -> Batch:
        """The next events of the partitions named in `after`, at most about `limit`, none after `wait_s` seconds."""

    def close(self) -> None: ...


def open_log(recorder: SettledRecorder) -> Log:
    with recorder.connection() as db:
        return Log(recorder, db.execute("select partitions from eventlog.log").fetchone()["partitions"])


class PostgresFeed:
    """Reads the log itself."""

    def __init__(self, log: Log):
        self._log = log

    def read(self, after: Mapping[int, Progress], limit: int, wait_s: float) -> Batch:
        deadline = time.monotonic() + wait_s
        start = min(progress.position for progress in after.values())
        while not (rows := self._log.read(start, limit, 2**62)) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        new = [row for row in rows if (at := after.get(self._log.partition(row))) and row.position > at.position]
        reached = rows[-1].position if rows else start
        progress = {p: Progress(max(reached, at.position), at.offset) for p, at in after.items()}
        return Batch([decode(row) for row in new], progress)

    def close(self) -> None:
        """The log's connection belongs to the recorder."""


class KafkaFeed:
    """Reads the topic; what the topic lacks it reads from the log.

    Each record carries its position and the position before it in its partition, so that a hole is seen, wherever it comes
    from: an outage longer than the producer's patience, a relay that started again, an emptied topic.
    """

    def __init__(self, log: Log, bootstrap: str, topic: str):
        self._log, self._topic = log, topic
        self._consumer = KafkaConsumer(
            bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest",
            reconnect_backoff_max_ms=500, max_poll_records=5_000, fetch_max_wait_ms=50)
        self._given: dict[int, Progress] = {}
        self._looked_at = 0.0

    def read(self, after: Mapping[int, Progress], limit: int, wait_s: float) -> Batch:
        """Raises KafkaError while the broker cannot be reached."""
        self._place(after)
        progress, events = dict(after), []
        polled = self._consumer.poll(timeout_ms=int(wait_s * 1000), max_records=limit)
        for where, records in polled.items():
            for record in records:
                events += self._take(where.partition, record, progress)
        if not polled and time.monotonic() - self._looked_at > IDLE_CHECK_S:
            self._looked_at = time.monotonic()
            events = self._missing(progress)
        self._given = progress
        return Batch(events, progress)

    def close(self) -> None:
        self._consumer.close(autocommit=False)

    def _place(self, after: Mapping[int, Progress]) -> None:
        """Stand where the reader stands: after a claim, or when what was given last was not applied."""
        if set(after) != set(self._given):
            self._consumer.assign([self._at(partition) for partition in after])
            self._given = {}
        for partition, progress in after.items():
            if self._given.get(partition) == progress:
                continue
            if progress.offset is None:
                self._consumer.seek_to_beginning(self._at(partition))
            else:
                self._consumer.seek(self._at(partition), progress.offset)

    def _take(self, partition: int, record: Any, progress: dict[int, Progress]) -> list[Recorded]:
        stored, previous = from_record(record)
        at = progress[partition].position
        progress[partition] = Progress(max(at, stored.position), record.offset + 1)
        if stored.position <= at:
            return []
        missing = self._log.part(partition, at, stored.position - 1) if previous > at else []
        return [*missing, decode(stored)]

    def _missing(self, progress: dict[int, Progress]) -> list[Recorded]:
        """What the relay has published and the topic no longer has, for partitions that are read to their end."""
        events: list[Recorded] = []
        for partition, head in self._heads().items():
            at = progress.get(partition)
            if at and head > at.position and self._is_at_end(partition):
                events += self._log.part(partition, at.position, head)
                progress[partition] = Progress(head, at.offset)
        return events

    def _heads(self) -> dict[int, int]:
        with self._log.recorder.connection() as db:
            return {row["partition"]: row["head"] for row in db.execute("select partition, head from eventlog.relay")}

    def _is_at_end(self, partition: int) -> bool:
        where = self._at(partition)
        return self._consumer.position(where) >= self._consumer.end_offsets([where])[where]

    def _at(self, partition: int) -> TopicPartition:
        return TopicPartition(self._topic, partition)


def topic_name(log_id: Any) -> str:
    """The topic carries the log's id: after a wipe or a restore nobody reads another log's records."""
    return f"totetaxi.events.{log_id}"


def headers(stored: Stored, previous: int) -> list[tuple[str, bytes]]:
    """What a record carries beside key and body: the log's coordinates, all as text."""
    values = {"position": stored.position, "previous": previous, "stream": stored.stream,
              "version": stored.version, "name": stored.name}
    return [(name, str(value).encode()) for name, value in values.items()]


def from_record(record: Any) -> tuple[Stored, int]:
    """A Kafka record as it lay in the log, and the position before it in its partition."""
    of = {name: value.decode() for name, value in record.headers}
    stored = Stored(int(of["position"]), UUID(of["stream"]), int(of["version"]), of["name"], record.value)
    return stored, int(of["previous"])

