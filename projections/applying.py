"""Applying a batch: the read model's rows and its positions in one transaction, so that each event counts exactly once.

The projector remembers nothing: what is at or below the stored position is dropped, whoever applied it, over whichever
feed.
"""

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import NamedTuple
from uuid import UUID

from msgspec import MsgspecError
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from eventlog.envelope import Recorded, Unreadable, partition_of, readable, unseal_all
from eventlog.feed import Batch, Log, Progress
from eventlog.vault import Vault
from projections import parking
from projections.partitions import PARTITIONS, Parting
from projections.schemas import OtherShape, enter, has_shape, name_of


class Place(NamedTuple):
    """What is written by whom: the model's tables in a schema, over one connection."""

    db: Connection
    model: ModuleType
    vault: Vault
    schema: str


class UnreadableBody(Exception):
    """A body is not what its event's name promises."""


def positions(db: Connection, schema: str, partitions: Sequence[int] = range(PARTITIONS)) -> dict[int, Progress]:
    """How far the read model of the schema is in these partitions."""
    query = SQL("select partition, position, kafka_offset from {} where partition = any(%s) order by partition")
    rows = db.execute(query.format(Identifier(schema, "positions")), (list(partitions),))
    return {partition: Progress(position, offset) for partition, position, offset in rows}


def apply(db: Connection, model: ModuleType, batch: Batch, vault: Vault) -> None:
    """Bring the live model up to the batch's progress."""
    apply_to(Place(db, model, vault, name_of(model)), batch)


def apply_to(place: Place, batch: Batch) -> None:
    """Bring the model in a schema up to the batch's progress. Parks the keys whose events cannot be projected.

    Raises Stopped when too many are parked, OtherShape, psycopg's errors when it is not an event's fault; then nothing
    has changed.
    """
    try:
        with place.db.transaction():
            _apply(place, batch, _all_at_once)
    except Exception as error:
        if not parking.is_poison(error):
            raise
        with place.db.transaction():
            _apply(place, batch, _sifted)


def project(place: Place, events: Sequence[Recorded]) -> None:
    """Change the rows by these events, their personal parts unsealed as far as the model reads them.

    Raises UnreadableBody, and whatever the model raises.
    """
    if any(type(recorded.event) is Unreadable for recorded in events):
        raise UnreadableBody
    if events:
        place.model.project(place.db, opened(place, events))


def opened(place: Place, events: Sequence[Recorded]) -> list[Recorded]:
    """The events in order, with the personal parts that the model reads put back by the keys that exist now."""
    personal = place.model.PERSONAL
    if not personal:
        return list(events)
    try:
        sealed = unseal_all([r for r in events if r.sealed and r.name in personal], place.vault, place.db)
    except ValueError as error:
        if isinstance(error, MsgspecError):
            raise
        raise parking.VaultUnready(str(error)) from error
    found = {recorded.position: recorded for recorded in sealed}
    return [found.get(recorded.position, recorded) for recorded in events]


def retry_parked(place: Place, partitions: Sequence[int], log: Log) -> int:
    """Do what staff want done about parked keys of the claimed partitions; returns for how many keys."""
    db = place.db
    with db.transaction():
        _enter(place)
        todo = parking.wanted(db, partitions)
        for key, wish, waiting in todo:
            if wish == "skip":
                parking.release(db, key, waiting[:1])
                waiting = waiting[1:]
            _again(place, [readable(row) for position in waiting for row in log.read(position - 1, 1, position)])
    return len(todo)


def _enter(place: Place) -> None:
    """In a transaction. Raises OtherShape: between two batches another version may have made the tables anew."""
    enter(place.db, name_of(place.model), place.schema)
    if not has_shape(place.db, place.model, place.schema):
        raise OtherShape(f"{place.schema} has the tables of another version: run `totetaxi migrate` of this one")


def _again(place: Place, waiting: Sequence[Recorded]) -> None:
    """One key's events in order, up to the first one that fails again."""
    for recorded in waiting:
        try:
            with place.db.transaction():
                project(place, [recorded])
        except Exception as error:
            if not parking.is_poison(error):
                raise
            parking.park_again(place.db, recorded, error)
            return
        parking.release(place.db, recorded.key, [recorded.position])


def _apply(place: Place, batch: Batch, manner: Callable[[Place, list[Recorded], set[UUID]], int]) -> None:
    """In a transaction: what is new is applied in this manner, which tells how many of them it came to."""
    _enter(place)
    at = _locked_positions(place.db, list(batch.progress))
    parked = parking.locked_keys(place.db)
    parking.check_running(parked)
    parting = Parting()
    new = [r for r in batch.events if (p := at.get(parting[r.key])) and r.position > p.position]
    done = manner(place, new, parked)
    reached = dict(batch.progress)
    if done < len(new):
        reached = {parting[r.key]: Progress(r.position, at[parting[r.key]].offset) for r in new[:done]}
    _store_positions(place.db, at, reached)


def _all_at_once(place: Place, new: list[Recorded], parked: set[UUID]) -> int:
    project(place, _free(place, new, parked))
    return len(new)


def _sifted(place: Place, new: list[Recorded], parked: set[UUID]) -> int:
    """Halves of what failed, in order, down to the events that fail alone: those are parked."""
    ahead, done = [new], 0
    while ahead and len(parked) < parking.MOST:
        part = ahead.pop()
        try:
            with place.db.transaction():
                project(place, _free(place, part, parked))
        except Exception as error:
            if not parking.is_poison(error):
                raise
            if len(part) > 1:
                ahead += [part[len(part) // 2 :], part[: len(part) // 2]]
                continue
            parking.park(place.db, partition_of(part[0].key, PARTITIONS), part[0], error)
            parked.add(part[0].key)
        done += len(part)
    return done


def _free(place: Place, events: list[Recorded], parked: set[UUID]) -> list[Recorded]:
    """What can be projected; the events of parked keys are put behind those that wait."""
    if not parked:
        return events
    parking.wait_behind(place.db, [r for r in events if r.key in parked])
    return [r for r in events if r.key not in parked]


def _locked_positions(db: Connection, partitions: list[int]) -> dict[int, Progress]:
    rows = db.execute(
        """select partition, position, kafka_offset from positions
                         where partition = any(%s) order by partition for update""",
        (partitions,),
    )
    return {partition: Progress(position, offset) for partition, position, offset in rows}


def _store_positions(db: Connection, at: Mapping[int, Progress], reached: Mapping[int, Progress]) -> None:
    """Never back: a batch read before somebody else went on changes nothing."""
    rows = [(p, to.position, to.offset) for p, to in reached.items() if to != at[p] and to.position >= at[p].position]
    if rows:
        db.execute(
            """update positions set position = new.position, kafka_offset = new.kafka_offset
                      from unnest(%s::int[], %s::bigint[], %s::bigint[]) as new (partition, position, kafka_offset)
                      where positions.partition = new.partition""",
            [list(column) for column in zip(*rows, strict=True)],
        )
