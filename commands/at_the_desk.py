"""What staff alone change of a booking: how far it is, what is planned for it, what is noted about it."""

from collections.abc import Callable
from functools import reduce

from msgspec import UNSET, UnsetType

from domain import Refused, Value, booking, booking_changes
from domain.address import Words
from domain.booking import Booking, Status
from domain.booking_events import BookingNoted, Event, TimesPlanned
from domain.moment import Moment

# How a booking comes there, where it is not by saying so.
OTHERWISE = {
    Status.PENDING: "A booking is pending when it is made, and never again.",
    Status.PAID: "A payment makes it paid: POST /api/payments/create-intent/.",
    Status.CANCELLED: "Cancelling asks for a reason: POST /api/staff/bookings/{id}/cancel/.",
    Status.REFUNDED: "It is refunded when all that was paid has been given back: POST /api/payments/refunds/create/.",
}


class ByStaff(Value):
    """What staff alone may change; None stays, and so does a time that is UNSET (None takes a plan back)."""

    status: Status | None = None
    notes: str | None = None
    estimated_pickup: Moment | UnsetType | None = UNSET
    estimated_delivery: Moment | UnsetType | None = UNSET
    is_outside_core_area: bool | None = None


def at_the_desk(made: Booking, asked: ByStaff) -> list[Event]:
    """Refuses `invalid_transition` where a status cannot come about by saying so, or nothing is planned any more."""
    events: list[Event] = []
    for decide in (_plan, _notes, _status):
        new = decide(made, asked)
        made = reduce(booking.evolve, new, made)
        events += new
    return events


def _plan(made: Booking, asked: ByStaff) -> list[Event]:
    pickup, delivery = asked.estimated_pickup, asked.estimated_delivery
    new = TimesPlanned(
        made.plan.estimated_pickup if isinstance(pickup, UnsetType) else pickup,
        made.plan.estimated_delivery if isinstance(delivery, UnsetType) else delivery,
    )
    return booking_changes.plan(made, new)


def _notes(made: Booking, asked: ByStaff) -> list[Event]:
    if asked.notes is None:
        return []
    return booking_changes.note(made, BookingNoted(made.placed.person_id, Words(asked.notes)))


def _status(made: Booking, asked: ByStaff) -> list[Event]:
    """Money does the rest, and cancelling has a route of its own."""
    to = asked.status
    if to is None or to is made.status:
        return []
    turn: dict[Status, Callable[[Booking], list]] = {
        Status.CONFIRMED: booking.confirm,
        Status.IN_PROGRESS: booking.resume if made.status is Status.DELAYED else booking.start,
        Status.DELAYED: booking.delay,
        Status.COMPLETED: booking.complete,
    }
    if to not in turn or made.is_deleted:
        raise Refused("invalid_transition", OTHERWISE.get(to, "It was put away."), "/status")
    return turn[to](made)
