"""Bookings of the customer who is logged in: made with the account, and those once made as a guest with their mail."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field

from api import bodies
from api.call import Call
from api.consistency import consistent
from api.idempotency import Done, Write, carry_out
from api.owners import own_booking
from api.policies import CUSTOMER_READ, CUSTOMER_WRITE
from api.preconditions import give_etag, told_version
from api.route import Route
from api.validation import Body
from api.views import last_payment_sheet, new_booking
from commands import Context, booking_ref
from commands.booking_sheet import booking_sheet
from commands.customer_bookings import book_from_account, persons_of
from commands.ending import Cancellation, cancel_as_seen
from projections import history


class Page(Body):
    """`cursor` is the `next_cursor` of the page before."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[int, Field(ge=1, lt=2**62)] | None = None


def create(call: Call, asked: bodies.CustomerBooking) -> dict[str, Any]:
    """Books with the account; who they are is known, and an address may be a saved one."""
    command = bodies.book_from_account(asked, call.user.account.id)

    def do(ctx: Context) -> Done:
        placed = book_from_account(command, ctx)
        return Done(placed.booking_id, placed.position, placed.written)

    return carry_out(call, Write(do, lambda done: new_booking(call, done), in_append=True))


def listed(call: Call, asked: Annotated[Page, Query()]) -> dict[str, Any]:
    """The customer's bookings, newest first."""
    store = call.parts.store
    with consistent(call, history) as db:
        persons = persons_of(call.user.account.id, store)
        ids, next_cursor = history.placed_by(db, persons, asked.limit, asked.cursor)
    return {"bookings": [booking_sheet(store.history(id)) for id in ids], "next_cursor": next_cursor}


def shown(call: Call, id: str) -> dict[str, Any]:
    """The booking with its latest payment."""
    sheet = _sheet(call, own_booking(call, id))
    return {"booking": sheet, "payment": last_payment_sheet(call, UUID(id))}


def cancel(call: Call, id: str, asked: bodies.Cancel) -> dict[str, Any]:
    """Possible while it is pending: the place is free again, the open payment withdrawn."""
    own_booking(call, id)
    seen = booking_ref(UUID(id))._replace(version=told_version(call))

    def do(ctx: Context) -> Done:
        return Done(seen.stream, cancel_as_seen(seen, Cancellation(asked.reason), ctx))

    def answer(done: Done) -> dict[str, Any]:
        then = [recorded for recorded in call.parts.store.history(done.about) if recorded.position <= done.position]
        return {"booking": _sheet(call, then), "position": done.position}

    return carry_out(call, Write(do, answer, in_append=True))


def _sheet(call: Call, past: list) -> dict[str, Any]:
    sheet = booking_sheet(past)
    assert sheet, "what is asked for is in the log"
    give_etag(call, sheet["version"])
    return sheet


ROUTES = [
    Route("POST /api/customer/bookings/create/", create, CUSTOMER_WRITE, 201),
    Route("GET /api/customer/bookings/", listed, CUSTOMER_READ),
    Route("GET /api/customer/bookings/{id}/", shown, CUSTOMER_READ),
    Route("POST /api/customer/bookings/{id}/cancel/", cancel, CUSTOMER_WRITE),
]
