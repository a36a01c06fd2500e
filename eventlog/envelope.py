"""Every event of the business by name, and the envelope in which it is stored, published and read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple, get_args
from uuid import UUID

from msgspec import MsgspecError, Raw, json
from msgspec.structs import replace
from psycopg import Connection

from domain import (
    Value,
    audit,
    booking,
    catalog,
    customer,
    house,
    payment,
    pickup_day,
    reconciliation,
    refund,
    staff_member,
)
from eventlog.vault import PersonKey, Sealed, Vault, unseal

AGGREGATES = (booking, pickup_day, payment, refund, customer, staff_member, audit, catalog, house, reconciliation)
EVENTS: dict[str, type] = {
    event.__name__: event for aggregate in AGGREGATES for event in (get_args(aggregate.Event) or (aggregate.Event,))
}
PERSONAL = {
    name: event.__annotations__["personal"] for name, event in EVENTS.items() if "personal" in event.__struct_fields__
}


class UnknownEvent(Exception):
    """An event whose name this process does not know: a newer version wrote it, so wait for the newer version."""


class Origin(Value):
    """Who wants it and why it happens; ids lead from an event back to the request or the event that caused it."""

    actor: str
    command_id: UUID
    correlation_id: str = ""
    causation_id: UUID | None = None
    traceparent: str = ""


class Unreadable(Value):
    """In the place of an event whose name is known and whose body does not fit: it can be put aside, not used."""

    name: str


class Recorded(Value):
    """An event in its envelope. The first two names are those the `eventsourcing` package looks for.

    `position` is 0 until the event is read from the log; `sealed` is there while the personal part is not unsealed.
    """

    originator_id: UUID
    originator_version: int
    event: Any
    id: UUID
    key: UUID
    at: datetime
    origin: Origin
    position: int = 0
    sealed: Sealed | None = None

    @property
    def name(self) -> str:
        return self.event.name if type(self.event) is Unreadable else type(self.event).__name__


class Body(Value, omit_defaults=True):
    """What lies in Postgres and travels over Kafka beside an event's stream, version and name."""

    id: UUID
    key: UUID
    at: datetime
    origin: Origin
    event: Raw
    sealed: Sealed | None = None
    schema: int = 1


class Stored(NamedTuple):
    """An event as it lies in the log: undecoded."""

    position: int
    stream: UUID
    version: int
    name: str
    body: bytes


BODY = json.Decoder(Body)
DECODERS = {name: json.Decoder(event) for name, event in EVENTS.items()}
PERSONAL_DECODERS = {name: json.Decoder(kind) for name, kind in PERSONAL.items()}
ENCODER = json.Encoder()
BEGINNING = datetime.fromtimestamp(0, UTC)
KEY = json.Decoder(type("KeyOnly", (Value,), {"__annotations__": {"key": UUID}, "__module__": __name__}))


def encode(recorded: Recorded) -> bytes:
    """The stored body; the personal part must have been taken out and sealed before."""
    assert getattr(recorded.event, "personal", None) is None, "seal what is personal before it is stored"
    return ENCODER.encode(
        Body(
            recorded.id,
            recorded.key,
            recorded.at,
            recorded.origin,
            Raw(ENCODER.encode(recorded.event)),
            recorded.sealed,
        )
    )


def decode(stored: Stored) -> Recorded:
    """Raises UnknownEvent for a name that this process does not know."""
    decoder = DECODERS.get(stored.name)
    if decoder is None:
        raise UnknownEvent(f"{stored.name} at position {stored.position}: run a version of totetaxi that knows it")
    body = BODY.decode(stored.body)
    return Recorded(
        stored.stream,
        stored.version,
        decoder.decode(body.event),
        body.id,
        body.key,
        body.at,
        body.origin,
        stored.position,
        body.sealed,
    )


def readable(stored: Stored) -> Recorded:
    """As `decode`, for readers that put aside what they cannot use: a body that does not fit is Unreadable.

    Raises UnknownEvent, and msgspec's errors when not even the event's key can be read.
    """
    try:
        return decode(stored)
    except MsgspecError:
        nobody = Origin("", UUID(int=0))
        event, key = Unreadable(stored.name), key_of(stored.body)
        return Recorded(stored.stream, stored.version, event, UUID(int=0), key, BEGINNING, nobody, stored.position)


def personal_taken_out(recorded: Recorded, sealed: Sealed) -> Recorded:
    return replace(recorded, event=replace(recorded.event, personal=None), sealed=sealed)


def unseal_all(batch: Sequence[Recorded], vault: Vault, db: Connection) -> list[Recorded]:
    """The batch with what is personal put back, as far as the keys exist now; who is forgotten stays None.

    Keys are asked for with every batch and not kept, so a key that was destroyed opens nothing from then on.
    """
    key_ids = {recorded.sealed.key_id for recorded in batch if recorded.sealed}
    keys = vault.keys(db, "key_id", key_ids) if key_ids else {}
    return [_unsealed(recorded, keys) if recorded.sealed else recorded for recorded in batch]


def _unsealed(recorded: Recorded, keys: dict[UUID, PersonKey]) -> Recorded:
    sealed = recorded.sealed
    if sealed is None or (key := keys.get(sealed.key_id)) is None:
        return recorded
    personal = PERSONAL_DECODERS[recorded.name].decode(unseal(key, recorded.id, sealed))
    return replace(recorded, event=replace(recorded.event, personal=personal), sealed=None)


def key_of(body: bytes) -> UUID:
    return KEY.decode(body).key


def partition_of(key: UUID, partitions: int) -> int:
    """Stable for ever: neither Python's hash nor Kafka's partitioner decides where a key goes."""
    return int.from_bytes(sha256(key.bytes).digest()[:4]) % partitions
