"""What a guest does with the manage token: see, change and cancel a booking; and a lost link, by mail once more.

Without a token the answer is 401, with a wrong one 404, as for a number that nobody has.
"""

from typing import Any

from api import bodies
from api.bodies_changes import AskLink, GuestChange
from api.call import Call
from api.changes import cancelled, changed, seen
from api.owners import managed_booking
from api.policies import AUTH, PUBLIC_WRITE, STATUS, Limit
from api.ratelimits import take_token
from api.route import Route
from commands.link_letter import ask_link

SENT = {"detail": "If there is a booking with this number, a letter is on its way to the address it was made with."}


def shown(call: Call, booking_number: str) -> dict[str, Any]:
    """The whole booking and its payment, for whoever has the manage token (X-Manage-Token)."""
    return seen(call, managed_booking(call, booking_number))


def change(call: Call, booking_number: str, asked: GuestChange) -> dict[str, Any]:
    """Another time, other addresses or instructions, while it is pending; priced anew where that matters."""
    history = managed_booking(call, booking_number)
    return changed(call, history[0].originator_id, asked.command())


def cancel(call: Call, booking_number: str, asked: bodies.Cancel) -> dict[str, Any]:
    """Possible while it is pending: the place is free again, the open payment withdrawn."""
    history = managed_booking(call, booking_number)
    return cancelled(call, history[0].originator_id, asked.reason)


def booking_link(call: Call, asked: AskLink) -> dict[str, Any]:
    """Has the manage link mailed to the address on file; the answer is the same for every number."""
    _write_seldom(call, asked.booking_number)
    ask_link(asked.booking_number, call.context())
    return SENT


def _write_seldom(call: Call, number: str) -> None:
    """Whoever asks, and from wherever: nobody's letter box is filled. Raises Problem("rate_limited")."""
    settings = call.parts.settings
    if settings.rate_limits == "on":
        with call.parts.pool.connection() as db:
            take_token(db, f"links {number}", settings.limits[Limit.AUTH])


ROUTES = [
    Route("GET /api/public/bookings/{booking_number}/", shown, STATUS),
    Route("PATCH /api/public/bookings/{booking_number}/", change, PUBLIC_WRITE),
    Route("POST /api/public/bookings/{booking_number}/cancel/", cancel, PUBLIC_WRITE),
    Route("POST /api/public/booking-link/", booking_link, AUTH, 202),
]
