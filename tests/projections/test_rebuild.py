"""A read model is built again beside the live one and takes its place; bookings, projection and questions go on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from bench.past import load
from domain.pickup_day import PlaceReserved
from eventlog.store import EventStore
from projections import calendar, following, rebuilding
from projections.applying import Place, positions
from projections.following import bring
from projections.rebuilding import Site, rebuild, refit
from projections.schemas import OtherShape, create, exists
from projections.switching import RebuildRunning, workbench
from tests.projections.going_on import Reader, catch_up, in_background, live, projected
from tests.waiting import until


@pytest.fixture
def site(database, vault):
    return Site(database, vault)


@pytest.fixture
def reader(database, db):
    create(db, calendar)
    reader = Reader(database, calendar)
    yield reader
    reader.close()


def taken(db, schema="calendar"):
    return db.execute(f"select sum(places) from {schema}.taken").fetchone()[0]


def test_a_rebuild_while_bookings_and_projection_go_on_is_equal_and_switched(database, vault, site, db, reader):
    with EventStore(database, vault) as store:
        for _ in range(10):
            live(store)
        with projected(database, vault, calendar), in_background(lambda: live(store), lambda: live(store), reader.ask):
            outcomes = [rebuild(site, calendar) for _ in range(3)]
            generations = len(reader.generations)
            until(lambda: len(reader.generations) >= 3)
    assert [outcome.differences for outcome in outcomes] == [[], [], []]
    assert all(outcome.switched for outcome in outcomes)
    assert generations >= 2
    assert reader.answers > 20
    assert reader.wrong == []
    assert reader.miscounted(db) == []


def test_tables_of_another_version_are_left_alone_until_they_are_made_anew(store, db, site, vault):
    live(store)
    catch_up(store, db, calendar)
    before = taken(db)
    db.execute("alter table calendar.taken rename column places to vans")
    db.execute("comment on schema calendar is 'shape of long ago'")
    live(store)
    with pytest.raises(OtherShape):
        catch_up(store, db, calendar)
    assert db.execute("select count(*) from calendar.parked_keys").fetchone() == (0,)
    refit(site, calendar)
    assert taken(db) == before
    catch_up(store, db, calendar)
    assert rebuild(site, calendar).differences == []
    assert refit(site, calendar) is None


def test_a_rebuild_tells_how_far_it_is(store, db, database, vault):
    live(store)
    catch_up(store, db, calendar)
    told = []
    rebuild(Site(database, vault, told.append), calendar)
    assert told[-1].position == told[-1].stop == store.recorder.max_notification_id()
    assert told[-1].events == told[-1].position
    assert told[-1].left_s == 0


def test_a_rebuild_with_other_rules_shows_the_difference_and_is_not_switched(store, db, site, monkeypatch):
    for _ in range(5):
        live(store, limit=1)
    catch_up(store, db, calendar)
    forget_reservations(monkeypatch)
    outcome = rebuild(site, calendar)
    assert not outcome.switched
    assert {(d.table, d.only_in) for d in outcome.differences} == {("taken", "calendar")}
    assert exists(db, "calendar_next")
    assert not exists(db, "calendar_old")


def test_a_difference_that_is_accepted_is_switched(store, db, site, monkeypatch):
    live(store, limit=1)
    catch_up(store, db, calendar)
    forget_reservations(monkeypatch)
    outcome = rebuild(site, calendar, accept_difference=True)
    assert outcome.switched
    assert (taken(db), taken(db, "calendar_old")) == (None, 1)


def forget_reservations(monkeypatch):
    right = calendar.project
    monkeypatch.setattr(
        calendar,
        "project",
        lambda db, batch: right(db, [recorded for recorded in batch if not isinstance(recorded.event, PlaceReserved)]),
    )


def test_a_read_model_is_rebuilt_by_one_at_a_time(store, db, site, database):
    catch_up(store, db, calendar)
    with workbench(database, "calendar"), pytest.raises(RebuildRunning):
        rebuild(site, calendar)
    assert rebuild(site, calendar).switched


def test_partitions_that_stand_at_different_positions_are_compared_where_they_stand(store, db, site, log):
    for _ in range(20):
        live(store)
    catch_up(store, db, calendar)
    create(db, calendar, "calendar_apart")
    aims = {p: at._replace(position=at.position * (p + 1) // 9) for p, at in positions(db, "calendar").items()}
    bring(Place(db, calendar, store.vault, "calendar_apart"), aims)
    db.execute("drop schema calendar cascade; alter schema calendar_apart rename to calendar")
    outcome = rebuild(site, calendar)
    assert outcome.switched
    assert {p: at.position for p, at in positions(db, "calendar").items()} == {p: a.position for p, a in aims.items()}
    catch_up(store, db, calendar)
    assert rebuild(site, calendar).switched


def test_a_killed_rebuild_leaves_the_live_generation_and_is_begun_anew(store, db, site, database, vault):
    events = load(db, vault, 12_000)
    catch_up(store, db, calendar)
    before = positions(db, "calendar")
    killed_while_building(database, db)
    assert positions(db, "calendar") == before
    until(lambda: rebuild_is_free(database))
    outcome = rebuild(site, calendar)
    assert (outcome.differences, outcome.switched, outcome.events) == ([], True, events)


SLOWLY = """
import sys
from eventlog.vault import Vault
from projections import calendar, following
from projections.rebuilding import Site, rebuild, refit
following.BATCH = 200
rebuild(Site(sys.argv[1], Vault({"test": b"m" * 32}, b"identity")), calendar)
"""


def killed_while_building(database, db):
    root = Path(following.__file__).parents[1]
    process = subprocess.Popen([sys.executable, "-c", SLOWLY, database], cwd=root, stderr=subprocess.PIPE)
    try:
        until(lambda: exists(db, "calendar_next") and positions(db, "calendar_next")[0].position > 0)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    assert exists(db, "calendar_next"), "it was killed too late to show anything"


def rebuild_is_free(database):
    try:
        with workbench(database, "calendar"):
            return True
    except RebuildRunning:
        return False


def test_parked_keys_travel_with_their_generation(store, db, site, monkeypatch):
    poisoned = live(store)
    live(store)
    right = calendar.project
    monkeypatch.setattr(calendar, "project", lambda db, batch: right(db, [checked(r, poisoned) for r in batch]))
    catch_up(store, db, calendar)
    outcome = rebuild(site, calendar)
    assert (outcome.differences, outcome.switched) == ([], True)
    assert db.execute("select key from calendar.parked_keys").fetchall() == [(poisoned.booking,)]


def checked(recorded, poisoned):
    if recorded.key == poisoned.booking:
        raise ArithmeticError("this one never works")
    return recorded


def test_comparing_begins_again_when_the_live_rows_change_under_it(store, db, site, monkeypatch):
    live(store)
    catch_up(store, db, calendar)
    compared = []
    compare = rebuilding.compare

    def disturbed(*args):
        compared.append(1)
        if len(compared) < 3:
            raise psycopg.errors.SerializationFailure
        return compare(*args)

    monkeypatch.setattr(rebuilding, "compare", disturbed)
    assert rebuild(site, calendar).switched
    assert len(compared) == 3
