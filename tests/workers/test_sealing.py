"""The sealer chains what is settled, alone, and tells each head outside, whoever is killed."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from structlog.testing import capture_logs

from eventlog.chain import links
from eventlog.chain_checking import Check
from eventlog.heads import read_heads
from tests.eventlog.audit_entries import END, act, found, remove
from tests.eventlog.streams import INSERT, Writer, row
from tests.waiting import until
from workers import sealing as sealings
from workers.sealing import LOCK, sealing

ROOT = Path(__file__).parents[2]
ENTRIES = "select count(*) from eventlog.stored_events where topic = 'StaffActed'"


@pytest.fixture
def heads(tmp_path):
    return tmp_path / "data" / "heads.jsonl"


@contextmanager
def process(database, heads):
    """The sealer in a process that can be killed."""
    code = f"""
from pathlib import Path
from workers.sealing import Sealer
Sealer({database!r}, Path({str(heads)!r})).run()"""
    running = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.kill()
        running.wait(10)


def count(db, table="eventlog.audit_chain"):
    return db.execute(f"select count(*) from {table}").fetchone()[0]


def told(heads):
    return max((head.n for head in read_heads(heads)), default=0)


def test_entries_are_sealed_and_the_head_is_told(database, store, db, heads):
    with sealing(database, heads):
        for n in range(1, 4):
            act(store)
            until(lambda n=n: count(db) == n)
        until(lambda: told(heads) == 3)
    assert found(db, heads) == []


def test_what_was_there_before_the_first_sealer_is_sealed(database, store, db, heads, monkeypatch):
    monkeypatch.setattr(sealings, "BATCH", 4)
    for _ in range(10):
        act(store)
    with sealing(database, heads):
        until(lambda: told(heads) == 10)
    assert found(db, heads) == []


def test_an_entry_of_a_transaction_still_open_is_waited_for(database, store, db, heads):
    """Its number is smaller than that of one that is there already: it comes first in the chain."""
    with psycopg.connect(database) as late, sealing(database, heads):
        stream = act(store)
        until(lambda: count(db) == 1)
        late.execute(INSERT, row(stream, 2))
        act(store)
        with Writer(database) as writer:
            writer.write(3)
        db.execute("select pg_sleep(1)")
        assert count(db) == 1
        late.commit()
        until(lambda: count(db) == 2)
    assert [link.position for link in links(db, END, 10)] == [1, 3]
    assert found(db, heads) == []


def test_of_two_sealers_one_leads_and_the_other_follows_it(database, store, db, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    with sealing(database, one) as first:
        act(store)
        until(lambda: told(one) == 1)
        with sealing(database, other):
            act(store)
            until(lambda: told(one) == 2)
            first.stop()
            act(store)
            until(lambda: told(other) == 3)
    assert told(one) == 2
    assert found(db, one) == found(db, other) == []


def test_a_sealer_killed_again_and_again_while_entries_are_written(database, store, db, heads):
    end = Event()

    def write():
        with Writer(database) as writer:
            while not end.wait(0.002):
                act(store)
                writer.write(2)
                writer.waste()

    writing = Thread(target=write)
    writing.start()
    try:
        for _ in range(3):
            with process(database, heads) as running:
                before = count(db)
                until(lambda before=before: count(db) > before + 20)
                running.kill()
    finally:
        end.set()
        writing.join(20)
    with sealing(database, heads):
        entries = db.execute(ENTRIES).fetchone()[0]
        until(lambda: told(heads) == entries)
    check = Check(db, heads)
    assert (list(check.findings()), check.sealed) == ([], entries)


def test_a_head_that_could_not_be_written_is_written_by_the_next(database, store, db, heads):
    """As when the process dies between chain and head."""
    heads.parent.mkdir()
    heads.mkdir()
    act(store)
    with sealing(database, heads):
        until(lambda: count(db) == 1)
    heads.rmdir()
    assert found(db, heads) == [("unguarded", 1)]
    with sealing(database, heads):
        until(lambda: told(heads) == 1)
    assert found(db, heads) == []


def test_sealing_goes_on_while_the_heads_cannot_be_written(database, store, db, heads):
    heads.parent.mkdir()
    heads.mkdir()
    with sealing(database, heads):
        for n in range(1, 3):
            act(store)
            until(lambda n=n: count(db) == n)
        heads.rmdir()
        until(lambda: told(heads) == 2)


def test_a_sealer_that_starts_with_nothing_new_tells_nothing_twice(database, store, db, heads):
    act(store)
    with sealing(database, heads):
        until(lambda: told(heads) == 1)
    with sealing(database, heads):
        until(lambda: leads(db))
    assert len(list(read_heads(heads))) == 1


def test_a_lost_connection_is_made_anew(database, store, db, heads):
    with sealing(database, heads):
        act(store)
        until(lambda: count(db) == 1)
        db.execute("select pg_terminate_backend(pid) from pg_locks where objid = %s", (LOCK,))
        act(store)
        until(lambda: told(heads) == 2)
    assert found(db, heads) == []


def test_a_sealer_that_finds_less_than_it_has_told_says_so_at_once(database, store, db, heads):
    with capture_logs() as said, sealing(database, heads):
        act(store)
        act(store)
        until(lambda: told(heads) == 2)
        db.execute("delete from eventlog.audit_chain where n = 2")
        remove(db, 2)
        until(lambda: [head.n for head in read_heads(heads)][-1] == 1)
    assert {"log_level": "error", "event": "audit_chain_cut_off", "chain": 1, "head": 2, "file": str(heads)} in said
    assert found(db, heads) == [("cut_off", 2)]


def leads(db):
    query = """select 1 from pg_locks where locktype = 'advisory' and objid = %s and granted
               and database = (select oid from pg_database where datname = current_database())"""
    return db.execute(query, (LOCK,)).fetchone()
