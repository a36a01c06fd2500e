"""The runner of the reactions: one leader, every effect once, timers in time, whatever is killed."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException

from domain import booking, payment
from eventlog.ids import new_id
from eventlog.store import Ref
from eventlog.timers import ask
from tests.eventlog.streams import INSERT, Writer
from tests.samples import note, person, placed
from tests.waiting import until
from tests.workers.acting import Acting
from workers import reacting
from workers.job_schema import create_job_tables
from workers.jobs import connect, working
from workers.reacting import TASKS, Runner
from workers.relay import LOCK as RELAY_LOCK

JOBS = "select task_name, args->>'about', (args->>'position')::bigint from procrastinate_jobs order by id"
BEHIND = 20_000
BACKLOG = """insert into eventlog.stored_events (originator_id, originator_version, topic, state)
             select gen_random_uuid(), 1, topic, state from eventlog.stored_events, generate_series(1, %s)
             where topic = 'BookingConfirmed'"""
WITHDRAWN = payment.PaymentWithdrawn("by_customer")


@pytest.fixture(autouse=True)
def job_tables(db):
    create_job_tables(db)


def place(store, expires_at):
    """A booking whose hold ends at that moment."""
    id = new_id()
    offer = booking.BookingPlaced(
        **{name: getattr(placed(), name) for name in placed().__struct_fields__} | {"hold_expires_at": expires_at}
    )
    store.append([Ref(booking, id)], lambda made: [booking.place(made, offer)], note())
    return id


def withdraw(store):
    """A payment that is asked for and withdrawn: a job follows."""
    id = new_id()
    asked = payment.PaymentRequested(new_id(), person("ada"), 99500)
    appended = store.append([Ref(payment, id)], lambda _: [[asked, WITHDRAWN]], note())
    return "end_payment", str(id), appended.position


def jobs(db):
    return db.execute(JOBS).fetchall()


@contextmanager
def running(database):
    runner = Runner(database)
    thread = Thread(target=runner.run)
    thread.start()
    try:
        yield runner
    finally:
        runner.stop()
        thread.join(20)


def now():
    return datetime.now(UTC)


def test_effects_and_position_are_stored_together(database, store, db):
    wanted = [withdraw(store) for _ in range(3)]
    with running(database):
        until(lambda: db.execute("select position from eventlog.reactions").fetchone() == (6,))
    assert jobs(db) == wanted


def test_what_is_not_stored_is_done_again_and_what_is_stored_is_not(database, store, db):
    """A job that cannot be stored takes the position back with it."""
    db.execute("alter table procrastinate_jobs add constraint broken check (task_name <> 'end_payment')")
    wanted = withdraw(store)
    runner = Runner(database)
    with reacting.log_at(database) as source, pytest.raises(ConnectorException):
        runner._take(db, source)
    assert db.execute("select position from eventlog.reactions").fetchone() == (0,)
    db.execute("alter table procrastinate_jobs drop constraint broken")
    for _ in range(2):
        with running(database):
            until(lambda: db.execute("select position from eventlog.reactions").fetchone() == (2,))
    assert jobs(db) == [wanted]


def test_a_killed_runner_loses_nothing_and_repeats_nothing(database, store, db):
    wanted = []
    for _ in range(3):
        with Acting("reactions", database) as acting:
            seen = len(wanted)
            wanted += [withdraw(store) for _ in range(40)]
            until(lambda seen=seen: len(jobs(db)) > seen)
            wanted += [withdraw(store) for _ in range(10)]
            acting.kill()
    with running(database):
        until(lambda: len(jobs(db)) >= len(wanted))
    assert jobs(db) == wanted


def test_of_two_runners_one_leads_and_the_other_follows_it(database, store, db):
    with running(database) as first:
        wanted = [withdraw(store)]
        until(lambda: len(jobs(db)) == 1)
        with running(database) as second:
            wanted.append(withdraw(store))
            until(lambda: len(jobs(db)) == 2)
            assert second.position == 0
            first.stop()
            wanted.append(withdraw(store))
            until(lambda: len(jobs(db)) == 3)
            assert second.position == 6
    assert jobs(db) == wanted


def test_relay_and_reactions_do_not_wait_for_each_other(database, store, db):
    assert db.execute("select pg_try_advisory_lock(%s)", (RELAY_LOCK,)).fetchone() == (True,)
    wanted = withdraw(store)
    with running(database):
        until(lambda: jobs(db) == [wanted])


def test_a_timer_becomes_a_job_within_five_seconds_of_its_time(database, store, db):
    due = now() + timedelta(seconds=1)
    id = place(store, due)
    with running(database):
        until(lambda: db.execute("select about from eventlog.timers").fetchall() == [(id,)])
        assert not jobs(db)
        until(lambda: jobs(db) == [("expire_hold", str(id), 0)])
        assert due <= now() < due + timedelta(seconds=5)
    assert not db.execute("select about from eventlog.timers").fetchall()


@pytest.mark.parametrize("kind", sorted(TASKS))
def test_each_kind_of_timer_becomes_its_job(kind, database, db):
    ask(db, kind, about := new_id(), now())
    with running(database):
        until(lambda: jobs(db) == [(TASKS[kind], str(about), 0)])
    app = working(connect(database), lambda _: None)
    assert TASKS[kind] in app.tasks


def test_a_timer_of_a_newer_version_waits_and_holds_nobody_up(database, db):
    ask(db, "letter_of_tomorrow", tomorrow := new_id(), now() - timedelta(days=1))
    ask(db, "hold", about := new_id(), now())
    with running(database):
        until(lambda: jobs(db) == [("expire_hold", str(about), 0)])
    assert db.execute("select kind, about from eventlog.timers").fetchall() == [("letter_of_tomorrow", tomorrow)]


def test_a_timer_that_somebody_is_moving_holds_nobody_up(database, db):
    moved, other = new_id(), new_id()
    ask(db, "hold", moved, now())
    with psycopg.connect(database) as moving:
        ask(moving, "hold", moved, now() + timedelta(days=1))
        with running(database):
            ask(db, "hold", other, now())
            until(lambda: jobs(db) == [("expire_hold", str(other), 0)])
    assert db.execute("select about from eventlog.timers").fetchall() == [(moved,)]


def test_timers_are_swept_while_there_are_events_to_read(database, store, db):
    id = place(store, now())
    with Writer(database) as writer:
        writer.write(1)
    db.execute(BACKLOG, (BEHIND,))
    with running(database):
        assert until(lambda: jobs(db)) == [("expire_hold", str(id), 0)]
        [position] = db.execute("select position from eventlog.reactions").fetchone()
    assert position < BEHIND


def test_a_paid_booking_has_no_timer_any_more(database, store, db):
    id = place(store, now() + timedelta(seconds=60))
    with running(database):
        until(lambda: db.execute("select from eventlog.timers").fetchall())
        store.append([Ref(booking, id)], lambda made: [booking.pay(made, new_id(), 99500)], note())
        until(lambda: not db.execute("select from eventlog.timers").fetchall())
    assert not jobs(db)


def test_an_event_of_a_newer_version_is_waited_for(database, store, db):
    row = (new_id(), 1, "SomethingNew", b"{}")
    with psycopg.connect(database, autocommit=True) as writer:
        writer.execute(INSERT, row)
    withdraw(store)
    with running(database) as runner:
        until(lambda: reacting.LOCK in held(db))
        assert runner.position == 0
        db.execute("delete from eventlog.stored_events where topic = 'SomethingNew'")
        until(lambda: len(jobs(db)) == 1)


def held(db):
    return {id for (id,) in db.execute("select objid::bigint from pg_locks where locktype = 'advisory'").fetchall()}
