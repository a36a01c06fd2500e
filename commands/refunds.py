"""What may be asked of a refund: requested, approved by somebody else or denied, paid back at Stripe once, tried again.

What goes back is set aside on the payment in the same append, so that no two refunds ever give the same money.
"""

from uuid import UUID

from commands import Context, payment_ref
from commands.paying_back import is_foreign, record_refund
from commands.payments import ours
from domain import Refused, Value, payment, refund
from domain.address import Words
from domain.payment import Payment
from domain.refund import Refund, RefundDenied, RefundRequested, Status
from eventlog.ids import new_id
from eventlog.store import Ref
from integrations.stripe import RefundAsked, StripeRefused


class AskRefund(Value):
    """`words` say why, for whoever approves."""

    payment_id: UUID
    amount_cents: int
    words: str


class Asked(Value):
    refund_id: UUID
    position: int


def request_refund(asked: AskRefund, ctx: Context) -> Asked:
    """Sets the amount aside until somebody else decides.

    Refuses `not_found`, `payment_not_refundable`, `refund_exceeds_payment`.
    """
    id, key = new_id(), _paid_for(asked.payment_id, ctx)

    def decision(paying: Payment, back: Refund | None) -> list[list]:
        who = paying.booking_id, asked.amount_cents, "by_staff", ctx.origin.actor
        event = RefundRequested(asked.payment_id, *who, paying.person_id, Words(asked.words))
        return [payment.reserve_refund(paying, id, asked.amount_cents), refund.request(back, event)]

    refs = [payment_ref(asked.payment_id), Ref(refund, id, is_new=True)]
    return Asked(id, ctx.append(refs, decision, key).position)


def approve_refund(id: UUID, may_approve_own: bool, ctx: Context) -> int:
    """A job pays it back then. Refuses `needs_second_person`, `invalid_transition`."""
    back = known(id, ctx)
    by = ctx.origin.actor
    return ctx.append(
        [Ref(refund, id)], lambda back: [refund.approve(back, by, may_approve_own)], back.booking_id
    ).position


def deny_refund(id: UUID, words: str, ctx: Context, may_deny_own: bool = False) -> int:
    """The amount is free again. Refuses `needs_second_person`, `invalid_transition` once it was approved."""
    back = known(id, ctx)
    person = ctx.store.load(payment_ref(back.payment_id)).state.person_id
    event = RefundDenied(ctx.origin.actor, person, Words(words) if words else None)

    def decision(back: Refund, paying: Payment) -> list[list]:
        denied = refund.deny(back, event, may_deny_own)
        return [denied, payment.release_refund(paying, id) if denied else []]

    return ctx.append([Ref(refund, id), payment_ref(back.payment_id)], decision, back.booking_id).position


def try_refund_again(id: UUID, ctx: Context) -> int:
    """One that failed, approved as before. Refuses `refund_exceeds_payment` when the money is promised elsewhere."""
    back = known(id, ctx)

    def decision(back: Refund, paying: Payment) -> list[list]:
        again = refund.try_again(back, ctx.origin.actor)
        return [again, payment.reserve_refund(paying, id, back.amount_cents) if again else []]

    return ctx.append([Ref(refund, id), payment_ref(back.payment_id)], decision, back.booking_id).position


def pay_back(id: UUID, ctx: Context) -> int:
    """An approved refund at Stripe, then in the log. Raises StripeUnavailable while what became of it is unknown.

    One that takes days stays approved: a webhook tells of its end, or else the next comparison of the books.
    """
    back = known(id, ctx)
    if back.status is not Status.APPROVED:
        return ctx.append([Ref(refund, id)], lambda back: [[]]).position
    paid: Payment = ctx.store.load(payment_ref(back.payment_id)).state
    try:
        made = ctx.stripe.refund(RefundAsked(id, paid.intent_id, back.amount_cents, back.attempt))
    except StripeRefused as refusal:
        return refuse_refund(id, back.attempt, refusal.code, ctx)
    position = record_refund(id, made, ctx)
    # A person at Stripe had marked theirs as this one, before it was approved here: it is not to go back twice.
    return refuse_refund(id, back.attempt, refund.MADE_AT_STRIPE, ctx) if is_foreign(made, ctx) else position


def refuse_refund(id: UUID, attempt: int, reason: str, ctx: Context) -> int:
    """Stripe will not make this attempt, and that is certain: the amount is free again."""
    back = known(id, ctx)

    def decision(back: Refund, paying: Payment) -> list[list]:
        failed = refund.fail(back, reason) if back.status is Status.APPROVED and back.attempt == attempt else []
        return [failed, payment.release_refund(paying, id) if failed else []]

    return ctx.append([Ref(refund, id), payment_ref(back.payment_id)], decision, back.booking_id).position


def known(id: UUID, ctx: Context) -> Refund:
    """Refuses `not_found`, also for the id of something else."""
    back = ctx.store.named(Ref(refund, id), RefundRequested)
    if back is None:
        raise Refused("not_found", "There is no such refund.", "/refund_id")
    return back


def _paid_for(id: UUID, ctx: Context) -> UUID:
    """The booking of a payment."""
    paying = ours(id, ctx)
    if paying is None:
        raise Refused("not_found", "There is no such payment.", "/payment_id")
    return paying.booking_id
