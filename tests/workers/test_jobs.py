"""Jobs are done in the end: tried again after a failure, run again after a kill, waiting for what they need."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from msgspec.structs import replace
from procrastinate.jobs import Job as Attempted

from commands.bookings import place_booking
from commands.catalog import seed
from commands.ending import cancel_booking
from commands.payments import open_payment
from commands.persons import forget
from integrations.stripe import connect
from projections.models import create_all
from tests.commands.wishes import WANTED, asks
from tests.integrations.conftest import own_sandbox, shop  # noqa: F401 - fixtures
from tests.integrations.stripe_account import KEY, SECRET
from tests.waiting import until
from tests.workers.acting import Acting, context
from workers import jobs
from workers.erasing import NotYet, erase
from workers.job_schema import create_job_tables
from workers.jobs import TRIES, Patience
from workers.projector import Projector, Sources
from workers.reactions import Job

DAY = datetime.now(UTC).date() + timedelta(30)


@pytest.fixture
def ask(store, db, own_sandbox):  # noqa: F811
    """ask(): a context of now."""
    create_job_tables(db)

    def make():
        return context(store, connect(KEY, own_sandbox.url, SECRET), "guest")

    seed(make())
    return make


def cancelled(ask):
    """A booking that was cancelled while its intent is open at Stripe."""
    placed = place_booking(asks("ada", replace(WANTED, pickup_date=DAY)), ask())
    open_payment(placed.booking_number, placed.payment_id, ask())
    cancel_booking(placed.booking_id, "", False, ask())
    return placed


def defer(database, db, task, about, position=0):
    jobs.defer(jobs.connect(database), db, Job(task, about, position))


def state(db, task):
    """Status and attempts of the one job of the task."""
    [row] = db.execute("select status::text, attempts from procrastinate_jobs where task_name = %s", (task,)).fetchall()
    return row


def intents(sandbox):
    return [line["status"] for line in sandbox.ledger()]


def test_waits_double_up_to_five_minutes_and_end_after_fifty_tries():
    def wait_s(attempts):
        asked = Attempted(
            id=1, lock=None, queueing_lock=None, task_name="end_payment", queue="default", attempts=attempts
        )
        decided = Patience().get_retry_decision(exception=ValueError(), job=asked)
        return decided and (decided.retry_at - datetime.now(UTC)).total_seconds()

    for attempts, longest in ((0, 0.25), (1, 0.5), (2, 1), (5, 8), (20, 300), (48, 300)):
        assert longest / 2 - 0.5 < wait_s(attempts) <= longest
    assert (TRIES, wait_s(49)) == (50, None)


def test_a_job_is_tried_again_until_stripe_is_there(ask, database, db, own_sandbox):  # noqa: F811
    placed = cancelled(ask)
    own_sandbox.switch(fail=1)
    defer(database, db, "end_payment", placed.payment_id)
    with Acting("jobs", database, own_sandbox.url):
        until(lambda: state(db, "end_payment")[1] >= 2, 60)
        assert intents(own_sandbox) == ["requires_payment_method"]
        own_sandbox.switch()
        until(lambda: state(db, "end_payment")[0] == "succeeded", 30)
    assert intents(own_sandbox) == ["canceled"]


def test_a_payment_is_ended_though_every_reply_is_lost_for_a_while(ask, database, db, own_sandbox):  # noqa: F811
    placed = place_booking(asks("ada", replace(WANTED, pickup_date=DAY)), ask())
    cancel_booking(placed.booking_id, "", False, ask())
    own_sandbox.switch(lose_replies=1)
    defer(database, db, "end_payment", placed.payment_id)
    with Acting("jobs", database, own_sandbox.url):
        until(lambda: state(db, "end_payment")[1] >= 2, 60)
        own_sandbox.switch()
        until(lambda: state(db, "end_payment")[0] == "succeeded", 30)
    assert intents(own_sandbox) == ["canceled"]


def test_the_job_of_a_killed_worker_is_run_again(ask, database, db, own_sandbox):  # noqa: F811
    placed = cancelled(ask)
    own_sandbox.switch(delay_ms=4000)
    defer(database, db, "end_payment", placed.payment_id)
    with Acting("jobs", database, own_sandbox.url) as killed:
        until(lambda: state(db, "end_payment")[0] == "doing", 60)
        killed.kill()
    own_sandbox.switch()
    with Acting("jobs", database, own_sandbox.url):
        until(lambda: state(db, "end_payment")[0] == "succeeded", 60)
    assert intents(own_sandbox) == ["canceled"]


def test_a_person_is_erased_once_every_read_model_has_passed_the_event(ask, database, vault, db):
    create_all(db)
    cancelled(ask)
    person_id = vault.person_id("ada@example.com")
    position = forget(person_id, ask())
    with pytest.raises(NotYet):
        erase(db, person_id, position)
    defer(database, db, "erase_person", person_id, position)
    with Acting("jobs", database):
        until(lambda: state(db, "erase_person")[1] >= 1, 60)
        assert db.execute("select erased_at from eventlog.destroyed_keys").fetchone() == (None,)
        with projecting(database, vault):
            until(lambda: state(db, "erase_person")[0] == "succeeded", 60)
    assert db.execute("select erased_at is not null from eventlog.destroyed_keys").fetchone() == (True,)


@contextmanager
def projecting(database, vault):
    projector = Projector(Sources(database, vault))
    thread = Thread(target=projector.run)
    thread.start()
    try:
        yield
    finally:
        projector.stop()
        thread.join(20)
