"""Checks everything that is stored against everything else; changes nothing, and leaves nothing behind."""

from collections.abc import Iterator
from types import ModuleType

import psycopg
from psycopg import Connection, errors
from psycopg.sql import SQL, Identifier

from eventlog.checking import log_findings, topic_findings
from eventlog.envelope import UnknownEvent
from eventlog.feed import FeedAway, KafkaFeed
from projections.applying import Place, positions
from projections.comparing import Difference
from projections.following import bring
from projections.models import MODELS
from projections.parking import Stopped
from projections.rebuilding import Site, level_and_compare
from projections.schemas import create, exists, name_of
from projections.switching import RebuildRunning, workbench

TRIES = 5
BEYOND = """select partition, position from {}
            where position > (select coalesce(max(notification_id), 0) from eventlog.stored_events) order by 1"""


def verify(site: Site, topic: KafkaFeed | None = None) -> Iterator[str]:
    """Findings as sentences, none when all is well: the log, each read model against a fold of the log, the topic."""
    with psycopg.connect(site.database_url, autocommit=True, application_name="totetaxi verify") as db:
        yield from log_findings(db)
        for name, model in MODELS.items():
            yield from (f"{name}: {finding}" for finding in model_findings(site, db, model))
        if topic is not None:
            try:
                yield from topic_findings(db, topic)
            except FeedAway as error:
                yield f"the topic could not be read: {error}"


def model_findings(site: Site, db: Connection, model: ModuleType) -> Iterator[str]:
    name = name_of(model)
    if not exists(db, name):
        yield "is not there: run `totetaxi migrate`"
        return
    if beyond := db.execute(SQL(BEYOND).format(Identifier(name, "positions"))).fetchall():
        yield f"is beyond the log's end in the partitions {[partition for partition, _ in beyond]}"
        return
    [(parked,)] = db.execute(SQL("select count(*) from {}").format(Identifier(name, "parked_keys"))).fetchall()
    if parked:
        yield f"{parked} keys are parked"
    try:
        yield from map(str, differences_from_a_fold(site, model))
    except (RebuildRunning, Stopped, UnknownEvent) as error:
        yield f"was not compared: {error}"


def differences_from_a_fold(site: Site, model: ModuleType) -> list[Difference]:
    """Fold the log up to the live positions in one snapshot, compare the rows, and take everything back.

    Raises RebuildRunning, Stopped, UnknownEvent.
    """
    name = name_of(model)
    with workbench(site.database_url, name) as db:
        for last in range(1, TRIES + 1):
            try:
                with db.transaction(force_rollback=True):
                    return _fold_and_compare(Place(db, model, site.vault, f"{name}_folded"), site)
            except (errors.SerializationFailure, errors.DeadlockDetected):
                if last == TRIES:
                    raise
    raise AssertionError("the last try returns or raises")


def _fold_and_compare(place: Place, site: Site) -> list[Difference]:
    place.db.execute("set transaction isolation level repeatable read")
    create(place.db, place.model, place.schema)
    bring(place, positions(place.db, name_of(place.model)), site.tell)
    return level_and_compare(place)
