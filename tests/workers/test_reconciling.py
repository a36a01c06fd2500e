"""Books are compared every hour by one job, and on the command line; never while a payment of ours could be missing."""

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

import cli
from commands.reconciling import reconcile
from domain.reconciliation import Kind
from projections.models import create_all
from tests.commands.conftest import ctx, stripe  # noqa: F401 - fixtures
from tests.commands.money_back import PRICE, begun_at_stripe, paid
from tests.commands.stripe_missed import another_intent, emptied, noted
from tests.commands.wishes import place
from tests.integrations.conftest import new_sandbox
from tests.integrations.stripe_account import KEY, free_port
from tests.projections.going_on import catch_up
from tests.test_settings import ENOUGH
from workers import jobs, reconciling
from workers.reconciling import Behind, hourly

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
        hourly(ctx(now=datetime.now(UTC)), MORNING)
    [told] = [line for line in logs if line["event"] == "books_differ"]
    assert (told["log_level"], told["kind"], told["cents"]) == ("warning", Kind.UNKNOWN_PAYMENT, PRICE)
    assert (told["stripe"], str(told["payment"])) == (held.id, UNKNOWN["payment_id"])


@pytest.mark.parametrize(("at", "days"), [(MORNING, 3), (NIGHT, 40)])
def test_at_night_it_looks_further_back(ctx, projected, at, days):  # noqa: F811
    projected()
    done = hourly(ctx(), at)
    assert ctx().now - done.since == timedelta(days)


def test_the_job_has_the_books_compared_and_one_waits_at_most(ctx, projected):  # noqa: F811
    projected()
    app = jobs.working(jobs.connect("dbname=none"), lambda task: ctx(actor=f"job {task}"))
    task = app.tasks["reconcile"]
    assert (task.queueing_lock, task.lock) == ("reconcile", "reconcile")
    crons = [one.cron for one in app.periodic_registry.periodic_tasks.values() if one.task is task]
    assert crons == ["23 * * * *"]
    task(timestamp=int(MORNING.timestamp()))
    assert noted(ctx()).compared == 0


def test_without_a_read_model_that_has_all_payments_nothing_is_noted(ctx, projected, sandbox):  # noqa: F811
    placed = paid(ctx)
    with pytest.raises(Behind, match="projector"):
        reconciling.compare(ctx(), 3, patience_s=0)
    assert noted(ctx()) is None
    projected()
    emptied(sandbox)
    [found] = reconciling.compare(ctx(), 3, patience_s=0).findings
    assert (found.kind, found.payment_id) == (Kind.NOT_AT_STRIPE, placed.payment_id)


def test_while_keys_are_parked_nothing_is_compared(ctx, projected, db):  # noqa: F811
    projected()
    db.execute("insert into payments.parked_keys (key, partition, error) values (gen_random_uuid(), 1, 'broken')")
    with pytest.raises(Behind, match="parked"):
        hourly(ctx(), MORNING)
    assert noted(ctx()) is None


def test_the_command_mends_and_says_so_line_by_line(ctx, projected, sandbox, asked, capsys):  # noqa: F811
    placed = paid(ctx)
    begun_at_stripe(ctx, sandbox, placed, 4000)
    projected()
    assert asked() == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"mended  payment {placed.payment_id} pi_")
    assert last == "1 payments compared, 1 mended, 0 cents unexplained"
    assert asked("--days", "1") == 2
    assert "is a projector running?" in capsys.readouterr().err
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
    reconcile(None, [placed.payment_id], ctx(), reconciling.Progress().tell)
    assert "1 payments, " in capsys.readouterr().out
