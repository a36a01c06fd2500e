"""Whose booking it is: for a guest's the number and the manage token are enough, a customer's needs their session."""

from collections.abc import Sequence
from uuid import UUID

from api.call import Call
from api.errors import Problem
from api.sessions import session_for
from api.views import is_owner
from commands import booking_ref
from commands.accounts import Kind
from commands.customer_bookings import is_theirs
from domain.booking import Booking, BookingPlaced
from domain.booking_events import BookingDeleted
from domain.ids import booking_id
from eventlog.envelope import Recorded

UNKNOWN = "There is no such booking."


def let_pay(call: Call, number: str) -> Booking:
    """The booking, if the caller may pay it. Nothing is asked of who pays for a guest.

    Raises Problem: `not_found`, for somebody else's as well; `unauthenticated` and `csrf_failed` where a customer's
    session is needed.
    """
    made = call.parts.store.load(booking_ref(booking_id(number))).state
    if made is None or made.is_deleted:
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
    if not isinstance(placed, BookingPlaced) or not is_theirs(placed, who, store) or is_put_away(history):
        raise Problem("not_found", UNKNOWN)
    return history


def managed_booking(call: Call, number: str) -> list[Recorded]:
    """The history of a guest's booking, for who has its manage token.

    Raises Problem: `not_found` for an unknown number, a wrong token, a booking that was put away or whose guest is
    forgotten; `unauthenticated` where a token is needed and none was sent.
    """
    history = call.parts.store.history(booking_id(number))
    placed = history[0].event if history else None
    if not isinstance(placed, BookingPlaced) or is_put_away(history):
        raise Problem("not_found", UNKNOWN)
    owner = is_owner(call, number)
    if owner is None:
        raise Problem("unauthenticated", "Send the manage token of the booking as X-Manage-Token.")
    if not owner or not placed.is_guest or placed.personal is None:
        raise Problem("not_found", UNKNOWN)
    return history


def is_put_away(history: Sequence[Recorded]) -> bool:
    """Staff have deleted it: nobody but them sees it any more."""
    return any(isinstance(recorded.event, BookingDeleted) for recorded in history)
