"""Work that waits is shown with the booking it is about; a job that was given up is put back, and done once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
from structlog.testing import capture_logs

import cli
from commands.bookings import Placed
from commands.parked_jobs import retry_job
from domain import Refused, audit
from eventlog import waiting
from eventlog.ids import new_id
from eventlog.store import Ref
from eventlog.timers import ask
from integrations.stripe import connect
from settings import Settings
from tests.commands.conftest import ctx, sandbox, stripe  # noqa: F401 - fixtures
from tests.commands.money_back import PRICE, approved, back, paid
from tests.commands.wishes import together
from tests.integrations.stripe_account import KEY, SECRET, free_port
from tests.test_settings import ENOUGH
from tests.workers.acting import context
from workers import jobs
from workers.jobs import TRIES
from workers.reactions import Job
from workers.upkeep import acting

LATER = datetime(2027, 1, 12, 14, tzinfo=UTC)


@pytest.fixture
def asked(database, monkeypatch, tmp_path):
    """Calls a command on the test's database."""
    for name, text in (
        ENOUGH | {"DATABASE_URL": database, "TOTETAXI_ENV": "test", "TOTETAXI_DATA": str(tmp_path)}
    ).items():
        monkeypatch.setenv(name, text)
    return lambda *words: cli.main(words)


class GivenUp(NamedTuple):
    """A refund whose job has tried as often as jobs do, while Stripe was away; `job` is the job's number."""

    placed: Placed
    refund: UUID
    job: int


@pytest.fixture
def given_up(ctx, database, db, store):  # noqa: F811
    placed = paid(ctx)
    refund = approved(ctx, placed)
    jobs.defer(jobs.connect(database), db, Job("pay_back", refund, 7))
    db.execute("update procrastinate_jobs set attempts = %s", (TRIES - 1,))
    with capture_logs() as logs:
        work(database, store, connect(KEY, f"http://127.0.0.1:{free_port()}", SECRET, 1.0))
    [(id, status)] = db.execute("select id, status::text from procrastinate_jobs where task_name = 'pay_back'")
    assert (status, back(ctx, refund).status) == ("failed", "approved")
    told = {"event": "job_given_up", "log_level": "error", "task": "pay_back", "job": id, "about": str(refund)}
    assert told | {"attempts": TRIES, "error": "StripeUnavailable"} in logs
    return GivenUp(placed, refund, id)


def work(database, store, stripe):  # noqa: F811
    """A worker that ends when there is nothing more to do; the clock asks nothing of it."""
    app = jobs.working(jobs.connect(database), lambda task: context(store, stripe, f"job {task}"))
    app.periodic_registry.periodic_tasks.clear()

    async def until_idle():
        async with app.open_async():
            await app.run_worker_async(wait=False, install_signal_handlers=False)

    asyncio.run(until_idle())


def acts(store):
    with store.recorder.connection() as db:
        found = db.execute(
            "select originator_id as id from eventlog.stored_events where topic = 'StaffActed'"
        ).fetchall()
    return [store.load(Ref(audit, row["id"])).state.action for row in found]


def test_a_job_given_up_is_shown_and_done_once(asked, capsys, given_up, database, store, sandbox):  # noqa: F811
    placed, refund, id = given_up
    capsys.readouterr()
    assert asked("work", "parked") == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{id} pay_back {refund} of {placed.booking_number}: tried {TRIES} times, given up at ")
    assert asked("work", "retry", str(id)) == 0
    assert asked("work", "retry", str(id)) == 1
    work(database, store, sandbox.client())
    [line] = [line for line in sandbox.ledger() if line["metadata"]["payment_id"] == str(placed.payment_id)]
    assert [(one["amount"], one["metadata"]["refund_id"]) for one in line["refunds"]] == [(PRICE, str(refund))]
    capsys.readouterr()
    assert asked("work", "parked") == 0
    assert capsys.readouterr().out == "no job is given up\n"
    assert acts(store) == ["replay"]


def test_of_many_who_put_a_job_back_one_does_and_it_has_all_its_tries_again(asked, given_up, db):
    _, _, id = given_up

    def retry():
        with acting(Settings.from_env(), "work retry", audit.Action.REPLAY) as ctx:  # noqa: F811
            try:
                return retry_job(id, ctx).position > 0
            except Refused as refusal:
                return refusal.code

    assert sorted(map(str, together(*[retry] * 4))) == ["True", *["not_found"] * 3]
    assert db.execute("select status::text, attempts from procrastinate_jobs where id = %s", (id,)).fetchall() == [
        ("todo", 0)
    ]


def test_the_failed_turn_of_a_periodic_job_is_done_with_because_another_comes(db):
    made = """insert into procrastinate_jobs (task_name, queue_name, args, status, queueing_lock)
              values ('clear_away', 'default', '{}', %s, 'clear_away') returning id"""
    [(failed,), _] = [db.execute(made, (status,)).fetchone() for status in ("failed", "todo")]
    [shown] = waiting.parked_jobs(db)
    assert (shown.id, shown.task, shown.about, shown.booking_number) == (failed, "clear_away", None, None)
    assert waiting.put_back(db, failed) == ("clear_away", None)
    assert waiting.parked_jobs(db) == []
    assert db.execute("select count(*) from procrastinate_jobs where status = 'todo'").fetchone() == (1,)


def test_timers_are_shown_the_soonest_first_with_their_booking(asked, capsys, ctx, db):  # noqa: F811
    placed, other = paid(ctx), new_id()
    ask(db, "reminder", other, LATER)
    ask(db, "hold", placed.booking_id, LATER - timedelta(hours=1))
    assert asked("work", "due") == 0
    assert capsys.readouterr().out.splitlines() == [
        f"2027-01-12T13:00:00Z hold {placed.booking_number}", f"2027-01-12T14:00:00Z reminder {other}"]  # fmt: skip
    assert [one.kind for one in waiting.timers(db, 1)] == ["hold"]


def test_a_job_that_is_tried_again_is_shown_with_its_booking_until_it_is_done(
    asked, capsys, ctx, database, db, store, sandbox,  # noqa: F811
):  # fmt: skip
    placed = paid(ctx)
    refund = approved(ctx, placed)
    jobs.defer(jobs.connect(database), db, Job("pay_back", refund, 7))
    away = connect(KEY, f"http://127.0.0.1:{free_port()}", SECRET, 1.0)
    with capture_logs() as logs:
        work(database, store, away)
    [job] = waiting.jobs_tried_again(db)
    assert (job.task, job.about, job.booking_number) == ("pay_back", refund, placed.booking_number)
    failed = [line for line in logs if line["event"] == "job_again"]
    assert [line["attempts"] for line in failed] == [*range(1, job.attempts + 1)]
    assert {(line["about"], line["error"]) for line in failed} == {(str(refund), "StripeUnavailable")}
    db.execute("update procrastinate_jobs set scheduled_at = %s", (LATER,))
    assert asked("work", "due") == 0
    about = f"{job.id} pay_back {refund} of {placed.booking_number}: tried {job.attempts} times"
    assert capsys.readouterr().out == f"no timer is set\n{about}, again at 2027-01-12T14:00:00Z\n"
    db.execute("update procrastinate_jobs set scheduled_at = null")
    work(database, store, sandbox.client())
    assert waiting.jobs_tried_again(db) == []


def test_a_job_that_is_being_tried_again_has_no_next_try(asked, capsys, db):
    made = """insert into procrastinate_jobs (task_name, queue_name, status, attempts, scheduled_at)
              values ('reconcile', 'default', %s::procrastinate_job_status, %s, %s) returning id"""
    status = ("todo", 0), ("doing", 0), ("succeeded", 2), ("failed", 50), ("todo", 3), ("doing", 4)
    *_, waits, tried = (db.execute(made, (*one, LATER)).fetchone()[0] for one in status)
    shown = [(one.id, one.about, one.attempts, one.next_try_at) for one in waiting.jobs_tried_again(db)]
    assert shown == [(tried, None, 4, None), (waits, None, 3, LATER)]
    assert [one.id for one in waiting.jobs_tried_again(db, 1)] == [tried]
    assert asked("work", "due") == 0
    assert f"{tried} reconcile -: tried 4 times, being tried now\n" in capsys.readouterr().out


def test_nothing_that_waits_is_told(asked, capsys):
    assert asked("work", "due") == asked("work", "parked") == 0
    assert capsys.readouterr().out == "no timer is set\nno job is given up\n"
