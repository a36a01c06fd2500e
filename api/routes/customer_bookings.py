"""Bookings of the customer who is logged in: made with the account, and those once made as a guest with their mail."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field

from api import bodies
from api.bodies_changes import CustomerChange, Rebook
from api.call import Call
from api.changes import cancelled, changed, seen
from api.consistency import consistent
from api.errors import unavailable
from api.idempotency import Done, Write, carry_out
from api.owners import own_booking
from api.policies import CUSTOMER_READ, CUSTOMER_WRITE
from api.preconditions import told_version
from api.route import Route
from api.validation import Body
from api.views import new_booking
from commands import Context, booking_ref
from commands.booking_sheet import booking_sheet
from commands.bookings import Placed
from commands.customer_bookings import book_from_account, persons_of
from commands.rebooking import rebook
from projections import history


class Page(Body):
    """`cursor` is the `next_cursor` of the page before."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[int, Field(ge=1, lt=2**62)] | None = None


def create(call: Call, asked: bodies.CustomerBooking) -> dict[str, Any]:
    """Books with the account; who they are is known, and an address may be a saved one."""
    command = bodies.book_from_account(asked, call.user.account.id)

    def do(ctx: Context) -> Done:
        return done_by(book_from_account(command, ctx))

    return carry_out(call, Write(do, lambda done: new_booking(call, done), in_append=True))


def listed(call: Call, asked: Annotated[Page, Query()]) -> dict[str, Any]:
    """The customer's bookings, newest first."""
    store = call.parts.store
    with consistent(call, history) as db:
        persons = persons_of(call.user.account.id, store)
        ids, next_cursor = history.placed_by(db, persons, asked.limit, asked.cursor)
    return {"bookings": [booking_sheet(store.history(id)) for id in ids], "next_cursor": next_cursor}


def shown(call: Call, id: str) -> dict[str, Any]:
    """The booking with its payment."""
    return seen(call, own_booking(call, id))


def change(call: Call, id: str, asked: CustomerChange) -> dict[str, Any]:
    """Another time, other addresses or instructions, while it is pending; priced anew where that matters."""
    own_booking(call, id)
    return changed(call, UUID(id), asked.command(call.user.account.id))


def cancel(call: Call, id: str, asked: bodies.Cancel) -> dict[str, Any]:
    """Possible while it is pending: the place is free again, the open payment withdrawn."""
    own_booking(call, id)
    return cancelled(call, UUID(id), asked.reason)


def book_again(call: Call, id: str, asked: Rebook) -> dict[str, Any]:
    """The same on another day, priced as of today; of any own booking, whatever became of it."""
    own_booking(call, id)
    old, command = booking_ref(UUID(id))._replace(version=told_version(call)), asked.command(call.user.account.id)

    def do(ctx: Context) -> Done:
        return done_by(rebook(old, command, ctx))

    return carry_out(call, Write(do, lambda done: new_booking(call, done), in_append=True))


def timeline(call: Call, id: str) -> dict[str, Any]:
    """What happened to the booking and its money, newest first."""
    with consistent(call, history) as db:
        own_booking(call, id)
        found = history.of_booking(db, UUID(id))
    if found is None:
        raise unavailable("The booking is not in the read model yet.", "read_model_behind")
    return {name: found[name] for name in ("timeline", "payments", "refunds")}


def done_by(placed: Placed) -> Done:
    return Done(placed.booking_id, placed.position, placed.written)


ROUTES = [
    Route("POST /api/customer/bookings/create/", create, CUSTOMER_WRITE, 201),
    Route("GET /api/customer/bookings/", listed, CUSTOMER_READ),
    Route("GET /api/customer/bookings/{id}/", shown, CUSTOMER_READ),
    Route("PATCH /api/customer/bookings/{id}/", change, CUSTOMER_WRITE),
    Route("POST /api/customer/bookings/{id}/cancel/", cancel, CUSTOMER_WRITE),
    Route("POST /api/customer/bookings/{id}/rebook/", book_again, CUSTOMER_WRITE, 201),
    Route("GET /api/customer/bookings/{id}/timeline/", timeline, CUSTOMER_READ),
]
