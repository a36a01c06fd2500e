"""The list of bookings for staff: searched, narrowed, sorted, page by page; and as a file with all of them."""

import csv
from collections.abc import Iterator
from datetime import UTC
from io import StringIO
from typing import Annotated, Any

from fastapi import Query
from msgspec.structs import replace
from psycopg import DataError
from psycopg_pool import ConnectionPool
from starlette.responses import Response, StreamingResponse

from api.booking_queries import Filters, Search, cursor_of, filters_of, no_cursor, wish_of
from api.call import Call
from api.consistency import consistent
from api.policies import staff_read
from api.route import Route
from commands.booking_sheet import rfc3339
from domain.audit import Action
from domain.permissions import Permission
from projections import bookings
from projections.asking import reading
from projections.booking_list import Page, Wish, listed

SEE = staff_read(Permission.VIEW_BOOKINGS, Action.VIEW_BOOKING)
TAKE = staff_read(Permission.EXPORT, Action.EXPORT_DATA)
AT_ONCE = 500
COLUMNS = ("id", "booking_number", "status", "service_type", "pickup_date", "pickup_time", "specific_pickup_hour")
WHOSE = ("id", "name", "email", "phone", "is_vip", "is_guest")
MORE = ("pickup_city", "pickup_zip_code", "delivery_city", "delivery_zip_code", "total_price_cents",
        "balance_due_cents", "created_at", "updated_at")  # fmt: skip
# With these a spreadsheet begins a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def booking_list(call: Call, asked: Annotated[Search, Query()]) -> dict[str, Any]:
    """Bookings by status, service, pickup day, customer and VIP; found by number, name, mail address or phone."""
    wish = wish_of(asked)
    try:
        with consistent(call, bookings) as db:
            page = listed(db, wish)
    except DataError:
        raise no_cursor() from None
    return {"bookings": page.bookings, "next_cursor": cursor_of(page.next, asked)}


def export(call: Call, asked: Annotated[Filters, Query()]) -> Response:
    """The same bookings as a file of comma-separated values (RFC 4180), in the order in which they were placed.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    wish = Wish(**filters_of(asked), is_descending=False, limit=AT_ONCE)
    with consistent(call, bookings) as db:
        first = listed(db, wish)
    named = {"content-disposition": f'attachment; filename="bookings-{call.now:%Y-%m-%d}.csv"'}
    return StreamingResponse(written(call.parts.pool, wish, first), 200, call.answer_headers | named, "text/csv")


def written(pool: ConnectionPool, wish: Wish, page: Page) -> Iterator[str]:
    """The file from its first page on; no connection is held while the client takes its time."""
    yield _csv([(*COLUMNS, *(f"customer_{name}" for name in WHOSE), *MORE)])
    while True:
        yield _csv([_cells(line) for line in page.bookings])
        if page.next is None:
            return
        with reading(pool, bookings) as db:
            page = listed(db, replace(wish, after=page.next))


def _csv(rows: list[tuple]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cells(line: dict[str, Any]) -> tuple:
    told = line | {name: rfc3339(line[name].astimezone(UTC)) for name in ("created_at", "updated_at")}
    whose = line["customer"]
    return tuple(safe(value) for value in (
        *(told[name] for name in COLUMNS), *(whose[name] for name in WHOSE), *(told[name] for name in MORE)
    ))  # fmt: skip


def safe(value: Any) -> Any:
    """The value as a cell: nothing that a spreadsheet would carry out."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


ROUTES = [
    Route("GET /api/staff/bookings/", booking_list, SEE),
    Route("GET /api/staff/exports/bookings.csv", export, TAKE),
]
