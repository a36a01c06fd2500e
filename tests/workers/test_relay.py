"""The relay loses nothing and leads alone, whoever is killed, paused or emptied."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from eventlog import feed as feeds
from eventlog.feed import KafkaFeed, from_record, topic_name
from integrations.embedded.child import wait_until
from integrations.embedded.kafka import KafkaBroker
from tests.eventlog.streams import Reader, Writer, by_partition, log_of
from tests.eventlog.topics import delete, ends, running
from workers.relay import LOCK, Relay

ROOT = Path(__file__).parents[2]
LEADER = """
    select application_name from pg_stat_activity join pg_locks using (pid) where locktype = 'advisory' and objid = %s
    and granted and database = (select oid from pg_database where datname = current_database())"""


@contextmanager
def process(database, bootstrap, name="relay"):
    """`python` with the relay in it, as `totetaxi relay` runs it; its connections carry the name."""
    code = f"from workers.relay import run; run({database!r}, {bootstrap!r})"
    environment = os.environ | {"PGAPPNAME": name}
    relay = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        yield relay
    finally:
        relay.kill()
        relay.communicate()


@contextmanager
def constant_writing(database):
    """One event after the other, some numbers wasted, until the end of the block."""
    end = Event()

    def write():
        with Writer(database) as writer:
            while not end.wait(0.002):
                writer.write(3)
                writer.waste()

    runner = Thread(target=write)
    runner.start()
    try:
        yield
    finally:
        end.set()
        runner.join(30)


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """A broker that a test may kill, and starts again."""
    with KafkaBroker(tmp_path_factory.mktemp("relay") / "kafka") as broker:
        yield broker


@pytest.fixture
def topic(db):
    return topic_name(*db.execute("select id from eventlog.log").fetchone())


def leader(db):
    return [name for (name,) in db.execute(LEADER, (LOCK,))]


def published(db):
    return db.execute("select max(position) from eventlog.relay").fetchone()[0]


def everything(log, where, topic, database):
    """What a reader from the start gets, by partition."""
    reader = Reader(KafkaFeed(log, where, topic))
    reader.read_all(database)
    reader.feed.close()
    return reader.by_partition()


def test_it_stores_the_last_position_of_each_partition_and_of_the_log(database, db, bootstrap):
    with Writer(database) as writer:
        writer.write(100)
        writer.waste()
        writer.write(1)
    with running(Relay(database, bootstrap)) as relay:
        assert wait_until(lambda: relay.position == 102, 30)
    heads = dict(db.execute("select partition, head from eventlog.relay").fetchall())
    assert heads == {p: positions[-1] for p, positions in by_partition(log_of(database)).items()}
    assert published(db) == 102
    assert (relay.published, relay.is_leader, relay.trouble) == (101, False, "")


def test_one_relay_leads_and_the_other_takes_over_when_it_is_killed(database, db, log, bootstrap, topic):
    with process(database, bootstrap, "one") as one:
        assert wait_until(lambda: leader(db) == ["one"], 30)
        with process(database, bootstrap, "two"), constant_writing(database):
            assert wait_until(lambda: (published(db) or 0) > 200, 30)
            assert leader(db) == ["one"]
            one.send_signal(signal.SIGKILL)
            assert wait_until(lambda: leader(db) == ["two"], 10)
            before = published(db)
            assert wait_until(lambda: published(db) > before + 200, 30)
        with process(database, bootstrap, "three"):
            assert wait_until(lambda: published(db) == log_of(database)[-1][1], 30)
    assert everything(log, bootstrap, topic, database) == by_partition(log_of(database))


def test_sigterm_is_a_clean_end_that_frees_the_lead(database, db, bootstrap):
    with process(database, bootstrap) as relay:
        assert wait_until(lambda: leader(db), 30)
        relay.send_signal(signal.SIGTERM)
        assert relay.wait(10) == 0
        assert leader(db) == []


def test_a_relay_that_lost_its_lead_stores_nothing_more(database, db, bootstrap):
    with running(Relay(database, bootstrap)) as relay, Writer(database) as writer:
        writer.write(10)
        assert wait_until(lambda: published(db) == 10, 30)
        with psycopg.connect(database, autocommit=True) as other:
            other.execute(LEADER.replace("application_name", "pg_terminate_backend(pid)"), (LOCK,))
            other.execute("select pg_advisory_lock(%s)", (LOCK,))
            writer.write(10)
            assert wait_until(lambda: relay.trouble, 10)
            assert not wait_until(lambda: published(db) != 10, 1)
        assert wait_until(lambda: published(db) == 20, 30)


def test_a_broker_that_is_killed_and_comes_back_has_everything_in_order(database, db, log, broker, topic):
    with running(Relay(database, broker.bootstrap)) as relay:
        reader = Reader(KafkaFeed(log, broker.bootstrap, topic))
        with constant_writing(database):
            reader.read_until(lambda: len(reader.seen) > 300)
            broker.kill()
            assert wait_until(lambda: log_of(database)[-1][1] > published(db) + 300, 30)
            broker.start()
            reader.read_until(lambda: len(reader.seen) > 900)
        reader.read_all(database)
        reader.feed.close()
        assert wait_until(lambda: relay.position == log_of(database)[-1][1], 60), relay.trouble
    assert reader.by_partition() == by_partition(log_of(database))
    assert everything(log, broker.bootstrap, topic, database) == by_partition(log_of(database))


def outage(database, broker, reader):
    """Longer than the relay's patience, and at its end the topic is gone."""
    with running(Relay(database, broker.bootstrap, delivery_timeout_ms=1_500)) as relay:
        with constant_writing(database):
            reader.read_until(lambda: len(reader.seen) > 300)
            seen = len(log_of(database))
            assert wait_until(lambda: relay.position >= log_of(database)[seen - 1][1], 30)
            broker.pause()
            assert wait_until(lambda: relay.trouble, 30)
            broker.resume()
            delete(broker.bootstrap, reader.feed._topic)
            reader.read_until(lambda: relay.position > log_of(database)[seen][1] + 300, 60)
        assert wait_until(lambda: relay.position == log_of(database)[-1][1], 60), relay.trouble
        reader.read_all(database)
    reader.feed.close()


def test_an_outage_longer_than_the_patience_and_a_lost_topic_lose_nothing(database, log, broker, topic):
    reader = Reader(KafkaFeed(log, broker.bootstrap, topic))
    outage(database, broker, reader)
    assert reader.by_partition() == by_partition(log_of(database))


def test_a_reader_that_ignores_the_position_before_loses_events_in_that_outage(
    database, log, broker, topic, monkeypatch
):
    monkeypatch.setattr(feeds, "from_record", lambda record: (from_record(record)[0], 0))
    monkeypatch.setattr(KafkaFeed, "_missing", lambda *_: [])
    reader = Reader(KafkaFeed(log, broker.bootstrap, topic))
    outage(database, broker, reader)
    assert set(reader.seen) < set(log_of(database))


def test_a_topic_that_vanishes_while_nothing_happens_is_made_again(database, bootstrap, topic):
    with running(Relay(database, bootstrap)), Writer(database) as writer:
        writer.write(10)
        assert wait_until(lambda: sum(ends(bootstrap, topic).values()) == 10, 30)
        delete(bootstrap, topic)
        assert wait_until(lambda: set(ends(bootstrap, topic).values()) == {0}, 30)
