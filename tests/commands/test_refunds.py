"""An approved refund is paid back at Stripe once, whatever gets lost between."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from commands.ending import cancel_booking
from commands.refunds import pay_back
from domain import Refused, refund
from eventlog.store import Ref
from integrations.stripe import RefundAsked, StripeUnavailable, connect
from tests.commands.test_settling import LATE
from tests.commands.wishes import names, pay, payment, place
from tests.integrations.stripe_account import KEY, SECRET, free_port


@pytest.fixture
def due(ctx):
    """The id of an approved refund: a cancelled booking was paid all the same."""
    placed = place(ctx)
    cancel_booking(placed.booking_id, "", False, ctx())
    pay(ctx, placed, now=LATE)
    return refund.late_payment(placed.payment_id)


def state(ctx, id):
    return ctx().store.load(Ref(refund, id)).state


def at_stripe(ctx, asked, id):
    return RefundAsked(id, payment(ctx, None, asked.payment_id).intent_id, asked.amount_cents)


def line(ctx, sandbox, id):
    paid = payment(ctx, None, state(ctx, id).payment_id)
    return next(line for line in sandbox.ledger() if line["id"] == paid.intent_id)


def test_a_refund_is_completed_with_stripes_id(ctx, due, sandbox):
    pay_back(due, ctx(LATE))
    completed = ctx().store.history(due)[-1].event
    assert (completed.amount_cents, completed.stripe_refund_id[:3]) == (117000, "re_")
    assert line(ctx, sandbox, due)["refunded"] == 117000


def test_a_refund_paid_back_many_times_at_once_is_paid_back_once(ctx, due, sandbox):
    def ask(_):
        while True:
            try:
                return pay_back(due, ctx(LATE))
            except StripeUnavailable:  # a twin uses the key at this moment
                continue

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, range(8)))
    assert names(ctx, due) == ["RefundRequested", "RefundApproved", "RefundCompleted"]
    assert line(ctx, sandbox, due)["refunded"] == 117000


def test_while_stripe_is_away_the_refund_waits(ctx, due, sandbox):
    with pytest.raises(StripeUnavailable):
        pay_back(due, ctx(LATE, stripe=connect(KEY, f"http://127.0.0.1:{free_port()}", SECRET)))
    assert state(ctx, due).status == "approved"
    pay_back(due, ctx(LATE))
    assert state(ctx, due).status == "completed"


def test_while_our_key_is_not_right_the_refund_waits(ctx, due, sandbox):
    with pytest.raises(StripeUnavailable):
        pay_back(due, ctx(LATE, stripe=connect("sk_live_wrong", sandbox.url, SECRET)))
    assert state(ctx, due).status == "approved"


def test_a_refund_whose_answer_was_lost_is_found_again(ctx, due, sandbox):
    asked = state(ctx, due)
    made = ctx().stripe.refund(at_stripe(ctx, asked, due))
    pay_back(due, ctx(LATE))
    assert ctx().store.history(due)[-1].event.stripe_refund_id == made.id


def test_what_stripe_refuses_has_failed_and_says_why(ctx, due):
    asked = state(ctx, due)
    ctx().stripe.refund(at_stripe(ctx, asked, uuid4()))
    pay_back(due, ctx(LATE))
    failed = ctx().store.history(due)[-1].event
    assert (state(ctx, due).status, failed.failure_reason) == ("failed", "charge_already_refunded")


def test_there_is_no_refund_that_nobody_asked_for(ctx):
    with pytest.raises(Refused) as refused:
        pay_back(uuid4(), ctx())
    assert refused.value.code == "not_found"
