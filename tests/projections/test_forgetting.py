"""Nobody who is forgotten comes back by a rebuild or a roll-back that went on meanwhile."""

import pytest

from bench.past import Guest
from domain import customer
from eventlog.store import Ref
from projections import history, switching
from projections.rebuilding import Site, rebuild, rollback
from tests.projections.going_on import catch_up, live
from tests.samples import note, person

CANARY = Guest(1, person("canary"))


@pytest.fixture
def site(database, vault):
    return Site(database, vault)


def forget(store):
    with store.recorder.transaction() as db:
        keys = tuple(key.key_id for key in store.vault.keys(db, "person_id", [CANARY.person]).values())
        done = store.append(
            [Ref(customer, CANARY.person)],
            lambda state: [customer.forget(state, CANARY.person, keys)],
            note(),
        )
        store.vault.destroy(db, CANARY.person, done.position)


def readable(db, schema="history"):
    """How many rows have details of a person."""
    return db.execute(f"select count(*) from {schema}.bookings where details is not null").fetchone()[0]


def test_who_is_forgotten_while_a_rebuild_goes_on_is_forgotten_in_the_new_generation(store, db, database, vault):
    live(store, CANARY)
    catch_up(store, db, history)
    outcome = rebuild(Site(database, vault, lambda _: forget(store)), history)
    assert (outcome.differences, outcome.switched) == ([], True)
    assert readable(db) == 0


def test_who_is_forgotten_stays_so_when_an_old_generation_comes_back(store, db, site, monkeypatch):
    live(store, CANARY)
    catch_up(store, db, history)
    rebuild(site, history)
    monkeypatch.setattr(switching, "follow", lambda *_: forget(store))
    assert readable(db, "history_old") == 1
    rollback(site, history)
    assert readable(db) == 0


def test_a_person_who_books_again_after_being_forgotten_is_rebuilt_as_they_are_now(store, db, site):
    live(store, CANARY)
    catch_up(store, db, history)
    forget(store)
    live(store, Guest(2, CANARY.person))
    catch_up(store, db, history)
    outcome = rebuild(site, history)
    assert (outcome.differences, outcome.switched) == ([], True)
    assert readable(db) == 1
