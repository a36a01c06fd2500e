"""The recorder is the package's to those who use it, and its readers never pass a number that could still appear."""

from contextlib import contextmanager

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresDatastore
from eventsourcing.tests import persistence
from psycopg.conninfo import make_conninfo

from eventlog.ids import new_id
from eventlog.recorder import SettledRecorder
from eventlog.store import connection_settings
from integrations.embedded.child import wait_until
from tests.eventlog.streams import Writer
from tests.waiting import until

ROWS = "select notification_id from eventlog.stored_events order by 1"


@contextmanager
def recorder_on(database, schema="eventlog"):
    where = {name.removeprefix("POSTGRES_").lower(): value for name, value in connection_settings(database).items()}
    with PostgresDatastore(**where, schema=schema, max_overflow=15) as datastore:
        yield SettledRecorder(datastore)


class TestAsThePackageWantsIt(persistence.ApplicationRecorderTestCase[SettledRecorder]):
    INITIAL_VERSION = 0

    @pytest.fixture(autouse=True)
    def _in_a_database(self, database):
        self.database = database

    def new_originator_id(self):
        return new_id()

    def create_recorder(self):
        recorder = self.enterContext(recorder_on(self.database, schema="public"))
        recorder.create_table()
        return recorder


@pytest.fixture
def recorder(database):
    with recorder_on(database) as recorder:
        yield recorder


@pytest.fixture
def writer(database):
    with Writer(database) as writer:
        yield writer


def ids(recorder, after=0, **more):
    return [row["notification_id"] for row in recorder.settled(after, 100, **more)]


def naive(database):
    with psycopg.connect(database) as db:
        return [id for (id,) in db.execute(ROWS)]


def test_numbers_without_a_hole_are_settled_while_somebody_writes(recorder, writer, database):
    with Writer(database) as slow:
        writer.write(3)
        slow.insert()
        assert ids(recorder) == [1, 2, 3]


def test_a_hole_that_could_be_filled_stops_the_reader_until_it_is(recorder, writer, database):
    with Writer(database) as slow:
        writer.write()
        slow.insert()
        writer.write(2)
        assert naive(database) == [1, 3, 4]
        assert ids(recorder) == [1]
        assert recorder.max_notification_id() == 1
        slow.db.commit()
        assert ids(recorder) == [1, 2, 3, 4]
        assert recorder.max_notification_id() == 4


def test_a_hole_left_by_a_rollback_is_passed(recorder, writer):
    writer.write()
    writer.waste()
    writer.write()
    assert ids(recorder) == [1, 3]
    assert recorder.max_notification_id() == 3


def test_a_dead_hole_is_passed_only_when_all_who_wrote_at_that_moment_have_ended(recorder, writer, database):
    with Writer(database) as early, Writer(database) as late:
        writer.write()
        writer.waste()
        writer.write()
        early.insert()
        assert ids(recorder) == [1]
        late.insert()
        early.db.commit()
        assert ids(recorder) == [1, 3, 4]  # who came later does not keep the proof waiting


def test_constant_writers_that_overlap_do_not_stop_the_reader_for_ever(recorder, writer, database):
    with Writer(database) as one, Writer(database) as other:
        writer.waste()
        writer.write()
        one.insert()
        for _ in range(10):
            seen = ids(recorder)
            other.insert()
            one.db.commit()
            one, other = other, one
        one.db.commit()
        assert seen[0] == 2
        assert len(seen) >= 9


def test_an_idle_transaction_that_has_inserted_stops_the_feed_and_is_named(recorder, writer, database):
    named = make_conninfo(database, application_name="the culprit")
    with Writer(named) as idle:
        idle.insert()
        writer.write(5)
        assert ids(recorder) == []
        [blocker] = recorder.blockers()
        assert (blocker["application_name"], blocker["state"]) == ("the culprit", "idle in transaction")
        assert "insert into eventlog.stored_events" in blocker["query"]
        assert wait_until(lambda: recorder.blockers()[0]["seconds"] > 0.05, 5)
        idle.db.rollback()
        assert ids(recorder) == [2, 3, 4, 5, 6]
        assert recorder.blockers() == []


def test_an_idle_transaction_that_only_read_stops_nobody(recorder, writer, database):
    with psycopg.connect(database) as idle:
        idle.execute(ROWS)
        writer.waste()
        writer.write()
        assert ids(recorder) == [2]


@pytest.fixture
def twin(database, server):
    """A database cloned from this test's own: its tables have the same oids."""
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"] + "_twin"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"create database {name} template {name.removesuffix('_twin')}")
        yield make_conninfo(server, dbname=name)
        db.execute(f"drop database {name} with (force)")


def test_a_writer_in_another_database_of_the_same_template_stops_nobody(twin, recorder, writer, database):
    oid = "select 'eventlog.stored_events'::regclass::oid"
    with psycopg.connect(database) as here, Writer(twin) as there:
        assert here.execute(oid).fetchone() == there.db.execute(oid).fetchone()
        there.insert()
        writer.waste()
        writer.write()
        assert ids(recorder) == [2]
        assert recorder.blockers() == []


def test_a_page_begins_and_ends_where_it_is_told(recorder, writer):
    writer.write(10)
    assert ids(recorder, after=3, stop=6) == [4, 5, 6]
    assert [row["notification_id"] for row in recorder.settled(3, 2)] == [4, 5]
    assert [n.id for n in recorder.select_notifications(3, 2)] == [3, 4]


def test_only_the_named_topics_come_and_none_from_behind_a_hole(recorder, database):
    def event(topic):
        return StoredEvent(new_id(), 1, topic, b"{}")

    recorder.insert_events([event("A")])
    recorder.insert_events([event("B")])
    assert recorder.max_notification_id() == 2
    with Writer(database) as slow:
        slow.insert()
        recorder.insert_events([event("A")])
        assert [n.id for n in recorder.select_notifications(None, 10, topics=["A"])] == [1]
    # The server sees a little later that the writer is gone.
    until(lambda: [n.id for n in recorder.select_notifications(None, 10, topics=["A"])] == [1, 4])


def test_what_was_proven_ends_with_the_connection_that_proved_it(recorder, writer, database, db):
    writer.waste()
    writer.write()
    assert ids(recorder) == [2]
    db.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'totetaxi feed'"
               " and datname = current_database()")  # fmt: skip
    with pytest.raises(OperationalError):
        ids(recorder)
    writer.insert()
    with Writer(database) as other:
        other.write()
    assert ids(recorder) == []
    writer.db.commit()
    assert ids(recorder) == [2, 3, 4]


def test_a_sequence_with_a_cache_is_refused(recorder, db):
    db.execute("alter sequence eventlog.stored_events_notification_id_seq cache 10")
    with pytest.raises(RuntimeError, match="sequence without cache"):
        ids(recorder)


def test_appends_to_the_same_streams_in_different_order_do_not_lock_each_other_out(recorder):
    one, other = sorted([new_id(), new_id()])
    given = recorder.insert_events([StoredEvent(other, 1, "B", b""), StoredEvent(one, 1, "A", b"")])
    assert [event.topic for event in recorder.select_notifications(None, 10)] == ["A", "B"]
    assert given == [2, 1]


def test_nothing_of_an_append_is_written_when_one_version_is_taken(recorder):
    taken, free = new_id(), new_id()
    recorder.insert_events([StoredEvent(taken, 1, "A", b"")])
    with pytest.raises(IntegrityError):
        recorder.insert_events([StoredEvent(free, 1, "A", b""), StoredEvent(taken, 1, "A", b"")])
    assert recorder.select_events(free) == []


def test_an_append_takes_no_lock_of_the_table_that_keeps_others_out(recorder, db):
    with recorder.transaction() as mine:
        recorder.insert_events([StoredEvent(new_id(), 1, "A", b"")])
        modes = db.execute("select mode from pg_locks where relation = 'eventlog.stored_events'::regclass and pid = %s",
                           (mine.info.backend_pid,)).fetchall()  # fmt: skip
    assert modes == [("RowExclusiveLock",)]
