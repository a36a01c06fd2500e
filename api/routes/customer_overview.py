"""What the house holds about a customer, in parts and as a whole for themselves; and how they are forgotten."""

from typing import Annotated, Any

from fastapi import Query
from msgspec import json
from pydantic import Field
from starlette.responses import Response

from api.call import Call
from api.consistency import consistent
from api.idempotency import Done, Write, carry_out
from api.policies import CUSTOMER_READ, CUSTOMER_WRITE
from api.preconditions import told_version
from api.route import Route
from api.routes.customers import own_history, own_sheet
from api.sessions import take_cookie
from api.validation import Body
from commands import Context
from commands.accounts import Kind
from commands.booking_sheet import booking_sheet
from commands.customer_bookings import persons_of
from commands.customer_sheet import address_sheets, method_sheets
from commands.customers import forget_customer
from commands.export import held
from projections import customers, history

RECENT, PAGE = 5, 100


class Page(Body):
    """`cursor` is the `next_cursor` of the page before."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[int, Field(ge=1, lt=2**62)] | None = None


def dashboard(call: Call) -> dict[str, Any]:
    """Statistics, the newest bookings, the saved addresses, the payment methods."""
    persons = persons_of(call.user.account.id, call.parts.store)
    with consistent(call, customers, history) as db:
        statistics, usage = customers.statistics(db, persons), customers.address_usage(db, persons)
        recent = history.of_persons(db, persons, RECENT)["bookings"]
    past = own_history(call)
    sheet = own_sheet(call, past)
    return {
        "statistics": statistics | {"is_vip": sheet["is_vip"]},
        "recent_bookings": recent,
        "saved_addresses": [one for one in address_sheets(past, usage) if one["is_active"]],
        "payment_methods": method_sheets(past),
    }


def own_bookings(call: Call, asked: Annotated[Page, Query()]) -> dict[str, Any]:
    """Bookings with their payments and refunds as a timeline, newest first; those made as a guest with a proven address
    are among them."""
    persons = persons_of(call.user.account.id, call.parts.store)
    with consistent(call, history) as db:
        found = history.of_persons(db, persons, asked.limit, asked.cursor)
    return {"bookings": found["bookings"], "next_cursor": found["next_cursor"]}


def export(call: Call) -> dict[str, Any]:
    """Everything held about the customer, as one document to keep."""
    me = call.user.account.id
    persons = persons_of(me, call.parts.store)
    with consistent(call, customers, history) as db:
        usage, statistics = customers.address_usage(db, persons), customers.statistics(db, persons)
        bookings = [_with_details(call, one) for one in _all_bookings(db, persons)]
    call.answer_headers["content-disposition"] = 'attachment; filename="totetaxi.json"'
    return held(me, usage, call.context()) | {"statistics": statistics, "bookings": bookings}


def forget(call: Call) -> Response:
    """Closes the account and makes everything personal unreadable for ever. Bookings stay, without a name."""
    me = call.user.account.id
    version = told_version(call)

    def do(ctx: Context) -> Done:
        return Done(me, forget_customer(me, ctx, version) or 0)

    answer = carry_out(call, Write(do, lambda done: {"position": done.position}, in_append=True))
    response = Response(json.encode(answer), 200, call.answer_headers, "application/json")
    return take_cookie(response, Kind.CUSTOMER, call.parts.settings.production)


def _with_details(call: Call, booking: dict[str, Any]) -> dict[str, Any]:
    """With what it was booked with: the history does not repeat names and phones."""
    sheet = booking_sheet(call.parts.store.history(booking["id"])) or {}
    return booking | {name: sheet[name] for name in ("customer_info", "special_instructions")}


def _all_bookings(db: Any, persons: tuple) -> list[dict[str, Any]]:
    found, cursor = [], None
    while True:
        page = history.of_persons(db, persons, PAGE, cursor)
        found += page["bookings"]
        if (cursor := page["next_cursor"]) is None:
            return found


ROUTES = [
    Route("GET /api/customer/dashboard/", dashboard, CUSTOMER_READ),
    Route("GET /api/customer/history/", own_bookings, CUSTOMER_READ),
    Route("GET /api/customer/export/", export, CUSTOMER_READ),
    Route("DELETE /api/customer/account/", forget, CUSTOMER_WRITE),
]
