"""What Stripe says of a refund becomes events of refund, payment and booking in one append; also of one begun there.

When all that was paid for a booking has gone back, a completed one is refunded, one that was still to come cancelled.
A refund begun at Stripe may take what was set aside for others: those that no longer fit end with it, newest first.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import NamedTuple
from uuid import UUID

from commands import Context, booking_ref, day_ref, payment_ref
from commands.ending import Outdated
from commands.stripe_books import uuid_in
from domain import booking, payment, pickup_day, refund
from domain.booking import Booking, BookingCancelled
from domain.booking_status import ACTIVE, Status
from domain.ids import payment_id
from domain.payment import Payment
from domain.pickup_day import PickupDay
from domain.refund import Refund, RefundDenied, RefundRequested
from eventlog.store import Ref
from integrations.stripe import StripeRefund

COME_TO_NOTHING = ("failed", "canceled")
NEVER_ASKED = (refund.Status.REQUESTED, refund.Status.DENIED)
Told = tuple[list, list]  # events of refund and payment
Decided = Callable[[Refund | None, Payment], Told]


class Money(NamedTuple):
    """What a refund of a booking's payment may concern: all payments, and the other refunds not yet paid out."""

    booking_id: UUID
    made: Booking
    payments: dict[UUID, Payment]
    waiting: dict[UUID, Refund]

    def names(self) -> tuple:
        """What the append has to be about; when it is something else meanwhile, it is decided again."""
        return self.made.payments, self.made.placed.pickup_date, list(self.waiting)


def record_refund(id: UUID, made: StripeRefund, ctx: Context) -> int:
    """Of a refund of ours; nothing, while Stripe is still at work on it."""
    back: Refund = ctx.store.load(Ref(refund, id)).state

    def decided(back: Refund | None, paying: Payment) -> Told:
        is_other = back is None or is_foreign(made, ctx) or not is_made_for(back, made)
        return ([], []) if is_other else told(id, back, paying, made)

    return _record(back.payment_id, id, decided, ctx)


def is_made_for(back: Refund, made: StripeRefund) -> bool:
    """Whether it is what the last attempt of this refund has become at Stripe; that it is marked so is not enough.

    Whoever works at Stripe marks theirs as they like: what was never approved, is of another attempt or amount, or
    comes beside the one that is known, was begun there.
    """
    is_asked = back.status not in NEVER_ASKED and back.stripe_refund_id in ("", made.id)
    return is_asked and (made.attempt, made.amount_cents) == (str(back.attempt), back.amount_cents)


def is_foreign(made: StripeRefund, ctx: Context) -> bool:
    """Whether it has entered as one begun at Stripe: it counts once, whatever mark it bears.

    It entered with the payment, and so did one of ours: who asks this in a decision on the payment is told the truth.
    """
    return ctx.store.load(Ref(refund, refund.begun_at_stripe(made.id))).state is not None


def record_foreign_refund(paid: UUID, made: StripeRefund, ctx: Context) -> int:
    """Of one that was begun at Stripe itself, on a payment of ours. It enters once its money is on its way."""
    id = refund.begun_at_stripe(made.id)
    booking_id = ctx.store.load(payment_ref(paid)).state.booking_id
    asked = RefundRequested(paid, booking_id, made.amount_cents, refund.BEGUN_AT_STRIPE, "stripe")

    def decided(back: Refund | None, paying: Payment) -> Told:
        if back or made.status != "succeeded":
            return told(id, back, paying, made)
        if _was_made_for_ours(made, ctx):
            return [], []
        return refund.record_from_stripe(back, asked, made.id), payment.pay_out(paying, id, made.amount_cents)

    return _record(paid, id, decided, ctx)


def _was_made_for_ours(made: StripeRefund, ctx: Context) -> bool:
    """Approved in the same moment, the refund that it is marked with was completed by it; or it failed as that."""
    marked = uuid_in(made.metadata.get("refund_id"))
    back: Refund | None = marked and ctx.store.named(Ref(refund, marked), RefundRequested)
    return back is not None and made.id in {back.stripe_refund_id, *back.undone}


def told(id: UUID, back: Refund | None, paying: Payment, made: StripeRefund) -> Told:
    """Stripe's word for the state of a refund, as events; of what has failed there it has said the last."""
    if back is None or made.id in back.undone:
        return [], []
    if made.status == "succeeded":
        # Completed refunds of old logs are not paid out in them.
        return refund.complete(back, made.id), payment.pay_out(paying, id, back.amount_cents)
    if made.status in COME_TO_NOTHING:
        failed = refund.fail(back, made.failure_reason or made.status, made.id)
        return failed, payment.release_refund(paying, id) if failed else []
    return [], []


def _record(paid: UUID, id: UUID, decided: Decided, ctx: Context) -> int:
    seen = _seen(paid, id, ctx)
    day, ids, others = seen.made.placed.pickup_date, list(seen.payments), list(seen.waiting)

    def decision(back: Refund | None, made: Booking, place: PickupDay | None, *states) -> Sequence[list]:
        payments = dict(zip(ids, states, strict=False))
        waiting = dict(zip(others, states[len(ids) :], strict=True))
        money = Money(seen.booking_id, made, payments, waiting)
        if money.names() != seen.names() or _waiting(payments[paid], id) != others:
            raise Outdated
        new, news = decided(back, payments[paid])
        ended, released = _no_longer_fit(waiting, reduce(payment.evolve, news, payments[paid]))
        news += released
        payments[paid] = reduce(payment.evolve, news, payments[paid])
        over, freed, withdrawn = _over(money, place)
        told_of = withdrawn | {paid: news}
        return [new, over, freed, *(told_of.get(one, []) for one in ids), *(ended.get(one, []) for one in others)]

    refs = [Ref(refund, id), booking_ref(seen.booking_id), day_ref(day), *map(payment_ref, ids)]
    refs += [Ref(refund, one) for one in others]
    try:
        # Whether it was the last of the booking's money depends on payments that it only reads.
        return ctx.append(refs, decision, seen.booking_id, alone=True).position
    except Outdated:
        return _record(paid, id, decided, ctx)


def _seen(paid: UUID, id: UUID, ctx: Context) -> Money:
    on = ctx.store.load(payment_ref(paid)).state.booking_id
    made, payments = _paid_for(on, ctx)
    others = _waiting(payments[paid], id)
    return Money(on, made, payments, {one: ctx.store.load(Ref(refund, one)).state for one in others})


def _paid_for(on: UUID, ctx: Context) -> tuple[Booking, dict[UUID, Payment]]:
    made: Booking = ctx.store.load(booking_ref(on)).state
    ids = [payment_id(on, n + 1) for n in range(made.payments)]
    return made, {one: ctx.store.load(payment_ref(one)).state for one in ids}


def _waiting(paying: Payment, id: UUID) -> list[UUID]:
    """The other refunds that money was set aside for and has not reached, oldest first."""
    return [one for one in paying.refunds if one not in paying.paid_out and one != id]


def _no_longer_fit(waiting: dict[UUID, Refund], paying: Payment) -> tuple[dict[UUID, list], list]:
    """The ends of refunds whose money has gone to another, and what is released of the payment.

    Those that nobody has approved are denied first; one that was is at an end too: Stripe has no money left for it.
    """
    ended: dict[UUID, list] = {}
    released: list = []
    newest = list(reversed(waiting))
    unapproved = [id for id in newest if waiting[id].status is refund.Status.REQUESTED]
    for id in (*unapproved, *(id for id in newest if id not in unapproved)):
        if payment.refundable_cents(reduce(payment.evolve, released, paying)) >= 0:
            break
        is_open = id in unapproved
        denied = RefundDenied("system", reason=refund.REFUNDED_AT_STRIPE)
        ended[id] = refund.deny(waiting[id], denied) if is_open else refund.fail(waiting[id], refund.REFUNDED_AT_STRIPE)
        released += payment.release_refund(paying, id)
    return ended, released


def _over(money: Money, place: PickupDay | None) -> tuple[list, list, dict[UUID, list]]:
    """What becomes of booking, place and open payments when all the money of a booking has gone back."""
    made, payments = money.made, money.payments
    if not _is_over(made, payments):
        return [], [], {}
    if made.status is Status.COMPLETED:
        return booking.refund(made, _received(payments)), [], {}
    day = made.placed.pickup_date
    over = booking.cancel(made, BookingCancelled("refunded", day, made.placed.person_id), by_staff=True)
    withdrawn = {id: payment.withdraw(one, "refunded") for id, one in payments.items()}
    return over, pickup_day.release(place, day, money.booking_id), withdrawn


def _is_over(made: Booking, payments: dict[UUID, Payment]) -> bool:
    """Whether all its money has gone back, and it stands."""
    stands = made.status is Status.COMPLETED or (made.status in ACTIVE and made.is_paid)
    received, out = _received(payments), sum(sum(one.paid_out.values()) for one in payments.values())
    return stands and 0 < received <= out


def _received(payments: dict[UUID, Payment]) -> int:
    return sum(one.amount_cents for one in payments.values() if one.status is payment.Status.SUCCEEDED)


def stands_for_nothing(paying: Payment, ctx: Context) -> bool:
    """Whether its booking should have ended with the last of its money: then Stripe is to be asked about a refund."""
    return bool(paying.paid_out) and _is_over(*_paid_for(paying.booking_id, ctx))
