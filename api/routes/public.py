"""What anybody may ask: prices, the calendar, where the house drives, and to book without an account."""

from typing import Annotated, Any

from fastapi import Query
from msgspec import to_builtins

from api import bodies
from api.call import Call
from api.consistency import consistent
from api.errors import FieldError, Problem
from api.idempotency import Done, Write, carry_out
from api.owners import is_put_away
from api.policies import CATALOGUE, PUBLIC_WRITE, STATUS
from api.route import Route
from api.validation import Body, Day
from api.views import is_owner, new_booking, status_of
from commands import Context, bookings, quotes
from commands.booking_sheet import booking_sheet, rfc3339
from commands.service_area import distance_miles, is_outside_core_area, is_served, look_up
from domain.ids import booking_id
from projections import calendar

MOST_DAYS = 92


class Days(Body):
    start_date: Day
    end_date: Day


def pricing_preview(call: Call, asked: bodies.PricingPreview) -> dict[str, Any]:
    """The breakdown of the price, and a quote that holds it for 30 minutes."""
    wanted = bodies.wanted(asked)
    shown = quotes.preview(wanted, call.context(), bodies.states(asked))
    return {
        "quote": shown.quote,
        "valid_until": rfc3339(shown.valid_until),
        "pricing": to_builtins(shown.pricing),
    }


def guest_booking(call: Call, asked: bodies.GuestBooking) -> dict[str, Any]:
    """Books without an account; the place on the day is reserved at once, the payment opened."""
    command = bodies.place_booking(asked)

    def do(ctx: Context) -> Done:
        placed = bookings.place_booking(command, ctx)
        return Done(placed.booking_id, placed.position, placed.written)

    return carry_out(call, Write(do, lambda done: new_booking(call, done), in_append=True))


def booking_status(call: Call, booking_number: str) -> dict[str, Any]:
    """Status and dates for whoever has the number; with the manage token (X-Manage-Token) the whole booking."""
    history = call.parts.store.history(booking_id(booking_number))
    sheet, owner = booking_sheet(history), is_owner(call, booking_number)
    if sheet is None or owner is False or is_put_away(history):
        raise Problem("not_found", "There is no such booking.")
    return status_of(sheet) | ({"booking": sheet} if owner else {})


def availability(call: Call, asked: Annotated[Days, Query()]) -> dict[str, Any]:
    """For each day the places left by service, blackout and surcharges; at most 92 days."""
    count = (asked.end_date - asked.start_date).days + 1
    if not 1 <= count <= MOST_DAYS:
        told = FieldError("/end_date", "invalid_value", f"1 to {MOST_DAYS} days, please.")
        raise Problem("invalid_value", told.message, [told])
    with consistent(call, calendar) as db:
        return {"days": calendar.availability(db, asked.start_date, asked.end_date, call.context().today)}


def validate_zip(call: Call, asked: bodies.ValidateZip) -> dict[str, Any]:
    """Whether the house drives there, and how far it is from Manhattan."""
    house, place = call.context().house(), look_up(asked.zip_code)
    return {
        "is_served": is_served(place, house),
        "state": place.state,
        "is_outside_core_area": is_outside_core_area(place, place, house),
        "distance_miles": round(distance_miles(place), 1),
    }


ROUTES = [
    Route("POST /api/public/pricing-preview/", pricing_preview, PUBLIC_WRITE),
    Route("POST /api/public/guest-booking/", guest_booking, PUBLIC_WRITE, 201),
    Route("GET /api/public/booking-status/{booking_number}/", booking_status, STATUS),
    Route("GET /api/public/calendar/availability/", availability, CATALOGUE),
    Route("POST /api/public/validate-zip/", validate_zip, PUBLIC_WRITE),
]
