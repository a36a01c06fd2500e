"""Books are compared every hour by one job, and on the command line; where a payment could be missing it is said."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

import cli
from commands.reconciling import Comparison, reconcile
from domain import reconciliation
from domain.reconciliation import Kind
from projections.models import create_all
from tests.commands.conftest import ctx, stripe  # noqa: F401 - fixtures
from tests.commands.money_back import PRICE, begun_at_stripe, paid
from tests.commands.stripe_missed import FAR, another_intent, emptied, noted
from tests.commands.wishes import limit, place
from tests.integrations.conftest import new_sandbox
from tests.integrations.stripe_account import KEY, free_port
from tests.projections.going_on import catch_up
from tests.test_settings import ENOUGH
from tests.waiting import until
from workers import jobs, reconciling
from workers.reconciling import hourly

UNKNOWN = {"payment_id": "6f0e1c1e-0000-4000-8000-000000000001"}
MORNING, NIGHT = datetime(2026, 11, 23, 15, 23, tzinfo=UTC), datetime(2026, 11, 23, 8, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def sandbox(server):
    with new_sandbox(server) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def nothing_yet(sandbox, db):
    emptied(sandbox)
    create_all(db)


@pytest.fixture
def projected(store, db):
    from projections import payments

    return lambda: catch_up(store, db, payments)


@pytest.fixture
def asked(database, sandbox, monkeypatch, tmp_path):
    """Calls a command on the test's database."""
    mine = {"DATABASE_URL": database, "TOTETAXI_ENV": "test", "TOTETAXI_DATA": str(tmp_path)}
    mine |= {"STRIPE_SECRET_KEY": KEY, "TOTETAXI_STRIPE_API_URL": sandbox.url}
    for name, text in (ENOUGH | mine).items():
        monkeypatch.setenv(name, text)
    return lambda *words: cli.main(("reconcile", *words))


def test_each_finding_is_a_warning_that_names_ids_alone(ctx, projected):  # noqa: F811
    held = another_intent(ctx, UNKNOWN)
    projected()
    with capture_logs() as logs:
        hourly(lambda: ctx(now=datetime.now(UTC)), MORNING)
    [told] = [line for line in logs if line["event"] == "books_differ"]
    assert (told["log_level"], told["kind"], told["cents"]) == ("warning", Kind.UNKNOWN_PAYMENT, PRICE)
    assert (told["stripe"], str(told["payment"])) == (held.id, UNKNOWN["payment_id"])


@pytest.fixture
def looks_back(ctx, projected):  # noqa: F811
    """looks_back(at): the days that the hourly comparison looks back then; None for ever."""

    def asked(at):
        projected()
        done = hourly(lambda: ctx(now=at), at)
        return done.since and (at - done.since).days

    return asked


def test_the_first_one_looks_at_everything_and_the_nightly_ones_further_back(looks_back):
    days = [looks_back(NIGHT + timedelta(hours=n)) for n in (-1, 0, 1, 23, 24, 25)]
    assert days == [None, 40, 3, 3, 40, 3]


def test_a_night_in_which_nobody_compared_is_made_up_for(looks_back):
    days = [looks_back(NIGHT + timedelta(hours=n)) for n in (0, 1, 27, 28)]
    assert days == [None, 3, 40, 3]


def test_while_findings_were_left_out_everything_is_looked_at(ctx, looks_back, monkeypatch):  # noqa: F811
    monkeypatch.setattr(reconciliation, "MOST_FINDINGS", 1)
    held = [another_intent(ctx, {"payment_id": str(uuid4())}) for _ in range(2)]
    with capture_logs() as logs:
        days = [looks_back(MORNING + timedelta(hours=n)) for n in range(3)]
    assert days == [None, None, None]
    assert [line["left_out"] for line in logs if line["event"] == "more_books_differ"] == [1, 1, 1]
    assert ctx().stripe.v1.refunds.create({"payment_intent": held[0].id}).status == "succeeded"
    assert [looks_back(MORNING + timedelta(hours=n)) for n in (4, 5)] == [None, 3]


def test_the_job_has_the_books_compared_and_one_waits_at_most(ctx, projected):  # noqa: F811
    projected()
    app = jobs.working(jobs.connect("dbname=none"), lambda task: ctx(actor=f"job {task}"))
    task = app.tasks["reconcile"]
    assert (task.queueing_lock, task.lock) == ("reconcile", "reconcile")
    crons = [one.cron for one in app.periodic_registry.periodic_tasks.values() if one.task is task]
    assert crons == ["23 * * * *"]
    task(timestamp=int(MORNING.timestamp()))
    assert noted(ctx()).compared == 0


def test_while_the_read_model_is_behind_it_is_noted_that_payments_may_be_missing(ctx, projected, sandbox):  # noqa: F811
    placed = paid(ctx)
    emptied(sandbox)
    another_intent(ctx, UNKNOWN)
    done = reconciling.compare(ctx, 3, patience_s=0)
    assert ([one.kind for one in done.findings], done.is_whole) == ([Kind.UNKNOWN_PAYMENT], False)
    projected()
    done = reconciling.compare(ctx, 3, patience_s=0)
    found = {one.kind: str(one.payment_id) for one in done.findings}
    assert found == {Kind.UNKNOWN_PAYMENT: UNKNOWN["payment_id"], Kind.NOT_AT_STRIPE: str(placed.payment_id)}
    assert done.is_whole


def test_a_parked_key_keeps_nothing_else_from_being_compared(ctx, projected, sandbox, db):  # noqa: F811
    """The payment of the key is not known here; that of the other one is."""
    limit(ctx, 9)
    known = paid(ctx)
    projected()
    db.execute(f"alter table payments.payments add check (payment_id = '{known.payment_id}') not valid")
    lost = paid(ctx, "eve")
    projected()
    assert [str(key) for (key,) in db.execute("select key from payments.parked_keys")] == [str(lost.booking_id)]
    emptied(sandbox)
    with capture_logs() as logs:
        done = hourly(ctx, MORNING)
    assert ([one.payment_id for one in done.findings], done.is_whole) == ([known.payment_id], False)
    assert [line["log_level"] for line in logs if line["event"] == "payments_may_be_missing_from_books"] == ["warning"]


def test_the_next_one_waits_for_one_that_is_under_way_and_goes_on_from_it(ctx, projected):  # noqa: F811
    """Else an old finding of the first would be lost by the note of the second."""
    another_intent(ctx, UNKNOWN)
    projected()
    seen, go_on = Event(), Event()

    def hold_up(_):
        seen.set()
        assert go_on.wait(60)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(reconciling.compare, ctx, None, hold_up)
        assert seen.wait(60)
        second = threads.submit(reconciling.compare, lambda: ctx(now=FAR), 1)
        until(lambda: is_waiting(ctx))
        go_on.set()
        assert first.result(60).findings == second.result(60).findings != ()


def is_waiting(ctx):  # noqa: F811
    with ctx().store.recorder.connection() as db:
        asked = "select count(*) as n from pg_locks where locktype = 'advisory' and not granted and objid = %s"
        return db.execute(asked, (reconciling.LOCK,)).fetchone()["n"] == 1


def test_the_command_mends_and_says_so_line_by_line(ctx, projected, sandbox, asked, capsys, monkeypatch):  # noqa: F811
    placed = paid(ctx)
    begun_at_stripe(ctx, sandbox, placed, 4000)
    projected()
    assert asked() == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"mended  payment {placed.payment_id} pi_")
    assert last == "1 payments compared, 1 mended, 0 cents unexplained"
    monkeypatch.setattr(reconciling, "LONGEST_S", 0.0)
    assert asked("--days", "1") == 2
    assert "is a projector running?" in capsys.readouterr().out
    projected()
    assert asked("--all") == 0
    assert capsys.readouterr().out == "1 payments compared, 0 mended, 0 cents unexplained\n"


def test_the_command_ends_with_1_when_cents_are_unexplained(ctx, projected, asked, capsys):  # noqa: F811
    held = another_intent(ctx, UNKNOWN)
    projected()
    assert asked() == 1
    assert capsys.readouterr().out.splitlines() == [
        f"differs unknown_payment payment {UNKNOWN['payment_id']} {held.id}: {PRICE} cents",
        f"1 payments compared, 0 mended, {PRICE} cents unexplained",
    ]


def test_the_command_ends_with_2_while_stripe_is_away(projected, asked, capsys, monkeypatch):
    projected()
    monkeypatch.setenv("TOTETAXI_STRIPE_API_URL", f"http://127.0.0.1:{free_port()}")
    assert asked() == 2
    assert "Stripe cannot be asked, nothing was noted" in capsys.readouterr().err


def test_how_far_it_is_is_told_every_few_seconds(ctx, projected, capsys, monkeypatch):  # noqa: F811
    monkeypatch.setattr(reconciling, "EACH_S", 0.0)
    placed = place(ctx)
    reconcile(Comparison(None, [placed.payment_id]), ctx, reconciling.Progress().tell)
    assert "1 payments, " in capsys.readouterr().out
