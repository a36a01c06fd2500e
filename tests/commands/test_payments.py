"""Money: one intent for a payment, Stripe's truth whoever tells it, in any order and any number of times."""

from uuid import uuid4

import pytest

from commands.bookings import place_booking
from commands.hearing import hear
from commands.payments import confirm, create_intent, open_payment, pay_in_sandbox
from domain import Refused
from domain.ids import payment_id
from eventlog.statements import Once
from eventlog.store import EventStore
from integrations.stripe import StripeUnavailable, connect
from tests.commands.wishes import (
    DECLINED,
    PASSES,
    asks,
    at_stripe,
    booking,
    decline_three_times,
    names,
    pay,
    payment,
    place,
    together,
    told,
)
from tests.integrations.stripe_account import KEY, SECRET, free_port

PAID = ["PaymentRequested", "PaymentOpened", "PaymentSucceeded"]


def refusal(ask) -> str:
    with pytest.raises(Refused) as refused:
        ask()
    return refused.value.code


def test_a_payment_opened_by_many_at_once_has_one_intent(ctx, sandbox):
    placed = place_booking(asks(), ctx())

    def open_it():
        while True:
            try:
                return open_payment(placed.booking_number, placed.payment_id, ctx())
            except StripeUnavailable:  # a twin uses the key at this moment
                continue

    together(*[open_it] * 12)
    assert names(ctx, placed.payment_id) == ["PaymentRequested", "PaymentOpened"]
    intent = at_stripe(ctx, placed)
    assert intent.amount_cents == 117000
    assert intent.metadata == {"booking_number": placed.booking_number, "payment_id": str(placed.payment_id)}


def test_while_stripe_is_away_the_booking_stands_and_is_paid_later(ctx):
    away = connect(KEY, f"http://127.0.0.1:{free_port()}", SECRET)
    placed = place_booking(asks(), ctx(stripe=away))
    for ask in (
        lambda: open_payment(placed.booking_number, placed.payment_id, ctx(stripe=away)),
        lambda: create_intent(placed.booking_number, ctx(stripe=away)),
    ):
        with pytest.raises(StripeUnavailable):
            ask()
    assert booking(ctx, placed).status == "pending"
    assert create_intent(placed.booking_number, ctx())[0] == placed.payment_id
    pay(ctx, placed)
    assert booking(ctx, placed).status == "paid"


def test_a_payment_that_can_be_paid_is_the_one_to_pay(ctx):
    placed = place(ctx)
    pay(ctx, placed, DECLINED)
    assert create_intent(placed.booking_number, ctx())[0] == placed.payment_id
    assert (payment(ctx, placed).status, payment(ctx, placed).failure_reason) == ("failed", "generic_decline")
    pay(ctx, placed)
    assert payment(ctx, placed).status == "succeeded"


def test_after_three_declined_cards_there_is_a_new_payment_and_the_old_one_cannot_be_paid(ctx):
    placed = place(ctx)
    decline_three_times(ctx, placed)
    next_id, _ = create_intent(placed.booking_number, ctx())
    assert next_id == payment_id(placed.booking_id, 2)
    assert (at_stripe(ctx, placed).status, payment(ctx, placed).status) == ("canceled", "cancelled")
    assert create_intent(placed.booking_number, ctx())[0] == next_id
    pay_in_sandbox(payment(ctx, placed, next_id).intent_id, placed.booking_number, PASSES, ctx())
    assert booking(ctx, placed).status == "paid"
    assert names(ctx, placed.booking_id) == ["BookingPlaced", "BookingBilledAgain", "BookingPaid"]


def test_a_new_payment_takes_the_idempotency_key_once(ctx, db):
    placed = place(ctx)
    decline_three_times(ctx, placed)
    create_intent(placed.booking_number, ctx(once=Once("anonymous", "POST /create-intent/", "k1", b"hash", {})))
    [(position,)] = db.execute("select position from eventlog.idempotency").fetchall()
    billed, requested = (ctx().store.history(id) for id in (placed.booking_id, payment_id(placed.booking_id, 2)))
    assert position == max(billed[-1].position, requested[0].position)


def test_many_who_ask_for_a_new_payment_at_once_get_the_same(ctx, database, vault):
    placed = place(ctx)
    decline_three_times(ctx, placed)
    with EventStore(database, vault) as other:

        def ask(store):
            while True:
                try:
                    return create_intent(placed.booking_number, ctx(store=store))[0]
                except StripeUnavailable:
                    continue

        got = together(*[lambda store=store: ask(store) for store in (ctx().store, other) * 4])
    assert set(got) == {payment_id(placed.booking_id, 2)}
    assert booking(ctx, placed).payments == 2


def test_the_fourth_card_may_pass_before_a_new_payment_is_asked_for(ctx):
    placed = place(ctx)
    decline_three_times(ctx, placed)
    ctx().stripe.confirm_with_card(payment(ctx, placed).intent_id, PASSES, "http://127.0.0.1/")
    assert refusal(lambda: create_intent(placed.booking_number, ctx())) == "invalid_transition"
    assert booking(ctx, placed).status == "paid"
    assert booking(ctx, placed).payments == 1


def test_nothing_is_due_for_a_paid_booking_or_none(ctx):
    placed = place(ctx)
    pay(ctx, placed)
    assert refusal(lambda: create_intent(placed.booking_number, ctx())) == "invalid_transition"
    assert refusal(lambda: create_intent("TT00000000", ctx())) == "not_found"


def test_confirming_what_was_not_paid_changes_nothing(ctx):
    placed = place(ctx)
    confirm(payment(ctx, placed).intent_id, placed.booking_number, ctx())
    assert booking(ctx, placed).status == "pending"
    assert names(ctx, placed.payment_id) == ["PaymentRequested", "PaymentOpened"]


def test_confirm_believes_stripe_alone(ctx):
    mine, other = place(ctx), place(ctx, "eve")
    pay(ctx, other)
    number = mine.booking_number
    cheap = ctx().stripe.create_intent(uuid4(), 100, {"booking_number": number})
    forged = forge(ctx, mine, amount_cents=100)
    for intent_id in (payment(ctx, other).intent_id, cheap.id, forged.id, "pi_none"):
        assert refusal(lambda id=intent_id: confirm(id, number, ctx())) == "not_found"
    assert refusal(lambda: confirm(payment(ctx, mine).intent_id, "TT00000000", ctx())) == "not_found"
    assert names(ctx, mine.payment_id) == ["PaymentRequested", "PaymentOpened"]
    assert booking(ctx, mine).status == "pending"


def forge(ctx, placed, amount_cents):
    """Another intent that names the payment, paid."""
    with_its_name = {
        "metadata": {"payment_id": str(placed.payment_id)},
        "amount": amount_cents,
        "currency": "usd",
        "automatic_payment_methods": {"enabled": True},
    }
    made = ctx().stripe.v1.payment_intents.create(with_its_name)
    return ctx().stripe.confirm_with_card(made.id, PASSES, "http://127.0.0.1/")


def test_another_intent_of_the_right_amount_is_not_the_payments(ctx):
    placed = place(ctx)
    forged = forge(ctx, placed, 117000)
    assert refusal(lambda: confirm(forged.id, placed.booking_number, ctx())) == "not_found"


def test_nobody_pays_one_booking_with_the_payment_of_another(ctx):
    mine, other = place(ctx), place(ctx, "eve")
    assert refusal(lambda: pay_in_sandbox(payment(ctx, other).intent_id, mine.booking_number, PASSES, ctx()))
    assert at_stripe(ctx, other).status == "requires_payment_method"


def test_a_webhook_may_come_before_our_own_record_of_the_intent(ctx):
    placed = place_booking(asks(), ctx())
    stripe = ctx().stripe
    made = stripe.create_intent(placed.payment_id, 117000, {"booking_number": placed.booking_number})
    stripe.confirm_with_card(made.id, PASSES, "http://127.0.0.1/")
    hear(told(made.id), ctx(actor="stripe"))
    open_payment(placed.booking_number, placed.payment_id, ctx())
    assert names(ctx, placed.payment_id) == PAID
    assert booking(ctx, placed).status == "paid"


def test_money_told_by_everybody_at_once_is_money_once(ctx, database, vault):
    placed = place(ctx)
    id, number = payment(ctx, placed).intent_id, placed.booking_number
    ctx().stripe.confirm_with_card(id, PASSES, "http://127.0.0.1/")
    with EventStore(database, vault) as other:
        stores = (ctx().store, other)
        webhooks = [lambda s=s: hear(told(id), ctx(store=s)) for s in stores * 4]
        together(*webhooks, *[lambda s=s: confirm(id, number, ctx(store=s)) for s in stores * 2])
    assert names(ctx, placed.payment_id) == PAID
    assert names(ctx, placed.booking_id) == ["BookingPlaced", "BookingPaid"]


def test_payment_and_booking_are_paid_in_one_append(ctx):
    placed = place(ctx)
    position = pay(ctx, placed)
    paid = [*ctx().store.history(placed.payment_id), *ctx().store.history(placed.booking_id)]
    assert sorted(r.position for r in paid)[-2:] == [position - 1, position]
    assert {r.name for r in paid if r.position >= position - 1} == {"PaymentSucceeded", "BookingPaid"}


def test_charge_and_fee_are_recorded(ctx):
    placed = place(ctx)
    pay(ctx, placed)
    succeeded = ctx().store.history(placed.payment_id)[-1].event
    intent = at_stripe(ctx, placed)
    assert (succeeded.amount_cents, succeeded.stripe_charge_id) == (117000, intent.charge_id)
    assert succeeded.stripe_fee_cents == intent.fee_cents > 0


def test_webhooks_about_nothing_of_ours_are_heard_and_forgotten(ctx):
    stripe = ctx().stripe
    strangers = [
        stripe.create_intent(uuid4(), 9500, {}).id,
        stripe.v1.payment_intents.create({"amount": 9500, "currency": "usd"}).id,
    ]
    events = [told(id) for id in strangers] + [told(None, "customer.created"), told("pi_1", "refund.created")]
    assert [hear(event, ctx()) for event in events] == [None] * 4


def test_a_webhook_that_stripe_cannot_be_asked_about_is_not_done_yet(ctx):
    placed = place(ctx)
    away = connect(KEY, f"http://127.0.0.1:{free_port()}", SECRET)
    with pytest.raises(StripeUnavailable):
        hear(told(payment(ctx, placed).intent_id), ctx(stripe=away))
