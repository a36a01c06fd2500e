"""What Stripe tells by webhook, or when asked: the truth of an intent as it is now, whatever order the news come in."""

from functools import reduce
from uuid import UUID

import structlog

from commands import Context, payment_ref
from commands.paying_back import is_foreign, is_made_for, record_foreign_refund, record_refund
from commands.payments import known, ours, record
from commands.stripe_books import there, uuid_in
from domain import Refused, payment, refund
from domain.payment import DisputeClosed, DisputeOpened, Payment
from domain.refund import RefundRequested
from eventlog.store import Ref
from integrations.stripe import StripeDispute, StripeEvent, StripeRefund

log = structlog.get_logger("money")
REFUNDS = ("charge.refund", "refund.")
DISPUTES = ("charge.dispute.",)
# Stripe's word for how a dispute ended, in ours. A question of the bank that leads to nothing takes no money.
OUTCOMES = {"won": "won", "lost": "lost", "warning_closed": "won", "prevented": "won"}


def hear(event: StripeEvent, ctx: Context) -> int | None:
    """A verified webhook. What it is about is asked of Stripe, because it may be older than what we know.

    None when it is about nothing of ours. Raises StripeUnavailable: not done yet, Stripe will send it again.
    """
    if not event.type.startswith(("payment_intent.", "charge.", "refund.")) or event.intent_id is None:
        return None
    return learn(event.intent_id, ctx, event.type)


def learn(intent_id: str, ctx: Context, kind: str = "") -> int | None:
    """How an intent stands; its refunds and disputes too, where the kind of event is theirs, or none was told.

    Whatever somebody has written into metadata at Stripe, it raises nothing but StripeUnavailable.
    """
    intent = there(intent_id, ctx)
    id = uuid_in(intent.metadata.get("payment_id")) if intent else None
    if intent is None or id is None or ours(id, ctx) is None:
        return None
    try:
        position = record(intent, ctx)
    except Refused as refusal:  # it names a payment of ours, but is of another amount, or another than its intent
        if refusal.code != "not_found":
            raise
        log.warning("intent_does_not_fit", intent=intent_id, payment=str(id), status=intent.status)
        return None
    if not kind or kind.startswith(REFUNDS):
        position = max(position, learn_refunds(id, intent_id, ctx))
    if not kind or kind.startswith(DISPUTES):
        position = max(position, *(record_dispute(id, one, ctx) for one in ctx.stripe.disputes_of(intent_id)), 0)
    return position


def learn_refunds(id: UUID, intent_id: str, ctx: Context) -> int:
    """Oldest first, so that an attempt that failed does not follow the one that succeeded. The last position."""
    position = 0
    for made in reversed(ctx.stripe.refunds_of(intent_id)):
        own = _own(made, id, ctx)
        position = record_refund(own, made, ctx) if own else record_foreign_refund(id, made, ctx)
    return position


def _own(made: StripeRefund, paid: UUID, ctx: Context) -> UUID | None:
    """Our refund that it is marked with, if that is one of this payment and it was made for that.

    Not when it has entered as one begun at Stripe, which somebody there had marked before ours was approved.
    """
    id = uuid_in(made.metadata.get("refund_id"))
    if id is None or is_foreign(made, ctx):
        return None
    back: refund.Refund | None = ctx.store.named(Ref(refund, id), RefundRequested)
    return id if back and back.payment_id == paid and is_made_for(back, made) else None


def record_dispute(id: UUID, made: StripeDispute, ctx: Context) -> int:
    """That the payer's bank took the money back, and how it ended."""

    def decision(paying: Payment) -> list[list]:
        opened = payment.open_dispute(paying, DisputeOpened(made.id, made.taken_cents, made.reason))
        if made.status not in OUTCOMES:
            return [opened]
        then = reduce(payment.evolve, opened, paying)
        return [opened + payment.close_dispute(then, DisputeClosed(made.id, OUTCOMES[made.status]))]

    return ctx.append([payment_ref(id)], decision, known(ctx, id).booking_id).position
