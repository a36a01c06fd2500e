"""What is still to be paid for a booking, or was paid too much, once it has changed."""

from uuid import UUID

from domain import Refused
from domain.booking import Booking, due_cents
from domain.booking_events import BookingBalancePaid, BookingBilledAgain, DifferenceReturned, Event
from domain.booking_status import OWING, Status
from domain.price_list import LEAST_CENTS

SETTLED = frozenset({Status.CANCELLED, Status.REFUNDED})


def check_due(booking: Booking) -> None:
    """Refuses `invalid_transition` where nothing is to be paid, or less than Stripe takes: that is let off."""
    _check_owing(booking)
    if due_cents(booking) < LEAST_CENTS:
        raise Refused("invalid_transition", f"Less than {LEAST_CENTS} cents are due: they are not charged.", "/status")


def _check_owing(booking: Booking) -> None:
    if booking.status in SETTLED or due_cents(booking) <= 0:
        raise Refused("invalid_transition", f"Nothing is due for a booking that is {booking.status}.", "/status")


def bill_again(booking: Booking, payment_id: UUID) -> list[Event]:
    """Refused once nothing is due. Not to be asked twice: it is decided together with the payment that it announces."""
    check_due(booking)
    return [BookingBilledAgain(payment_id)]


def pay_balance(booking: Booking, payment_id: UUID, amount_cents: int) -> list[Event]:
    """Asked once, with the payment that succeeds: its own status says whether it was."""
    _check_owing(booking)
    return [BookingBalancePaid(payment_id, amount_cents, due_cents(booking) - amount_cents)]


def return_difference(booking: Booking, refund_id: UUID, at_most_cents: int) -> list[Event]:
    """What was paid too much since a change, also where the money came once all was done; nothing of a cancelled one.

    Of what was given back already for other reasons no more than is left can go back.
    """
    too_much = min(-due_cents(booking), at_most_cents)
    if booking.status not in OWING or not booking.is_paid or too_much <= 0:
        return []
    return [DifferenceReturned(refund_id, too_much)]
