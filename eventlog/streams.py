"""Streams as commands see them: which they need, what is known of each, and what is written beside the events."""

from collections.abc import Sequence
from datetime import datetime
from types import ModuleType
from typing import Any, NamedTuple
from uuid import UUID

from domain import Refused, Value
from eventlog.envelope import Origin, Recorded
from eventlog.ids import new_id
from eventlog.statements import Once


class Ref(NamedTuple):
    """One stream of a command; a new one has no history to look for, because its id was made for this command.

    With `version` the command is for the stream as it was seen: another version is refused with `version_conflict`.
    """

    aggregate: ModuleType
    stream: UUID
    is_new: bool = False
    version: int | None = None


class Stream(NamedTuple):
    """One aggregate's history folded into its state; `at` is when its last event happened."""

    id: UUID
    version: int = 0
    state: Any = None
    at: datetime | None = None


class Note(Value):
    """What is written beside the events: when, from whom, under which key; and the idempotency key of the write."""

    at: datetime
    origin: Origin
    key: UUID | None = None
    once: Once | None = None


class Appended(NamedTuple):
    """The position of the last event; of the streams' last one when the decision had nothing new to say."""

    position: int
    events: list[Recorded]


def as_seen(ref: Ref, stream: Stream) -> Stream:
    """Raises Refused("version_conflict") when the stream has gone on since it was seen."""
    if ref.version is not None and ref.version != stream.version:
        raise Refused("version_conflict", "It has changed since it was read: read it again.")
    return stream


def followed_by(stream: Stream, ref: Ref, recorded: Recorded) -> Stream:
    return Stream(
        stream.id, recorded.originator_version, ref.aggregate.evolve(stream.state, recorded.event), recorded.at
    )


def in_envelopes(stream: Stream, events: Sequence[Any], note: Note) -> list[Recorded]:
    at = max(note.at, stream.at) if stream.at else note.at
    return [
        Recorded(stream.id, stream.version + n, event, new_id(), note.key or stream.id, at, note.origin)
        for n, event in enumerate(events, 1)
    ]
