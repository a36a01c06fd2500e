"""What is recorded of money, against Stripe's own books to the cent, and the dashboard's revenue against the ledger."""

from collections import Counter
from datetime import timedelta

import pytest

from projections import dashboard, ledger
from tests.commands.money_back import (
    FAILING,
    SLOW,
    begun_at_stripe,
    given_back,
    intent_of,
    news,
    paid,
    settled_at_stripe,
)
from tests.commands.wishes import PASSES, payment
from tests.projections.stories import follow
from tests.samples import NOON

MOVED = ("charge", "refund", "refund_failure", "dispute", "dispute_reversal")


@pytest.fixture
def lived(ctx, sandbox):
    """Payments whose money had every fate, over three days."""

    def on(day):
        return lambda **more: ctx(NOON + timedelta(day), **more)

    part, whole, failing, slow, foreign, open_one, won, lost = (
        paid(ctx, f"guest{n}", card) for n, card in enumerate([PASSES, PASSES, FAILING, SLOW, *[PASSES] * 4])
    )
    for placed, cents in ((part, 4000), (whole, 117000), (failing, 5000), (slow, 6000)):
        given_back(on(1), placed, cents)
    settled_at_stripe(ctx, sandbox, slow, "succeeded")
    settled_at_stripe(ctx, sandbox, failing, "failed")
    begun_at_stripe(ctx, sandbox, foreign, 7000)
    for placed in (open_one, won, lost):
        sandbox.act("disputes", intent=intent_of(ctx, placed))
        news(on(1), placed)
    for placed, outcome in ((won, "won"), (lost, "lost")):
        [one] = ctx().stripe.disputes_of(intent_of(ctx, placed))
        assert sandbox.act(f"disputes/{one.id}/close", outcome=outcome).is_success
    payments = [part, whole, failing, slow, foreign, open_one, won, lost]
    for placed in payments:
        news(on(2), placed)
    return payments


@pytest.fixture
def closing(lived, store, db):
    """What the ledger says: debits less credits of each account."""
    found = Counter()
    for line in told(store, db):
        found[line.account] += line.debit_cents - line.credit_cents
    return found


def told(store, db):
    follow(store, db, ledger)
    with db.transaction():
        db.execute("set local search_path to ledger")
        return ledger.lines(db)


def at_stripe(ctx, sandbox, payments):
    """What these payments, their refunds and disputes have moved there, by category; its fees, and what is left."""
    found, listed = Counter(), sandbox.package().balance_transactions.list
    for placed in payments:
        intent = intent_of(ctx, placed)
        made = [*ctx().stripe.refunds_of(intent), *ctx().stripe.disputes_of(intent)]
        for source in (payment(ctx, placed).charge_id, *(one.id for one in made)):
            for moved in listed({"source": source}).data:
                found.update({moved.reporting_category: moved.amount, f"fee of {moved.reporting_category}": moved.fee})
                found["net"] += moved.net
    return found


def test_the_ledger_is_what_stripe_moved_to_the_cent_but_for_the_fees_of_disputes(ctx, sandbox, lived, closing):
    there = at_stripe(ctx, sandbox, lived)
    assert all(there[category] for category in MOVED)
    assert -closing["charged"] == there["charge"] == 8 * 117000
    assert closing["fees"] == there["fee of charge"] > 0
    assert closing["refunded"] == -there["refund"] - there["refund_failure"] == 4000 + 117000 + 6000 + 7000
    assert closing["disputed"] + closing["disputes_lost"] == -there["dispute"] - there["dispute_reversal"]
    assert (closing["disputed"], closing["disputes_lost"]) == (117000, 117000)
    assert closing["at_stripe"] == there["net"] + there["fee of dispute"]


def test_the_dashboards_revenue_is_the_ledgers_on_each_day(lived, store, db):
    follow(store, db, dashboard)
    shown = dict(db.execute("select day, sum(received_cents - returned_cents - lost_cents) from dashboard.revenue"
                            " group by day").fetchall())  # fmt: skip
    earned = Counter()
    for line in told(store, db):
        if line.account in ("charged", "refunded", "disputes_lost"):
            earned[line.day] += line.credit_cents - line.debit_cents
    assert len(earned) == 3
    assert shown == earned
