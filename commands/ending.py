"""How a booking ends without being carried out: cancelled, expired with its hold, or put away by staff.

Its place is freed, its open payment withdrawn and what goes back of the money set aside with it, all in one append.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

from commands import Context, booking_ref, day_ref, payment_ref
from commands.booked_by import Past, held
from commands.bookings import found
from domain import Refused, Value, booking, booking_changes, payment, pickup_day, refund
from domain.booking import Booking, BookingCancelled
from domain.booking_status import UNPAID, Status
from domain.ids import payment_id
from domain.payment import Payment
from domain.refund import Refund, RefundApproved, RefundRequested
from eventlog.store import Ref

HELD = "The payer's bank decides on this money. Cancel with refund_cents 0, and ask for a refund when it has decided."


class Cancellation(Value):
    """`refund_cents` is how much of what was paid goes back: None for all of it, 0 for nothing.

    It waits for somebody else's approval unless `is_approved`.
    """

    words: str = ""
    by_staff: bool = False
    refund_cents: int | None = None
    is_approved: bool = False


class TooEarly(Exception):
    """The hold is not over yet by this clock: ask again in a moment."""


class Outdated(Exception):
    """Meanwhile the booking has another day, another payment, or was paid: decide again with those."""


def cancel_booking(id: UUID, words: str, by_staff: bool, ctx: Context) -> int:
    """As `cancel_as_seen`, for the booking as it is; the position."""
    return cancel_as_seen(booking_ref(id), Cancellation(words, by_staff), ctx)


def cancel_as_seen(seen: Ref, asked: Cancellation, ctx: Context) -> int:
    """Cancels a booking as it was read, where `seen` has its version; the position.

    Refuses `version_conflict` when it has changed since, `not_allowed`, `invalid_transition`,
    `refund_exceeds_payment` when more is to go back than was paid, and `payment_not_refundable` when a part of that is
    held by a bank: then nobody would give it back once the bank has decided.
    """

    with held(seen.stream, ctx) as past:

        def cancelled(made: Booking) -> list:
            return booking.cancel(made, _why(past, made, asked), asked.by_staff)

        return _end(seen, cancelled, asked, ctx)


def delete_booking(seen: Ref, words: str, ctx: Context) -> int:
    """Puts it away; one that waits for its money is cancelled with it. The position.

    Refuses `invalid_transition` while it is paid or under way: somebody has to say what becomes of the money.
    """
    asked = Cancellation(words, by_staff=True)
    with held(seen.stream, ctx) as past:

        def deleted(made: Booking) -> list:
            if made.status not in UNPAID:
                return booking_changes.delete(made)
            gone = booking.cancel(made, _why(past, made, asked), by_staff=True)
            return gone + booking_changes.delete(booking.evolve(made, gone[0]))

        return _end(seen, deleted, asked, ctx)


def expire_hold(id: UUID, ctx: Context) -> int:
    """The hold is over: booking, place and payment are decided together. Nothing happens to a booking that was paid.

    Raises TooEarly: who asks goes by another clock, and a hold that nobody asks about again would never end.
    """
    made = found(ctx.store.load(booking_ref(id)).state)
    if made.status is Status.PENDING and ctx.now < made.placed.hold_expires_at:
        raise TooEarly(f"the hold ends at {made.placed.hold_expires_at}")
    return _end(booking_ref(id), lambda made: booking.expire(made, ctx.now), Cancellation(), ctx)


def _why(past: Past, made: Booking, asked: Cancellation) -> BookingCancelled:
    reason = "by_staff" if asked.by_staff else "by_customer"
    return BookingCancelled(reason, made.placed.pickup_date, past.person_id, past.words(asked.words))


def _end(ref: Ref, end: Callable[[Booking], list], asked: Cancellation, ctx: Context) -> int:
    id, seen = ref.stream, found(ctx.store.load(ref).state)
    on, ids = seen.placed.pickup_date, [payment_id(id, n + 1) for n in range(seen.payments)]
    paid = [one for one in ids if _has_come(ctx.store.load(payment_ref(one)).state)]

    def decision(made: Booking, day: pickup_day.PickupDay | None, *money: Payment | Refund | None) -> Sequence[list]:
        payments = dict(zip(ids, money, strict=False))
        if (made.payments, made.placed.pickup_date) != (seen.payments, on):
            raise Outdated
        if [one for one in ids if _has_come(payments[one])] != paid:
            raise Outdated
        ended = end(made)
        if not any(isinstance(event, BookingCancelled) for event in ended):
            return [ended, [], *([] for _ in money)]
        given = _given_back(payments, asked, ctx.origin.actor)
        stopped = [given[one][0] if one in given else payment.withdraw(payments[one], ended[0].reason) for one in ids]
        returned = [given[one][1] if one in given else [] for one in paid]
        return [ended, pickup_day.release(day, on, id), *stopped, *returned]

    refs = [ref, day_ref(on), *map(payment_ref, ids), *(Ref(refund, refund.of_cancellation(one)) for one in paid)]
    try:
        return ctx.append(refs, decision, id).position
    except Outdated:
        return _end(ref, end, asked, ctx)


def _has_come(paying: Payment) -> bool:
    return paying.status is payment.Status.SUCCEEDED


def _is_held(paying: Payment) -> bool:
    """Whether a bank has yet to decide on money that it took back; what it kept is gone."""
    return any(one.amount_cents and not one.outcome for one in paying.disputes.values())


def _given_back(payments: dict[UUID, Payment], asked: Cancellation, by: str) -> dict[UUID, tuple[list, list]]:
    """Of each payment that succeeded what goes back of it, set aside and requested: the events of both."""
    left = {id: payment.givable_cents(one) for id, one in payments.items() if _has_come(one)}
    wanted = sum(left.values()) if asked.refund_cents is None else asked.refund_cents
    if any(map(_is_held, payments.values())) and (asked.refund_cents is None or wanted > sum(left.values())):
        raise Refused("payment_not_refundable", HELD, "/refund_cents")
    if not 0 <= wanted <= sum(left.values()):
        raise Refused("refund_exceeds_payment", "More than was paid cannot be given back.", "/refund_cents")
    approved = [RefundApproved(by, is_own=True)] if asked.is_approved else []
    given: dict[UUID, tuple[list, list]] = {}
    for id, cents in left.items():
        part = min(cents, wanted)
        if part:
            wanted -= part
            back = refund.of_cancellation(id)
            event = RefundRequested(id, payments[id].booking_id, part, "booking_cancelled", by)
            reserved = payment.reserve_refund(payments[id], back, part)
            given[id] = reserved, refund.request(None, event, *approved)
    return given
