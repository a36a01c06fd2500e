"""A booking: one customer's pickup on one day.

place -> PENDING -> confirm -> CONFIRMED
            |                      |
            +--------- pay --------+-> PAID -> start -> IN_PROGRESS <-> delay, resume <-> DELAYED
            |                      |     |                  |                                |
            +------- cancel -------+-----+------------------+--------------------------------+-> CANCELLED
                                         +---- complete ----+--------------------------------+-> COMPLETED
COMPLETED -> refund -> REFUNDED
CANCELLED by `payment_expired` -> reinstate -> PAID, when a late payment finds its place free
"""

from datetime import datetime
from typing import assert_never
from uuid import UUID

from msgspec.structs import replace

from domain import Refused, Value
from domain.booking_events import (
    BookingAddressesChanged,
    BookingBalancePaid,
    BookingBilledAgain,
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingDelayed,
    BookingDeleted,
    BookingNoted,
    BookingPaid,
    BookingPlaced,
    BookingRefunded,
    BookingReinstated,
    BookingRescheduled,
    BookingResumed,
    BookingStarted,
    Change,
    CoreAreaOverridden,
    DifferenceReturned,
    Event,
    InstructionsChanged,
    TimesPlanned,
)
from domain.booking_status import ACTIVE, OWING, Status, once_paid

__all__ = ["Event"]
EXPIRED = "payment_expired"
# What each change puts in the place of what was placed.
AREA = ("is_outside_core_area", "pricing")
WHEN = ("pickup_date", "pickup_time", "specific_pickup_hour", "selection", "pricing", "zone")
WHERE = ("pickup_area", "delivery_area", "pickup_address_id", "delivery_address_id", *AREA)


# State


class Booking(Value):
    """`placed` is what was placed with what was changed since; what is personal in it, only where it was unsealed.

    `payments` counts how many were asked for: the last one is the one that can be open. `paid_cents` is what was paid
    for it, less what a change made it cheaper; what else was given back does not count. `noted` is what staff noted
    last.
    """

    status: Status
    placed: BookingPlaced
    is_paid: bool = False
    reason: str = ""
    payments: int = 1
    paid_cents: int = 0
    is_area_overridden: bool = False
    plan: TimesPlanned = TimesPlanned(None, None)
    noted: BookingNoted | None = None
    is_deleted: bool = False

    @property
    def notes(self) -> str:
        """The staff's, where they were unsealed: personal, so that no other field of the state may hold them."""
        return self.noted.personal.text if self.noted and self.noted.personal else ""


def evolve(booking: Booking | None, event: Event) -> Booking:
    if isinstance(event, BookingPlaced):
        return Booking(Status.PENDING, event)
    assert booking, "a booking begins with BookingPlaced"
    if isinstance(event, Change):
        return _changed(booking, event)
    match event:
        case BookingConfirmed():
            return replace(booking, status=Status.CONFIRMED)
        case BookingBilledAgain():
            return replace(booking, payments=booking.payments + 1)
        case BookingPaid() | BookingReinstated() | BookingBalancePaid():
            return _with_money(booking, event)
        case DifferenceReturned():
            return replace(booking, paid_cents=booking.paid_cents - event.amount_cents)
        case BookingStarted() | BookingResumed():
            return replace(booking, status=Status.IN_PROGRESS)
        case BookingDelayed():
            return replace(booking, status=Status.DELAYED)
        case BookingCompleted():
            return replace(booking, status=Status.COMPLETED)
        case BookingCancelled():
            return replace(booking, status=Status.CANCELLED, reason=event.reason)
        case BookingRefunded():
            return replace(booking, status=Status.REFUNDED)
        case BookingDeleted():
            return replace(booking, is_deleted=True)
        case _:
            assert_never(event)


def _with_money(booking: Booking, event: BookingPaid | BookingReinstated | BookingBalancePaid) -> Booking:
    paid = replace(booking, is_paid=True, paid_cents=booking.paid_cents + event.amount_cents)
    if isinstance(event, BookingReinstated):
        return replace(paid, status=Status.PAID, reason="")
    return replace(paid, status=once_paid(booking.status)) if isinstance(event, BookingPaid) else paid


def _changed(booking: Booking, event: Change) -> Booking:
    placed, said = booking.placed, getattr(event, "personal", None)
    own = placed.personal
    match event:
        case BookingRescheduled():
            plan = booking.plan if event.pickup_date == event.moved_from else TimesPlanned(None, None)
            return replace(booking, placed=_with(placed, event, WHEN), plan=plan)
        case BookingAddressesChanged():
            own = replace(own, pickup=said.pickup, delivery=said.delivery) if own and said else own
            moved = replace(_with(placed, event, WHERE), personal=own)
            return replace(booking, placed=moved, is_area_overridden=False)
        case InstructionsChanged():
            own = replace(own, special_instructions=said.text) if own and said else own
            return replace(booking, placed=replace(placed, personal=own))
        case CoreAreaOverridden():
            return replace(booking, placed=_with(placed, event, AREA), is_area_overridden=True)
        case TimesPlanned():
            return replace(booking, plan=event)
        case BookingNoted():
            return replace(booking, noted=event)
        case _:
            assert_never(event)


def _with(placed: BookingPlaced, change: Change, names: tuple[str, ...]) -> BookingPlaced:
    return replace(placed, **{name: getattr(change, name) for name in names})


def due_cents(booking: Booking) -> int:
    """What is still to be paid; less than nothing where a change has made it cheaper than what was paid."""
    return booking.placed.pricing.total_price_cents - booking.paid_cents


def is_expired(booking: Booking) -> bool:
    """Whether late money may take it up again: what staff have put away stays away, and the money goes back."""
    return booking.status is Status.CANCELLED and booking.reason == EXPIRED and not booking.is_deleted


# Decisions: asked again for what is so already, they answer nothing.


def place(booking: Booking | None, offer: BookingPlaced) -> list[Event]:
    return [] if booking else [offer]


def confirm(booking: Booking) -> list[Event]:
    """Staff accept it unpaid; the hold ends."""
    if booking.status is Status.CONFIRMED:
        return []
    _allowed(booking, "confirmed", Status.PENDING)
    return [BookingConfirmed()]


def pay(booking: Booking, payment_id: UUID, amount_cents: int) -> list[Event]:
    """What a guest's booking costs may come when it is under way or done; its status stays what it is then.

    A payment later than the first changes nothing.
    """
    if booking.is_paid:
        return []
    _allowed(booking, "paid", *OWING)
    return [BookingPaid(payment_id, amount_cents, due_cents(booking) - amount_cents)]


def reinstate(booking: Booking, payment_id: UUID, amount_cents: int) -> list[Event]:
    if booking.status is Status.PAID:
        return []
    if not is_expired(booking):
        raise Refused("invalid_transition", "Only a booking whose hold expired can be taken up again.")
    return [BookingReinstated(payment_id, amount_cents, due_cents(booking) - amount_cents)]


def start(booking: Booking) -> list[Event]:
    """A customer's booking must be paid before; a guest's may also be confirmed."""
    if booking.status is Status.IN_PROGRESS:
        return []
    _allowed(booking, "in_progress", Status.PAID, *((Status.CONFIRMED,) if booking.placed.is_guest else ()))
    return [BookingStarted()]


def delay(booking: Booking) -> list[Event]:
    if booking.status is Status.DELAYED:
        return []
    _allowed(booking, "delayed", Status.IN_PROGRESS)
    return [BookingDelayed()]


def resume(booking: Booking) -> list[Event]:
    if booking.status is Status.IN_PROGRESS:
        return []
    _allowed(booking, "in_progress", Status.DELAYED)
    return [BookingResumed()]


def complete(booking: Booking) -> list[Event]:
    if booking.status is Status.COMPLETED:
        return []
    _allowed(booking, "completed", Status.PAID, Status.IN_PROGRESS, Status.DELAYED)
    return [BookingCompleted()]


def cancel(booking: Booking, why: BookingCancelled, by_staff: bool) -> list[Event]:
    """Customers may cancel while it is pending, staff until it is completed."""
    if booking.status is Status.CANCELLED:
        return []
    _allowed(booking, "cancelled", *ACTIVE)
    if booking.status is not Status.PENDING and not by_staff:
        raise Refused("not_allowed", "Only staff cancel a booking that is no longer pending.")
    return [why]


def expire(booking: Booking, now: datetime) -> list[Event]:
    """An unpaid, unconfirmed booking ends with its hold; nothing happens to any other, nor before."""
    if booking.status is not Status.PENDING or now < booking.placed.hold_expires_at:
        return []
    return [BookingCancelled(EXPIRED, booking.placed.pickup_date, booking.placed.person_id)]


def refund(booking: Booking, amount_cents: int) -> list[Event]:
    """A completed booking whose payments have all been given back; a cancelled one stays cancelled."""
    if booking.status in (Status.REFUNDED, Status.CANCELLED):
        return []
    _allowed(booking, "refunded", Status.COMPLETED)
    return [BookingRefunded(amount_cents)]


def _allowed(booking: Booking, to: str, *states: Status) -> None:
    if booking.status not in states:
        raise Refused("invalid_transition", f"A booking that is {booking.status} cannot become {to}.", "/status")
