"""The refund with which all of a booking's money has gone back: two at once, and what older logs have left undone."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from commands import payment_ref
from commands.changing import ByStaff
from commands.differences import settle_difference
from commands.paying_back import record_refund
from commands.payments import create_intent, pay_in_sandbox
from commands.refunds import AskRefund, approve_refund, pay_back, request_refund
from domain import payment, refund
from domain.booking import Status
from domain.refund import RefundCompleted
from eventlog.store import EventStore, Ref
from integrations.stripe import RefundAsked
from tests.commands.changes import AT_NINE, STAFF, change
from tests.commands.money_back import ADA, EVE, PRICE, aside, back, intent_of, news, paid, shown
from tests.commands.money_back import approved as approved_one
from tests.commands.stripe_missed import AGREED, FAR, compare
from tests.commands.test_late_money import Overtaken
from tests.commands.wishes import PASSES, booking, names
from tests.commands.wishes import payment as payment_of
from tests.eventlog.test_store import WAITING
from tests.waiting import until


def paid_twice(ctx):
    """A booking that became dearer, and the ids of its two payments."""
    placed = paid(ctx)
    change(ctx, placed, AT_NINE, by_staff=STAFF)
    settle_difference(placed.booking_id, ctx(actor="system"))
    second, _ = create_intent(placed.booking_number, ctx())
    pay_in_sandbox(intent_of(ctx, placed, second), placed.booking_number, PASSES, ctx())
    return placed, [placed.payment_id, second]


def approved(ctx, placed, paid_by):
    cents = payment_of(ctx, placed, paid_by).amount_cents
    id = request_refund(AskRefund(paid_by, cents, "It was late."), ctx(actor=ADA)).refund_id
    approve_refund(id, False, ctx(actor=EVE))
    return id


def test_two_that_end_a_booking_together_are_recorded_by_two_processes_and_end_it(ctx, db, database, vault):
    placed, payments = paid_twice(ctx)
    one, other = (approved(ctx, placed, id) for id in payments)
    made = ctx().stripe.refund(RefundAsked(other, intent_of(ctx, placed, payments[1]), back(ctx, other).amount_cents))
    with EventStore(database, vault) as store, ThreadPoolExecutor(1) as process:

        def comes_too():
            done.append(process.submit(record_refund, other, made, ctx(store=store)))
            until(lambda: done[0].done() or db.execute(WAITING).fetchone(), 60)

        done: list = []
        pay_back(one, ctx(store=Overtaken(ctx().store, comes_too)))
        done[0].result()
    assert [payment.standing(payment_of(ctx, placed, id)) for id in payments] == ["refunded", "refunded"]
    assert booking(ctx, placed).status == "cancelled"


def completed_by_older_code(ctx, placed, is_paid_out):
    """Stripe has made the refund; the log has its completion, perhaps the payment's part, nothing of the booking."""
    id = approved_one(ctx, placed)
    made = ctx().stripe.refund(RefundAsked(id, intent_of(ctx, placed), PRICE))
    out = [payment.RefundPaidOut(id, PRICE)] if is_paid_out else []
    refs = [Ref(refund, id), payment_ref(placed.payment_id)]
    ctx().append(refs, lambda *_: [[RefundCompleted(made.id, PRICE)], out], placed.booking_id)
    return id


@pytest.mark.parametrize("is_asked", ["by webhook", "when books are compared"])
@pytest.mark.parametrize("is_paid_out", [False, True])
@pytest.mark.parametrize(("before", "after"), [(None, "cancelled"), (Status.COMPLETED, "refunded")])
def test_a_booking_that_stands_though_all_has_gone_back_ends_when_stripe_is_asked(
    ctx, is_paid_out, is_asked, before, after
):
    placed = paid(ctx)
    if before:
        change(ctx, placed, by_staff=ByStaff(before))
    id = completed_by_older_code(ctx, placed, is_paid_out)
    if is_asked == "by webhook":
        news(ctx, placed)
    else:
        assert compare(ctx, placed.payment_id, since=FAR) == (1, 1, AGREED)
    assert (shown(ctx, placed), aside(ctx, placed), back(ctx, id).status) == (("refunded", after), PRICE, "completed")
    streams = (placed.booking_id, placed.payment_id, id)
    known = list(map(partial(names, ctx), streams))
    news(ctx, placed)
    assert compare(ctx, placed.payment_id, since=FAR) == (1, 0, AGREED)
    assert list(map(partial(names, ctx), streams)) == known
