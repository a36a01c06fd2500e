"""What should have ended long ago: payments that we no longer want, and refunds that were approved."""

from datetime import timedelta
from uuid import UUID

from commands import Context
from domain import payment, refund
from domain.payment import Payment, PaymentWithdrawn
from domain.reconciliation import Finding, Kind
from domain.refund import RefundApproved, RefundTriedAgain
from eventlog.store import Ref

PATIENCE = timedelta(days=1)


def overdue(id: UUID, paying: Payment, ctx: Context) -> list[Finding]:
    """Of one payment: for more than a day withdrawn and open, or a refund of it approved and neither done nor failed.

    No money is missing by that: 0 cents.
    """
    found = []
    if paying.is_withdrawn and paying.status not in payment.ENDED and _is_long_ago(id, (PaymentWithdrawn,), ctx):
        found.append(Finding(Kind.PAYMENT_STUCK, paying.intent_id, id))
    for back in paying.refunds.keys() - paying.paid_out.keys():
        is_approved = ctx.store.load(Ref(refund, back)).state.status is refund.Status.APPROVED
        if is_approved and _is_long_ago(back, (RefundApproved, RefundTriedAgain), ctx):
            found.append(Finding(Kind.REFUND_STUCK, paying.intent_id, id, back))
    return found


def _is_long_ago(stream: UUID, kinds: tuple[type, ...], ctx: Context) -> bool:
    """Whether the last event of these kinds is older than a day."""
    return max(one.at for one in ctx.store.history(stream) if isinstance(one.event, kinds)) <= ctx.now - PATIENCE
