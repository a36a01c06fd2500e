"""Money in every order: after the hold, after a cancellation, twice. It has a booking, or it has a way back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import psycopg
import pytest
from msgspec.structs import replace

from commands import booking_ref, day_ref, payment_ref
from commands.bookings import place_booking
from commands.ending import Cancellation, _end, cancel_booking, expire_hold
from commands.hearing import hear
from commands.payments import cancel_intent, create_intent, open_payment
from commands.refunds import pay_back
from domain import Refused, booking_balance, payment, pickup_day, refund
from domain import booking as bookings
from domain.ids import payment_id
from domain.payment import PaymentRequested
from domain.selection import StandardDelivery
from eventlog.store import EventStore, Ref
from integrations.stripe import StripeUnavailable, connect
from tests.commands.wishes import (
    PASSES,
    WANTED,
    asks,
    at_stripe,
    booking,
    day,
    decline_three_times,
    limit,
    names,
    pay,
    place,
    together,
    told,
)
from tests.commands.wishes import payment as payment_of
from tests.integrations.stripe_account import KEY, SECRET
from tests.integrations.test_stripe import STANDS
from tests.samples import HOLD, MONDAY, NOON

LATE = HOLD + timedelta(minutes=5)
BACK = ["RefundRequested", "RefundApproved"]


def expired(ctx, name="ada", **changes):
    """A booking whose hold has ended, its intent still open at Stripe."""
    placed = place(ctx, name, **changes)
    expire_hold(placed.booking_id, ctx(HOLD))
    return placed


def refund_of(ctx, placed, id=None):
    return ctx().store.load(Ref(refund, refund.late_payment(id or placed.payment_id))).state


def is_given_back(ctx, placed, sandbox):
    assert names(ctx, refund.late_payment(placed.payment_id)) == BACK
    assert payment_of(ctx, placed).refunds == {refund.late_payment(placed.payment_id): 117000}
    assert booking(ctx, placed).status == "cancelled"
    assert placed.booking_id not in day(ctx).places
    pay_back(refund.late_payment(placed.payment_id), ctx(LATE))
    line = next(line for line in sandbox.ledger() if line["id"] == payment_of(ctx, placed).intent_id)
    assert (line["amount_received"], line["refunded"]) == (117000, 117000)


def test_late_money_goes_back_when_the_customer_has_booked_the_slot_again(ctx, sandbox):
    placed = expired(ctx)
    place(ctx, "ada", wanted=replace(WANTED, selection=StandardDelivery(3)))
    pay(ctx, placed, now=LATE)
    is_given_back(ctx, placed, sandbox)


def test_late_money_goes_back_when_the_day_was_blacked_out(ctx, sandbox):
    placed = expired(ctx)
    ctx().append([day_ref(MONDAY)], lambda day: [pickup_day.black_out(day, MONDAY, "snow")])
    pay(ctx, placed, now=LATE)
    is_given_back(ctx, placed, sandbox)


@pytest.mark.parametrize("days", [0, 1])
def test_late_money_goes_back_when_its_day_has_come(ctx, sandbox, days):
    placed = expired(ctx)
    pay(ctx, placed, now=NOON + (MONDAY - NOON.date()) + timedelta(days))
    is_given_back(ctx, placed, sandbox)


def test_late_money_goes_back_when_the_customer_has_cancelled(ctx, sandbox):
    placed = place(ctx)
    cancel_booking(placed.booking_id, "", False, ctx())
    pay(ctx, placed, now=LATE)
    is_given_back(ctx, placed, sandbox)
    assert ctx().store.history(refund.late_payment(placed.payment_id))[0].event.reason == "late_payment: by_customer"


def test_money_is_in_time_until_the_hold_was_ended(ctx):
    placed = place(ctx)
    pay(ctx, placed, now=LATE)
    expire_hold(placed.booking_id, ctx(LATE))
    assert names(ctx, placed.booking_id) == ["BookingPlaced", "BookingPaid"]


def test_an_ended_payment_is_cancelled_at_stripe(ctx):
    placed = expired(ctx)
    cancel_intent(placed.payment_id, ctx(LATE))
    cancel_intent(placed.payment_id, ctx(LATE))
    assert at_stripe(ctx, placed).status == "canceled"
    assert names(ctx, placed.payment_id)[-2:] == ["PaymentWithdrawn", "PaymentCancelled"]


def test_a_payment_at_which_stripe_is_at_work_ends_when_it_has_failed(ctx, sandbox):
    """That Stripe would not cancel it then is no answer for later."""
    placed = expired(ctx)
    for status in ("processing", "processing", "requires_payment_method"):
        at_work(sandbox, payment_of(ctx, placed).intent_id, status)
        if status == "processing":
            with pytest.raises(StripeUnavailable, match="processing"):
                cancel_intent(placed.payment_id, ctx(LATE))
    assert payment_of(ctx, placed).status == "processing"
    cancel_intent(placed.payment_id, ctx(LATE))
    assert (at_stripe(ctx, placed).status, payment_of(ctx, placed).status) == ("canceled", "cancelled")


def at_work(sandbox, intent_id, status):
    """No test card takes its time."""
    with psycopg.connect(sandbox.arguments[0], autocommit=True) as db:
        db.execute(STANDS, (status, intent_id))


def test_a_payment_that_never_reached_stripe_ends_there_too(ctx):
    placed = place_booking(asks(), ctx())
    expire_hold(placed.booking_id, ctx(HOLD))
    cancel_intent(placed.payment_id, ctx(LATE))
    assert at_stripe(ctx, placed).status == "canceled"


def test_a_payment_whose_opening_and_ending_were_answered_by_nobody_is_ended_once(ctx, own_sandbox):
    stripe = connect(KEY, own_sandbox.url, SECRET)
    placed = place_booking(asks(), ctx())
    expire_hold(placed.booking_id, ctx(HOLD))
    own_sandbox.switch(lose_replies=1)
    for _ in range(2):
        with pytest.raises(StripeUnavailable):
            cancel_intent(placed.payment_id, ctx(LATE, stripe=stripe))
    own_sandbox.switch()
    cancel_intent(placed.payment_id, ctx(LATE, stripe=stripe))
    assert [line["status"] for line in own_sandbox.ledger()] == ["canceled"]
    assert payment_of(ctx, placed).status == "cancelled"


def test_what_was_paid_twice_goes_back_once(ctx, sandbox):
    placed = place(ctx)
    second = payment_id(placed.booking_id, 2)
    bill_again_too_early(ctx, placed, second)
    open_payment(placed.booking_number, second, ctx())
    pay(ctx, placed)
    ctx().stripe.confirm_with_card(payment_of(ctx, placed, second).intent_id, PASSES, "http://127.0.0.1/")
    for _ in range(2):
        hear(told(payment_of(ctx, placed, second).intent_id), ctx())
    assert names(ctx, refund.late_payment(second)) == BACK
    assert (refund_of(ctx, placed), booking(ctx, placed).status) == (None, "paid")


def bill_again_too_early(ctx, placed, second):
    """As no command of ours does it: while the payment before is still open."""

    def decision(made, paying):
        asked = PaymentRequested(placed.booking_id, made.placed.person_id, 117000)
        return booking_balance.bill_again(made, second), payment.request(paying, asked)

    ctx().append([booking_ref(placed.booking_id), payment_ref(second)], decision)


def test_a_booking_that_ends_while_it_is_billed_again_leaves_no_open_payment(ctx, database, vault):
    with EventStore(database, vault) as other:
        for n in range(6):
            placed = place(ctx, f"guest{n}")
            decline_three_times(ctx, placed)
            end = partial(cancel_booking, placed.booking_id, "", True, ctx())
            together(partial(billed, placed, ctx(store=other)), end)
            made = booking(ctx, placed)
            assert made.status == "cancelled"
            last = payment_of(ctx, placed, payment_id(placed.booking_id, made.payments))
            assert last.is_withdrawn or last.status == "cancelled"
            assert payment_of(ctx, placed, payment_id(placed.booking_id, made.payments + 1)) is None


def billed(placed, context):
    try:
        return create_intent(placed.booking_number, context)
    except (Refused, StripeUnavailable) as refused:
        return refused


def test_a_further_payment_asked_for_in_the_moment_of_the_end_ends_too(ctx, database, vault):
    placed = place(ctx)
    decline_three_times(ctx, placed)
    made_meanwhile = []
    with EventStore(database, vault) as other:

        def end(made):
            if not made_meanwhile:
                made_meanwhile.append(create_intent(placed.booking_number, ctx(store=other))[0])
            return bookings.expire(made, HOLD)

        _end(booking_ref(placed.booking_id), end, Cancellation(), ctx(HOLD))
    assert payment_of(ctx, placed, made_meanwhile[0]).is_withdrawn
    assert booking(ctx, placed).status == "cancelled"


def test_a_booking_that_was_billed_again_ends_with_its_last_payment(ctx):
    placed = place(ctx)
    decline_three_times(ctx, placed)
    next_id, _ = create_intent(placed.booking_number, ctx())
    expire_hold(placed.booking_id, ctx(HOLD))
    assert payment_of(ctx, placed, next_id).is_withdrawn


def test_reinstating_and_a_rival_for_the_last_place_give_it_once(ctx, database, vault):
    limit(ctx, 1)
    with EventStore(database, vault) as other, ThreadPoolExecutor(2) as threads:
        placed = expired(ctx)
        rival = threads.submit(rivals, ctx, other)
        pay(ctx, placed, now=LATE)
        won = rival.result()
    assert len(day(ctx).places) == 1
    assert (booking(ctx, placed).status == "paid") is not won
    assert (refund_of(ctx, placed) is None) is not won


def rivals(ctx, store) -> bool:
    try:
        return bool(place_booking(asks("eve"), ctx(LATE, store=store)))
    except Refused:
        return False
