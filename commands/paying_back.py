"""What Stripe says of a refund becomes events of refund, payment and booking in one append; also of one begun there.

When all that was paid for a booking has gone back, a completed one is refunded, one that was still to come cancelled.
"""

from collections.abc import Sequence
from functools import reduce
from uuid import UUID

from commands import Context, booking_ref, day_ref, payment_ref
from commands.ending import Outdated
from domain import booking, payment, pickup_day, refund
from domain.booking import Booking, BookingCancelled
from domain.booking_status import ACTIVE, Status
from domain.ids import payment_id
from domain.payment import Payment
from domain.pickup_day import PickupDay
from domain.refund import Refund, RefundRequested
from eventlog.store import Ref
from integrations.stripe import StripeRefund, StripeUnavailable

COME_TO_NOTHING = ("failed", "canceled")
Told = tuple[list, list]  # events of refund and payment


def record_refund(id: UUID, made: StripeRefund, ctx: Context, must_end: bool = False) -> int:
    """Of a refund of ours. With `must_end` raises StripeUnavailable while Stripe is still at work on it."""
    if must_end and made.status not in ("succeeded", *COME_TO_NOTHING):
        raise StripeUnavailable(f"the refund is {made.status} at Stripe")
    back: Refund = ctx.store.load(Ref(refund, id)).state
    return _record(back.payment_id, id, lambda back, paying: told(id, back, paying, made), ctx)


def record_foreign_refund(paid: UUID, made: StripeRefund, ctx: Context) -> int:
    """Of one that was begun at Stripe itself, on a payment of ours."""
    id = refund.begun_at_stripe(made.id)
    booking_id = ctx.store.load(payment_ref(paid)).state.booking_id
    asked = RefundRequested(paid, booking_id, made.amount_cents, "begun_at_stripe", "stripe")

    def decided(back: Refund | None, paying: Payment) -> Told:
        if back or made.status != "succeeded":
            return told(id, back, paying, made)
        return refund.record_from_stripe(back, asked, made.id), payment.pay_out(paying, id, made.amount_cents)

    return _record(paid, id, decided, ctx)


def told(id: UUID, back: Refund | None, paying: Payment, made: StripeRefund) -> Told:
    """Stripe's word for the state of a refund, as events."""
    if back is None:
        return [], []
    if made.status == "succeeded":
        done = refund.complete(back, made.id)
        return done, payment.pay_out(paying, id, back.amount_cents) if done else []
    if made.status in COME_TO_NOTHING:
        failed = refund.fail(back, made.failure_reason or made.status)
        return failed, payment.release_refund(paying, id) if failed else []
    return [], []


def _record(paid: UUID, id: UUID, decided, ctx: Context) -> int:
    on = ctx.store.load(payment_ref(paid)).state.booking_id
    seen: Booking = ctx.store.load(booking_ref(on)).state
    day, ids = seen.placed.pickup_date, [payment_id(on, n + 1) for n in range(seen.payments)]

    def decision(back: Refund | None, made: Booking, place: PickupDay | None, *payments: Payment) -> Sequence[list]:
        if (made.payments, made.placed.pickup_date) != (seen.payments, day):
            raise Outdated
        by_id = dict(zip(ids, payments, strict=True))
        new, money = decided(back, by_id[paid])
        by_id[paid] = reduce(payment.evolve, money, by_id[paid])
        ended = _ended(made, list(by_id.values())) if money else []
        freed = pickup_day.release(place, day, on) if any(isinstance(e, BookingCancelled) for e in ended) else []
        return [new, ended, freed, *(money if one == paid else [] for one in ids)]

    refs = [Ref(refund, id), booking_ref(on), day_ref(day), *map(payment_ref, ids)]
    try:
        return ctx.append(refs, decision, on).position
    except Outdated:
        return _record(paid, id, decided, ctx)


def _ended(made: Booking, payments: list[Payment]) -> list:
    """What becomes of the booking when all of its money has gone back."""
    received = sum(one.amount_cents for one in payments if one.status is payment.Status.SUCCEEDED)
    if sum(sum(one.paid_out.values()) for one in payments) < received:
        return []
    if made.status is Status.COMPLETED:
        return booking.refund(made, received)
    if made.status in ACTIVE and made.is_paid:
        why = BookingCancelled("refunded", made.placed.pickup_date, made.placed.person_id)
        return booking.cancel(made, why, by_staff=True)
    return []
