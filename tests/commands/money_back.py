"""Bookings whose money came, the refunds that are asked of it, and what Stripe's own books say of both."""

from commands.hearing import learn
from commands.refunds import AskRefund, approve_refund, pay_back, request_refund
from domain import Refused, payment, refund
from eventlog.store import Ref
from integrations.stripe import StripeUnavailable
from tests.commands.wishes import PASSES, booking, pay, place
from tests.commands.wishes import payment as payment_of

PRICE = 117000
SLOW, FAILING = "4000000000007726", "4000000000005126"
ADA, EVE = "staff:ada", "staff:eve"


def paid(ctx, name="ada", card=PASSES):
    placed = place(ctx, name)
    pay(ctx, placed, card)
    return placed


def requested(ctx, placed, cents=PRICE, by=ADA):
    return request_refund(AskRefund(placed.payment_id, cents, "It was late."), ctx(actor=by)).refund_id


def approved(ctx, placed, cents=PRICE):
    id = requested(ctx, placed, cents)
    approve_refund(id, False, ctx(actor=EVE))
    return id


def given_back(ctx, placed, cents=PRICE):
    id = approved(ctx, placed, cents)
    pay_back(id, ctx())
    return id


def back(ctx, id):
    return ctx().store.load(Ref(refund, id)).state


def intent_of(ctx, placed, id=None):
    return payment_of(ctx, placed, id).intent_id


def begun_at_stripe(ctx, sandbox, placed, cents=None):
    """By a person at Stripe itself; our id of it."""
    asked = {"amount": cents} if cents else {}
    made = sandbox.act("refunds", intent=intent_of(ctx, placed), **asked).json()
    return refund.begun_at_stripe(made["id"])


def settled_at_stripe(ctx, sandbox, placed, outcome):
    """The newest refund of the payment comes to an end there."""
    id = ctx().stripe.refunds_of(intent_of(ctx, placed))[0].id
    assert sandbox.act(f"refunds/{id}/settle", outcome=outcome).is_success


def news(ctx, placed, kind="") -> None:
    learn(intent_of(ctx, placed), ctx(actor="stripe"), kind)


def at_stripe(ctx, sandbox, placed) -> tuple[int, int]:
    """How many refunds there are, and the cents that went back."""
    id = intent_of(ctx, placed)
    line = next(line for line in sandbox.ledger() if line["id"] == id)
    return len(ctx().stripe.refunds_of(id)), line["refunded"]


def shown(ctx, placed) -> tuple[str, str]:
    """How payment and booking stand."""
    return str(payment.standing(payment_of(ctx, placed))), str(booking(ctx, placed).status)


def aside(ctx, placed) -> int:
    """What is requested, approved and completed of the payment."""
    return sum(payment_of(ctx, placed).refunds.values())


def refused(ask) -> str:
    """The code of the refusal, or nothing."""
    try:
        ask()
    except Refused as refusal:
        return refusal.code
    return ""


def asked_until_known(ask):
    while True:
        try:
            return ask()
        except StripeUnavailable:  # a twin uses the key at this moment
            continue
