"""Projectors share the work, lose nothing when one is killed, and wait rather than skip."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Thread

import pytest

from domain import booking
from integrations.embedded.child import wait_until
from projections import dashboard, locks
from projections.applying import positions
from projections.models import MODELS, create_all
from projections.parking import ask_for
from projections.schemas import enter
from projections.state import standing, state
from tests.projections.stories import Story, empty, follow, rows
from workers.projector import Projector, Sources
from workers.relay import Relay

ROOT = Path(__file__).parents[2]
NUMBERS = count(1)
PROGRAM = """
import sys
from eventlog.vault import Vault
from workers.projector import Projector, Sources
from workers.stopping import on_stop
projector = Projector(Sources(sys.argv[1], Vault({"test": b"m" * 32}, b"identity"), sys.argv[2]))
on_stop(projector.stop)
projector.run()
"""
RENAME = "update eventlog.stored_events set topic = %s where notification_id = %s"
CLAIMS = """select application_name, classid::bigint, objid::int from pg_locks join pg_stat_activity using (pid)
            where locktype = 'advisory' and objsubid = 2 and granted and classid::bigint = any(%s)
            and database = (select oid from pg_database where datname = current_database())"""


@pytest.fixture
def made(db):
    create_all(db)
    return db


@contextmanager
def process(database, name, bootstrap=""):
    """A projector as a process of its own; its connections carry the name."""
    command = [sys.executable, "-c", PROGRAM, database, bootstrap]
    running = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PGAPPNAME": name}, stderr=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


@contextmanager
def running(looped):
    thread = Thread(target=looped.run)
    thread.start()
    try:
        yield looped
    finally:
        looped.stop()
        thread.join(30)
        assert not thread.is_alive()


def bookings(store, n):
    """So many more bookings, each placed and paid, as told by one guest after the other."""
    for _ in range(n):
        story = Story(store, number := next(NUMBERS), f"guest{number}")
        story.place()
        story.pay()


def is_current(db):
    return all(model.standing.lag_events == 0 for model in state(db))


def shared_out(db):
    """The partitions each projector holds of the calendar, by its name."""
    held = {}
    for name, _, partition in db.execute(CLAIMS, ([locks.claim_class("calendar") % 2**32],)):
        held.setdefault(name, set()).add(partition)
    return held


def assert_counted_once(store, db):
    """The read models are what one batch after the other makes of the log from its beginning."""
    for name, model in MODELS.items():
        live = rows(db, name)
        empty(db, name)
        follow(store, db, model)
        assert rows(db, name) == live, name


def test_the_read_models_follow_the_log(store, made, database, vault):
    with running(Projector(Sources(database, vault))):
        bookings(store, 5)
        assert wait_until(lambda: is_current(made), 30)
        bookings(store, 5)
        assert wait_until(lambda: is_current(made), 30)
    assert made.execute("select sum(places) from calendar.taken").fetchone() == (10,)
    assert_counted_once(store, made)


def test_two_projectors_share_the_partitions_and_one_takes_over_when_the_other_is_killed(store, made, database):
    with process(database, "one") as one, process(database, "two"):
        assert wait_until(
            lambda: {name: len(held) for name, held in shared_out(made).items()} == {"one": 4, "two": 4}, 30
        )
        bookings(store, 10)
        one.send_signal(signal.SIGKILL)
        bookings(store, 10)
        assert wait_until(lambda: {name: len(held) for name, held in shared_out(made).items()} == {"two": 8}, 30)
        assert wait_until(lambda: is_current(made), 30)
    assert_counted_once(store, made)


def test_a_projector_that_is_asked_to_end_ends_and_leaves_its_partitions(made, database):
    with process(database, "one") as one:
        assert wait_until(lambda: len(shared_out(made).get("one", ())) == 8, 30)
        one.send_signal(signal.SIGTERM)
        assert one.wait(10) == 0
    assert wait_until(lambda: not shared_out(made), 10)


def test_a_writer_whose_connection_is_gone_comes_back_and_counts_right(store, made, database, vault):
    with running(Projector(Sources(database, vault))):
        for _ in range(4):
            bookings(store, 3)
            made.execute("""select pg_terminate_backend(pid) from pg_locks
                            where locktype = 'advisory' and classid::bigint = any(%s) and granted""",
                         ([locks.claim_class(name) % 2**32 for name in MODELS],))  # fmt: skip
        assert wait_until(lambda: is_current(made), 60)
    assert_counted_once(store, made)


def test_an_event_of_a_newer_version_is_waited_for_and_never_skipped(store, made, database, vault):
    bookings(store, 3)
    before = store.recorder.max_notification_id()
    [(name,)] = made.execute(
        "select topic from eventlog.stored_events where notification_id = %s", (before,)
    ).fetchall()
    made.execute(RENAME, ("BookingTeleported", before))
    bookings(store, 2)
    with running(Projector(Sources(database, vault))) as projector:
        assert wait_until(lambda: all("BookingTeleported" in one.trouble for one in projector.followers), 30)
        assert {at.position for at in positions(made, "calendar").values()} == {before - 1}
        made.execute(RENAME, (name, before))
        assert wait_until(lambda: is_current(made), 60)
        assert wait_until(lambda: not any(one.trouble for one in projector.followers), 10)
    assert_counted_once(store, made)


def test_a_parked_key_is_retried_by_the_projector_when_staff_ask(store, made, database, vault, monkeypatch):
    project, story = dashboard.project, Story(store, next(NUMBERS))

    def projecting(db, batch):
        project(db, batch)
        if any(recorded.name == "BookingStarted" for recorded in batch):
            raise LookupError

    monkeypatch.setattr(dashboard, "project", projecting)
    with running(Projector(Sources(database, vault))):
        story.place()
        story.turn(booking.BookingConfirmed(), booking.BookingStarted())
        bookings(store, 2)
        assert wait_until(lambda: is_current(made), 30)
        assert (standing(made, "dashboard").parked, standing(made, "history").parked) == (1, 0)
        monkeypatch.setattr(dashboard, "project", project)
        with made.transaction():
            enter(made, "dashboard")
            assert ask_for(made, story.id, "retry")
        assert wait_until(lambda: standing(made, "dashboard").parked == 0, 30)
    assert made.execute("select status from dashboard.bookings where booking_id = %s", (story.id,)).fetchone() == (
        "in_progress",
    )
    assert_counted_once(store, made)


def test_over_kafka_the_rows_are_those_of_the_log(store, made, database, vault, bootstrap):
    with running(Relay(database, bootstrap)), running(Projector(Sources(database, vault, bootstrap))):
        bookings(store, 10)
        assert wait_until(lambda: is_current(made), 60)
        bookings(store, 10)
        assert wait_until(lambda: is_current(made), 60)
    assert_counted_once(store, made)


def test_the_feed_may_change_at_any_time(store, made, database, vault, bootstrap):
    with running(Relay(database, bootstrap)):
        for kafka in (bootstrap, "", bootstrap):
            with running(Projector(Sources(database, vault, kafka))):
                bookings(store, 5)
                assert wait_until(lambda: is_current(made), 60)
    assert made.execute("select sum(places) from calendar.taken").fetchone() == (15,)
    assert_counted_once(store, made)


def test_while_kafka_is_away_the_projector_waits_and_says_so(store, made, database, vault):
    with running(Projector(Sources(database, vault, "127.0.0.1:9"))) as projector:
        bookings(store, 1)
        assert wait_until(lambda: all("FeedAway" in one.trouble for one in projector.followers), 60)
    assert standing(made, "calendar").lag_events > 0
