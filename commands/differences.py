"""A change after payment: what was paid too much goes back, approved by the system; what is missing is asked for."""

from uuid import UUID

from commands import Context, booking_ref, payment_ref
from commands.payments import request_next
from domain import Refused, booking, booking_balance, payment, refund
from domain.booking import Booking
from domain.booking_status import OWING
from domain.ids import payment_id
from domain.payment import Payment
from domain.price_list import LEAST_CENTS
from domain.refund import RefundRequested
from eventlog.store import Ref
from integrations.stripe import StripeUnavailable


def settle_difference(id: UUID, ctx: Context) -> int:
    """Asked again, it finds nothing to settle. Raises StripeUnavailable while a payment of the old price is open."""
    made: Booking = ctx.store.load(booking_ref(id)).state
    due = booking.due_cents(made)
    if made.status in OWING and made.is_paid:
        if due < 0:
            return _give_back(id, ctx)
        if due >= LEAST_CENTS:  # Stripe takes no less: it is let off
            _ask_for_more(made, payment_id(id, made.payments), ctx)
    return ctx.append([booking_ref(id)], lambda made: [[]]).position


def _ask_for_more(made: Booking, last: UUID, ctx: Context) -> None:
    paying: Payment = ctx.store.load(payment_ref(last)).state
    if paying.status in payment.ENDED:
        request_next(made.placed.booking_number, made.payments, ctx)
    elif paying.is_withdrawn:
        raise StripeUnavailable("a payment of the old price is still under way")


def _give_back(id: UUID, ctx: Context) -> int:
    """From the payment of which most is left, then from the next; decided on the version of the booking that was seen.

    Where nothing is left, all has gone back for another reason, is set aside for one, or a bank decides on it: what
    comes of that asks again.
    """
    seen = ctx.store.load(booking_ref(id))
    ids = [payment_id(id, n + 1) for n in range(seen.state.payments)]
    paid = max(ids, key=lambda one: payment.givable_cents(ctx.store.load(payment_ref(one)).state))
    back = refund.of_difference(id, seen.version)

    def decision(made: Booking, paying: Payment, _: refund.Refund | None) -> list[list]:
        new = booking_balance.return_difference(made, back, payment.givable_cents(paying))
        if not new:
            return [[], [], []]
        cents = new[0].amount_cents
        event = RefundRequested(paid, id, cents, "price_difference", "system")
        return [new, payment.reserve_refund(paying, back, cents), refund.request(None, event, refund.BY_POLICY)]

    refs = [booking_ref(id)._replace(version=seen.version), payment_ref(paid), Ref(refund, back)]
    try:
        appended = ctx.append(refs, decision, id)
    except Refused as refusal:
        if refusal.code != "version_conflict":
            raise
        return settle_difference(id, ctx)
    return settle_difference(id, ctx) if appended.events else appended.position
