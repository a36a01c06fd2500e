"""What should have ended long ago: payments that we no longer want, and refunds that were approved."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from commands import Context
from commands.paying_back import COME_TO_NOTHING
from commands.stripe_books import uuid_in
from domain import payment, refund
from domain.payment import Payment, PaymentWithdrawn
from domain.reconciliation import Finding, Kind
from domain.refund import RefundApproved, RefundTriedAgain
from eventlog.store import Ref
from integrations.stripe import StripeRefund

PATIENCE = timedelta(days=1)
ENDS = ("succeeded", *COME_TO_NOTHING)


def overdue(id: UUID, paying: Payment, made: Sequence[StripeRefund], ctx: Context) -> list[Finding]:
    """Of one payment: for more than a day withdrawn and open, or a refund of it approved and neither done nor failed.

    No money is missing by that: 0 cents. A refund that Stripe has `made` may be on its way for days.
    """
    found, on_the_way = [], {uuid_in(one.metadata.get("refund_id")) for one in made if one.status not in ENDS}
    if paying.is_withdrawn and paying.status not in payment.ENDED and _is_long_ago(id, (PaymentWithdrawn,), ctx):
        found.append(Finding(Kind.PAYMENT_STUCK, paying.intent_id, id))
    for back in sorted(paying.refunds.keys() - paying.paid_out.keys() - on_the_way):
        is_approved = ctx.store.load(Ref(refund, back)).state.status is refund.Status.APPROVED
        if is_approved and _is_long_ago(back, (RefundApproved, RefundTriedAgain), ctx):
            found.append(Finding(Kind.REFUND_STUCK, paying.intent_id, id, back))
    return found


def _is_long_ago(stream: UUID, kinds: tuple[type, ...], ctx: Context) -> bool:
    """Whether the last event of these kinds is older than a day."""
    return max(one.at for one in ctx.store.history(stream) if isinstance(one.event, kinds)) <= ctx.now - PATIENCE
