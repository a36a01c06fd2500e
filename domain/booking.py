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

from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from msgspec.structs import replace

from domain import Refused, Value
from domain.address import Area, BookingDetails, Words
from domain.booking_status import ACTIVE, UNPAID, Status
from domain.pricing import Pricing
from domain.selection import Selection

EXPIRED = "payment_expired"


# Events


class BookingPlaced(Value):
    """With an account `person_id` is the customer's own and `mail_id` follows from the mail, as a guest's `person_id`.

    The ids of addresses are those of the saved ones that were chosen.
    """

    booking_number: str
    person_id: UUID
    is_guest: bool
    selection: Selection
    pickup_date: date
    pickup_time: str
    specific_pickup_hour: int | None
    pickup_area: Area
    delivery_area: Area
    is_outside_core_area: bool
    coi_required: bool
    pricing: Pricing
    hold_expires_at: datetime
    personal: BookingDetails | None = None
    mail_id: UUID | None = None
    pickup_address_id: UUID | None = None
    delivery_address_id: UUID | None = None


class BookingConfirmed(Value): ...


class BookingBilledAgain(Value):
    """The payment before can no longer be paid, so there is a further one."""

    payment_id: UUID


class BookingPaid(Value):
    payment_id: UUID
    amount_cents: int


class BookingStarted(Value): ...


class BookingDelayed(Value): ...


class BookingResumed(Value): ...


class BookingCompleted(Value): ...


class BookingCancelled(Value):
    """The reason is a word of ours (`payment_expired`, `by_customer`, `by_staff`); what a person wrote is personal."""

    reason: str
    pickup_date: date
    person_id: UUID
    personal: Words | None = None


class BookingReinstated(Value):
    payment_id: UUID
    amount_cents: int


class BookingRefunded(Value):
    amount_cents: int


Event = (
    BookingPlaced | BookingConfirmed | BookingBilledAgain | BookingPaid | BookingStarted | BookingDelayed
    | BookingResumed | BookingCompleted | BookingCancelled | BookingReinstated | BookingRefunded
)  # fmt: skip


# State


class Booking(Value):
    """`payments` counts how many were asked for: the last one is the one that can be open."""

    status: Status
    placed: BookingPlaced
    is_paid: bool = False
    reason: str = ""
    payments: int = 1


def evolve(booking: Booking | None, event: Event) -> Booking:
    if isinstance(event, BookingPlaced):
        return Booking(Status.PENDING, event)
    assert booking, "a booking begins with BookingPlaced"
    match event:
        case BookingConfirmed():
            return replace(booking, status=Status.CONFIRMED)
        case BookingBilledAgain():
            return replace(booking, payments=booking.payments + 1)
        case BookingPaid() | BookingReinstated():
            return replace(booking, status=Status.PAID, is_paid=True, reason="")
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
        case _:
            assert_never(event)


def is_expired(booking: Booking) -> bool:
    return booking.status is Status.CANCELLED and booking.reason == EXPIRED


# Decisions: asked again for what is so already, they answer nothing.


def place(booking: Booking | None, offer: BookingPlaced) -> list[Event]:
    return [] if booking else [offer]


def confirm(booking: Booking) -> list[Event]:
    """Staff accept it unpaid; the hold ends."""
    if booking.status is Status.CONFIRMED:
        return []
    _allowed(booking, "confirmed", Status.PENDING)
    return [BookingConfirmed()]


def bill_again(booking: Booking, payment_id: UUID) -> list[Event]:
    """Refused once nothing is due. Not to be asked twice: it is decided together with the payment that it announces."""
    _allowed(booking, "paid", *UNPAID)
    return [BookingBilledAgain(payment_id)]


def pay(booking: Booking, payment_id: UUID, amount_cents: int) -> list[Event]:
    """A payment later than the first leaves the status as it is."""
    if booking.is_paid:
        return []
    _allowed(booking, "paid", *UNPAID)
    return [BookingPaid(payment_id, amount_cents)]


def reinstate(booking: Booking, payment_id: UUID, amount_cents: int) -> list[Event]:
    if booking.status is Status.PAID:
        return []
    if not is_expired(booking):
        raise Refused("invalid_transition", "Only a booking whose hold expired can be taken up again.")
    return [BookingReinstated(payment_id, amount_cents)]


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
