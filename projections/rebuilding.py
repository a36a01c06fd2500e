"""Rebuilds a read model beside the live one: from history, caught up, compared row by row, and only then switched."""

from collections.abc import Sequence
from time import monotonic
from types import ModuleType

from psycopg import errors

from domain import Value
from eventlog.vault import Vault
from projections.applying import Place, positions
from projections.comparing import Difference, compare
from projections.following import Tell, bring, follow, silent
from projections.forgetting import forget_again
from projections.schemas import create, has_shape, name_of, next_of, old_of
from projections.switching import drop, roll_back, switch, workbench

COMPARISONS = 10


class Site(Value):
    """Where and with what is rebuilt: the database, the keys of persons, and who wants to hear of the progress."""

    database_url: str
    vault: Vault
    tell: Tell = silent


class Rebuilt(Value):
    """What came of it. With differences and not switched, the new generation is kept as `NAME_next` to be looked at."""

    name: str
    events: int
    seconds: float
    differences: Sequence[Difference]
    switched: bool


def rebuild(site: Site, model: ModuleType, accept_difference: bool = False) -> Rebuilt:
    """Build from the whole log to where the live one is, compare, and switch if equal or if a difference is accepted.

    What an interrupted rebuild has left is dropped. Readers and live projection go on.
    Raises RebuildRunning, ModelBusy, Stopped, UnknownEvent.
    """
    name, began = name_of(model), monotonic()
    with workbench(site.database_url, name) as db:
        place = Place(db, model, site.vault, next_of(name))
        drop(db, place.schema)
        create(db, model, place.schema)
        events = follow(place, name, site.tell)
        differences = differences_now(place)
        switched = accept_difference or not differences
        if switched:
            switch(place)
        return Rebuilt(name, events, monotonic() - began, differences, switched)


def refit(site: Site, model: ModuleType) -> Rebuilt | None:
    """Makes a live model anew whose tables are those of another version; None where they are this one's.

    There is nothing to compare with, and the old generation goes: this version could erase nobody from it.
    Raises RebuildRunning, ModelBusy, Stopped, UnknownEvent.
    """
    name, began = name_of(model), monotonic()
    with workbench(site.database_url, name) as db:
        if has_shape(db, model, name):
            return None
        place = Place(db, model, site.vault, next_of(name))
        drop(db, place.schema)
        create(db, model, place.schema)
        events = follow(place, name, site.tell)
        switch(place)
        drop(db, old_of(name))
        return Rebuilt(name, events, monotonic() - began, [], switched=True)


def rollback(site: Site, model: ModuleType) -> None:
    """Back to the generation before the last switch, brought up to date; asked again, forth. Raises NoGeneration."""
    name = name_of(model)
    with workbench(site.database_url, name) as db:
        roll_back(Place(db, model, site.vault, old_of(name)))


def differences_now(place: Place) -> list[Difference]:
    """What differs from the live generation in one snapshot, in which the other is brought to the live positions."""
    for last in range(1, COMPARISONS + 1):
        try:
            with place.db.transaction():
                place.db.execute("set transaction isolation level repeatable read")
                return level_and_compare(place)
        except (errors.SerializationFailure, errors.DeadlockDetected):
            if last == COMPARISONS:
                raise
    raise AssertionError("the last try returns or raises")


def level_and_compare(place: Place) -> list[Difference]:
    """In a snapshot: bring the generation to the live positions, erase who is forgotten in both, and compare."""
    live = name_of(place.model)
    bring(place, positions(place.db, live))
    forget_again(place, live, place.schema)
    return compare(place.db, live, place.schema)
