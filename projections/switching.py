"""Puts another generation of a read model in the live one's place; readers and projectors only wait for a lock.

`NAME_next` -> switch -> `NAME` -> switch -> `NAME_old` <-> roll back <-> `NAME`

The other generation is brought to every live position under the model's exclusive lock, in the transaction that
renames, so that a crash leaves the one or the other, whole.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import Connection, errors
from psycopg.sql import SQL, Identifier

from projections.applying import Place, positions
from projections.following import bring, follow
from projections.forgetting import forget_again
from projections.locks import model_lock, rebuild_lock
from projections.schemas import exists, name_of, next_of, old_of

TRIES, LOCK_WAIT_MS, PAUSE_S = 30, 1_000, 0.2


class RebuildRunning(Exception):
    """Another process rebuilds, switches, rolls back or verifies this read model."""


class NoGeneration(Exception):
    """There is nothing to switch or to roll back to."""


class ModelBusy(Exception):
    """Some reader would not let go of the read model: look for a query that hangs."""


@contextmanager
def workbench(database_url: str, name: str) -> Iterator[Connection]:
    """A connection that alone may make, compare and switch generations of the model. Raises RebuildRunning."""
    with psycopg.connect(database_url, autocommit=True, application_name=f"totetaxi rebuild {name}") as db:
        [(alone,)] = db.execute("select pg_try_advisory_lock(%s)", (rebuild_lock(name),)).fetchall()
        if not alone:
            raise RebuildRunning(f"{name} is being rebuilt, rolled back or verified by another process")
        yield db
        db.execute("select pg_advisory_unlock(%s)", (rebuild_lock(name),))  # the server sees our end a little later


def switch(next_one: Place) -> None:
    """The next generation becomes the live one, which is kept as the old. Raises ModelBusy, Stopped."""
    name = name_of(next_one.model)

    def exchange() -> None:
        draw_level(next_one, name)
        drop(next_one.db, old_of(name))
        rename(next_one.db, name, old_of(name))
        rename(next_one.db, next_of(name), name)

    alone(next_one.db, name, exchange)


def roll_back(old_one: Place) -> None:
    """The old generation and the live one change places, brought to the same positions; again, and they change back."""
    name = name_of(old_one.model)
    if not exists(old_one.db, old_of(name)):
        raise NoGeneration(f"{name} has no old generation to roll back to: a rebuild that switches leaves one")
    follow(old_one, name)

    def exchange() -> None:
        draw_level(old_one, name)
        turning = f"{name}_turning"
        rename(old_one.db, name, turning)
        rename(old_one.db, old_of(name), name)
        rename(old_one.db, turning, old_of(name))

    alone(old_one.db, name, exchange)


def draw_level(place: Place, live: str) -> None:
    """Bring the generation to the live positions and give it the live Kafka offsets. The live one must stand still."""
    bring(place, positions(place.db, live))
    forget_again(place, place.schema)
    place.db.execute(
        SQL("""update {other}.positions o set kafka_offset = l.kafka_offset from {live}.positions l
               where l.partition = o.partition""").format(other=Identifier(place.schema), live=Identifier(live))
    )


def alone(db: Connection, name: str, act: Callable[[], None]) -> None:
    """Do it in a transaction while nobody reads or writes the model.

    Who waits for the exclusive lock holds up all who come later, so it gives way and tries again instead.
    """
    for _ in range(TRIES):
        try:
            with db.transaction():
                db.execute(f"set local lock_timeout = {LOCK_WAIT_MS}")
                db.execute("select pg_advisory_xact_lock(%s)", (model_lock(name),))
                return act()
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            time.sleep(PAUSE_S * random.uniform(0.5, 1.5))
    raise ModelBusy(f"{name} was in use at each of {TRIES} tries to switch")


def drop(db: Connection, schema: str) -> None:
    db.execute(SQL("drop schema if exists {} cascade").format(Identifier(schema)))


def rename(db: Connection, schema: str, to: str) -> None:
    db.execute(SQL("alter schema {} rename to {}").format(Identifier(schema), Identifier(to)))
