"""Paying a booking: a guest needs the number, a customer their session. Stripe's webhooks lead to the same command."""

from collections.abc import Callable
from typing import Any

from api import bodies
from api.call import Call
from api.idempotency import Done, Write, carry_out
from api.owners import let_pay
from api.policies import PAYER, PAYER_BY_TEST_CARD, PAYER_READ, SIGNED_BY_STRIPE
from api.route import Route
from api.routes.stripe_webhook import webhook
from api.views import last_payment_sheet, shows_all, status_of
from commands import Context, payments
from commands.booking_sheet import booking_sheet
from domain.ids import booking_id


def create_intent(call: Call, asked: bodies.CreateIntent) -> dict[str, Any]:
    """The booking's open payment, or a new one when the last can no longer be paid."""
    made, id = let_pay(call, asked.booking_number), booking_id(asked.booking_number)

    def do(ctx: Context) -> Done:
        _, position = payments.create_intent(asked.booking_number, ctx)
        return Done(id, position)

    return carry_out(call, Write(do, lambda d: {"payment": last_payment_sheet(call, made), "position": d.position}))


def status(call: Call, booking_number: str) -> dict[str, Any]:
    """How the booking's latest payment stands; null before there is one.

    What Stripe took of it (`stripe_fee_cents`) is null for who has no more than a guest's number.
    """
    made = let_pay(call, booking_number)
    return {
        "booking_number": booking_number,
        "booking_status": made.status,
        "payment": last_payment_sheet(call, made),
    }


def confirm(call: Call, asked: bodies.Confirm) -> dict[str, Any]:
    """Asks Stripe how the payment stands and records it; the client is not believed."""
    return _settled(call, asked, lambda ctx: payments.confirm(asked.payment_intent_id, asked.booking_number, ctx))


def mock_confirm(call: Call, asked: bodies.MockConfirm) -> dict[str, Any]:
    """Pays with a test card or a saved payment method first; only where Stripe is the sandbox."""
    intent, number, card = asked.payment_intent_id, asked.booking_number, asked.pays_with()
    return _settled(call, asked, lambda ctx: payments.pay_in_sandbox(intent, number, card, ctx))


def _settled(call: Call, asked: bodies.Confirm, settle: Callable[[Context], int]) -> dict[str, Any]:
    """The payment in the answer is the one that was named, also where there is a later one."""
    id, made = booking_id(asked.booking_number), let_pay(call, asked.booking_number)

    def answer(done: Done) -> dict[str, Any]:
        sheet = booking_sheet(call.parts.store.history(id))
        assert sheet, "what was settled is in the log"
        paid = last_payment_sheet(call, made, asked.payment_intent_id)
        return {
            "booking": sheet if shows_all(call, made) else status_of(sheet),
            "payment": paid,
            "position": done.position,
        }

    return carry_out(call, Write(lambda ctx: Done(id, settle(ctx)), answer))


ROUTES = [
    Route("POST /api/payments/create-intent/", create_intent, PAYER),
    Route("GET /api/payments/status/{booking_number}/", status, PAYER_READ),
    Route("POST /api/payments/confirm/", confirm, PAYER),
    Route("POST /api/payments/webhook/", webhook, SIGNED_BY_STRIPE),
]
SANDBOX_ROUTES = [Route("POST /api/payments/mock-confirm/", mock_confirm, PAYER_BY_TEST_CARD)]
