"""What may be asked of a refund: paid back at Stripe, once."""

from uuid import UUID

from commands import Context, payment_ref
from domain import Refused, refund
from domain.refund import Status
from eventlog.store import Ref
from integrations.stripe import StripeRefund, StripeRefused, StripeUnavailable


def pay_back(id: UUID, ctx: Context) -> int:
    """An approved refund at Stripe, then in the log. Raises StripeUnavailable while it is unknown or under way."""
    state = ctx.store.load(Ref(refund, id)).state
    if state is None:
        raise Refused("not_found", "There is no such refund.")
    if state.status is not Status.APPROVED:
        return ctx.append([Ref(refund, id)], lambda state: [[]]).position
    paid = ctx.store.load(payment_ref(state.payment_id)).state
    try:
        made = ctx.stripe.refund(id, paid.intent_id, state.amount_cents)
    except StripeRefused as refusal:
        reason = refusal.code
        return ctx.append([Ref(refund, id)], lambda state: [refund.fail(state, reason)], state.booking_id).position
    return ctx.append([Ref(refund, id)], lambda state: [_outcome(state, made)], state.booking_id).position


def _outcome(state: refund.Refund, made: StripeRefund) -> list:
    match made.status:
        case "succeeded":
            return refund.complete(state, made.id)
        case "failed" | "canceled":
            return refund.fail(state, made.failure_reason or made.status)
        case _:
            raise StripeUnavailable(f"the refund is {made.status} at Stripe")
