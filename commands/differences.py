"""A change after payment: what was paid too much goes back, approved by the system; what is missing is asked for."""

from uuid import UUID

from commands import Context, booking_ref, payment_ref
from commands.payments import request_next
from domain import booking, booking_balance, payment, refund
from domain.booking import Booking
from domain.booking_status import ACTIVE
from domain.ids import payment_id
from domain.payment import Payment
from domain.refund import RefundRequested
from eventlog.store import Appended, Ref


def settle_difference(id: UUID, ctx: Context) -> int:
    """Asked again, it finds nothing to settle. Raises StripeUnavailable while a payment of the old price is open."""
    made: Booking = ctx.store.load(booking_ref(id)).state
    due = booking.due_cents(made)
    if made.status not in ACTIVE or not made.is_paid or not due:
        return ctx.append([booking_ref(id)], lambda made: [[]]).position
    if due < 0:
        return _give_back(id, ctx).position
    if ctx.store.load(payment_ref(payment_id(id, made.payments))).state.status in payment.ENDED:
        request_next(made.placed.booking_number, made.payments, ctx)
    return ctx.append([booking_ref(id)], lambda made: [[]]).position


def _give_back(id: UUID, ctx: Context) -> Appended:
    """From the payment of which most is left; decided on the version of the booking that was seen."""
    seen = ctx.store.load(booking_ref(id))
    ids = [payment_id(id, n + 1) for n in range(seen.state.payments)]
    paid = max(ids, key=lambda one: _left(ctx, one))
    back = refund.of_difference(id, seen.version)

    def decision(made: Booking, paying: Payment, _: refund.Refund | None) -> list[list]:
        new = booking_balance.return_difference(made, back, payment.refundable_cents(paying))
        if not new:
            return [[], [], []]
        cents = new[0].amount_cents
        event = RefundRequested(paid, id, cents, "price_difference", "system")
        return [new, payment.reserve_refund(paying, back, cents), refund.request_by_policy(None, event)]

    return ctx.append(
        [booking_ref(id)._replace(version=seen.version), payment_ref(paid), Ref(refund, back)], decision, id
    )


def _left(ctx: Context, paid: UUID) -> int:
    paying: Payment = ctx.store.load(payment_ref(paid)).state
    return payment.refundable_cents(paying) if paying.status is payment.Status.SUCCEEDED else 0
