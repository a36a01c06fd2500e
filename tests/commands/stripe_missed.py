"""A shop that hears nothing of Stripe by itself, what it has missed so, and comparisons of its books."""

from datetime import timedelta

import psycopg

from commands.reconciling import Comparison, reconcile
from domain import reconciliation
from eventlog.store import Ref
from integrations.stripe import RefundAsked, StripeDispute
from tests.commands.money_back import (
    FAILING,
    PRICE,
    SLOW,
    approved,
    begun_at_stripe,
    given_back,
    intent_of,
    news,
    paid,
    settled_at_stripe,
)
from tests.commands.wishes import DECLINED, PASSES, place
from tests.samples import NOON

EMPTIED = "truncate stripe_sandbox.objects, stripe_sandbox.answers"
FAR = NOON + timedelta(10**5)  # nothing was made since then
AGREED: list = []


def emptied(sandbox) -> None:
    """Stripe knows nothing any more."""
    with psycopg.connect(sandbox.arguments[0], autocommit=True) as db:
        db.execute(EMPTIED)


def compare(ctx, *payments, since=None):
    """What is noted: payments compared and mended; each finding's kind and cents."""
    done = reconcile(Comparison(since, payments), ctx)
    assert done == noted(ctx())
    assert done.unexplained_cents == sum(abs(one.cents) for one in done.findings)
    return done.compared, done.mended, [(str(one.kind), one.cents) for one in done.findings]


def differing(ctx, *payments):
    """The findings, which are the same when it is asked again; the second time nothing is mended."""
    first = compare(ctx, *payments)
    assert compare(ctx, *payments) == (first[0], 0, first[2])
    return first[2]


def noted(asked):
    """The last comparison of the day, in a context of that day."""
    return asked.store.load(Ref(reconciliation, reconciliation.stream(asked.today))).state


def another_intent(ctx, metadata, cents=PRICE):
    """Paid, and made by nobody here."""
    asked = {"amount": cents, "currency": "usd", "automatic_payment_methods": {"enabled": True}, "metadata": metadata}
    made = ctx().stripe.v1.payment_intents.create(asked)
    return ctx().stripe.confirm_with_card(made.id, PASSES, "http://127.0.0.1/")


def dispute(ctx, sandbox, placed, **more) -> StripeDispute:
    assert sandbox.act("disputes", intent=intent_of(ctx, placed), **more).is_success
    return ctx().stripe.disputes_of(intent_of(ctx, placed))[0]


# What was missed: the booking, how payment and booking stand once it is known, and what is set aside then


def missed_money(ctx, sandbox, card=PASSES):
    placed = place(ctx)
    ctx().stripe.confirm_with_card(intent_of(ctx, placed), card, "http://127.0.0.1/")
    return placed, ("succeeded", "paid"), 0


def missed_decline(ctx, sandbox):
    placed, *_ = missed_money(ctx, sandbox, DECLINED)
    return placed, ("failed", "pending"), 0


def missed_cancel(ctx, sandbox):
    placed = place(ctx)
    ctx().stripe.cancel_intent(intent_of(ctx, placed))
    return placed, ("cancelled", "pending"), 0


def missed_refund_of_stripes(ctx, sandbox):
    placed = paid(ctx)
    begun_at_stripe(ctx, sandbox, placed, 4000)
    return placed, ("partially_refunded", "paid"), 4000


def missed_answer_to_our_refund(ctx, sandbox):
    placed = paid(ctx)
    ctx().stripe.refund(RefundAsked(approved(ctx, placed, 4000), intent_of(ctx, placed), 4000))
    return placed, ("partially_refunded", "paid"), 4000


def missed_end_of_a_slow_refund(ctx, sandbox):
    placed = paid(ctx, card=SLOW)
    given_back(ctx, placed, 4000)
    settled_at_stripe(ctx, sandbox, placed, "failed")
    return placed, ("succeeded", "paid"), 0


def missed_return_of_a_refund(ctx, sandbox):
    placed = paid(ctx, card=FAILING)
    given_back(ctx, placed, 4000)
    settled_at_stripe(ctx, sandbox, placed, "failed")
    return placed, ("succeeded", "paid"), 0


def missed_dispute(ctx, sandbox):
    placed = paid(ctx)
    dispute(ctx, sandbox, placed)
    return placed, ("disputed", "paid"), 0


def missed_inquiry(ctx, sandbox):
    placed = paid(ctx)
    dispute(ctx, sandbox, placed, is_inquiry=True)
    return placed, ("succeeded", "paid"), 0


def missed_escalation(ctx, sandbox):
    placed = paid(ctx)
    made = dispute(ctx, sandbox, placed, is_inquiry=True)
    news(ctx, placed)
    assert sandbox.act(f"disputes/{made.id}/escalate").is_success
    return placed, ("disputed", "paid"), 0


def missed_win(ctx, sandbox, outcome="won"):
    placed = paid(ctx)
    made = dispute(ctx, sandbox, placed)
    news(ctx, placed)
    assert sandbox.act(f"disputes/{made.id}/close", outcome=outcome).is_success
    return placed, ("succeeded", "paid"), 0


def missed_loss(ctx, sandbox):
    placed, *_ = missed_win(ctx, sandbox, "lost")
    return placed, ("disputed", "paid"), 0


MISSED = [
    missed_money, missed_decline, missed_cancel, missed_refund_of_stripes, missed_answer_to_our_refund,
    missed_end_of_a_slow_refund, missed_return_of_a_refund, missed_dispute, missed_inquiry, missed_escalation,
    missed_win, missed_loss,
]  # fmt: skip
