"""Whose booking it is: for a guest's the number and the manage token are enough, a customer's needs their session."""

from uuid import UUID

from api.call import Call
from api.errors import Problem
from api.sessions import session_for
from commands import booking_ref
from commands.accounts import Kind
from commands.customer_bookings import is_theirs
from domain.booking import Booking, BookingPlaced
from domain.ids import booking_id
from eventlog.envelope import Recorded

UNKNOWN = "There is no such booking."


def let_pay(call: Call, number: str) -> Booking:
    """The booking, if the caller may pay it. Nothing is asked of who pays for a guest.

    Raises Problem: `not_found`, for somebody else's as well; `unauthenticated` and `csrf_failed` where a customer's
    session is needed.
    """
    made = call.parts.store.load(booking_ref(booking_id(number))).state
    if made is None:
        raise Problem("not_found", UNKNOWN)
    if not made.placed.is_guest:
        call.session = session_for(call, Kind.CUSTOMER, call.policy.is_write)
        if made.placed.person_id != call.user.account.id:
            raise Problem("not_found", UNKNOWN)
    return made


def own_booking(call: Call, id: str) -> list[Recorded]:
    """The history of a booking of the customer who is logged in. Raises Problem("not_found")."""
    store, who = call.parts.store, call.user.account.id
    try:
        history = store.history(UUID(id))
    except ValueError:
        history = []
    placed = history[0].event if history else None
    if not isinstance(placed, BookingPlaced) or not is_theirs(placed, who, store):
        raise Problem("not_found", UNKNOWN)
    return history
