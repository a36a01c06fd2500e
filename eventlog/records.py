"""An event as a record of Kafka, and back: key and body as in the log, the log's coordinates as headers."""

from typing import Any
from uuid import UUID

from eventlog.envelope import Stored


def topic_name(log_id: Any) -> str:
    """The topic carries the log's id: after a wipe or a restore nobody reads another log's records."""
    return f"totetaxi.events.{log_id}"


def headers(stored: Stored, previous: int) -> list[tuple[str, bytes]]:
    """What a record carries beside key and body: the log's coordinates, all as text."""
    values = {"position": stored.position, "previous": previous, "stream": stored.stream, "version": stored.version,
              "name": stored.name}  # fmt: skip
    return [(name, str(value).encode()) for name, value in values.items()]


def from_record(record: Any) -> tuple[Stored, int]:
    """A Kafka record as it lay in the log, and the position before it in its partition."""
    of = {name: value.decode() for name, value in record.headers}
    stored = Stored(int(of["position"]), UUID(of["stream"]), int(of["version"]), of["name"], record.value)
    return stored, int(of["previous"])
