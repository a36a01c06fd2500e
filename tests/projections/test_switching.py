"""Switch and roll-back: another generation takes the place of the live one, whole, and time does not turn back."""

import psycopg
import pytest

from projections import calendar, switching
from projections.applying import Place, positions
from projections.following import Overshot, follow
from projections.rebuilding import Site, rebuild, rollback
from projections.schemas import create, exists
from projections.switching import NoGeneration, switch
from tests.projections.going_on import Reader, catch_up, live


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


def test_rolling_back_brings_the_old_generation_up_to_date_and_can_be_repeated(store, db, site):
    live(store, limit=1)
    catch_up(store, db, calendar)
    rebuild(site, calendar)
    for _ in range(3):
        live(store, limit=1)
        catch_up(store, db, calendar)
        before = taken(db), positions(db, "calendar")
        rollback(site, calendar)
        assert (taken(db), positions(db, "calendar")) == before
    assert taken(db) == 4


def test_rolling_back_needs_an_old_generation(store, db, site):
    catch_up(store, db, calendar)
    with pytest.raises(NoGeneration):
        rollback(site, calendar)


def test_the_kafka_offsets_of_the_live_generation_are_taken_along(store, db, site):
    live(store)
    catch_up(store, db, calendar)
    db.execute("update calendar.positions set kafka_offset = partition * 10")
    rebuild(site, calendar)
    assert [at.offset for at in positions(db, "calendar").values()] == [0, 10, 20, 30, 40, 50, 60, 70]


def test_a_generation_beyond_the_live_one_is_refused(store, db, vault):
    live(store)
    catch_up(store, db, calendar)
    create(db, calendar, "calendar_next")
    place = Place(db, calendar, vault, "calendar_next")
    follow(place, "calendar")
    db.execute("update calendar.positions set position = 1 where partition = 3")
    with pytest.raises(Overshot, match="3"):
        switch(place)
    assert exists(db, "calendar_next")


def test_a_switch_that_is_not_level_with_the_live_positions_turns_back_time(store, db, vault, reader, monkeypatch):
    reader_sees_after_switch(store, db, vault, reader)
    assert reader.wrong == []
    monkeypatch.setattr(switching, "bring", lambda *_: 0)
    reader_sees_after_switch(store, db, vault, reader)
    assert reader.wrong != []


def reader_sees_after_switch(store, db, vault, reader):
    place = Place(db, calendar, vault, "calendar_next")
    live(store)
    catch_up(store, db, calendar)
    create(db, calendar, "calendar_next")
    follow(place, "calendar")
    live(store)
    catch_up(store, db, calendar)
    reader.ask()
    switch(place)
    reader.ask()


def test_a_switch_gives_way_to_a_reader_that_is_slow(store, db, site, database, monkeypatch):
    live(store)
    catch_up(store, db, calendar)
    monkeypatch.setattr(switching, "TRIES", 2)
    monkeypatch.setattr(switching, "LOCK_WAIT_MS", 50)
    with psycopg.connect(database) as slow:
        slow.execute("select pg_advisory_xact_lock_shared(%s)", (switching.model_lock("calendar"),))
        with pytest.raises(switching.ModelBusy):
            rebuild(site, calendar)
    assert not exists(db, "calendar_old")
    assert rebuild(site, calendar).switched


def test_a_crash_within_the_switch_leaves_the_live_generation_whole(store, db, site, monkeypatch):
    live(store)
    catch_up(store, db, calendar)
    rename = switching.rename
    monkeypatch.setattr(
        switching, "rename", lambda db, schema, to: crash() if schema.endswith("_next") else rename(db, schema, to)
    )
    with pytest.raises(ConnectionAbortedError):
        rebuild(site, calendar)
    assert (exists(db, "calendar"), exists(db, "calendar_old")) == (True, False)


def crash():
    raise ConnectionAbortedError
