"""Saved addresses of the customer who is logged in: listed, shown, added, written anew, removed."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from api import bodies_people as bodies
from api.call import Call
from api.consistency import consistent
from api.errors import Problem
from api.idempotency import Done, Write, carry_out
from api.policies import CUSTOMER_READ, CUSTOMER_WRITE
from api.preconditions import demand_version, give_etag, told_version
from api.route import Route
from api.routes.customers import own_history, own_sheet
from commands import Context, customer_ref, saved_addresses
from commands.customer_bookings import persons_of
from commands.customer_sheet import Usage, address_sheets
from domain.customer import Customer
from eventlog.store import Appended
from projections import customers


def listed(call: Call) -> dict[str, Any]:
    """All of them, in the order in which they came: there are fifty at most."""
    usage, history = _usage(call), own_history(call)
    own_sheet(call, history)
    return {"addresses": [one for one in address_sheets(history, usage) if one["is_active"]], "next_cursor": None}


def shown(call: Call, id: str) -> dict[str, Any]:
    """One address, with how often it was used."""
    usage, history = _usage(call), own_history(call)
    own_sheet(call, history)
    for one in address_sheets(history, usage):
        if one["id"] == str(_id(id)) and one["is_active"]:
            return {"address": one}
    raise _unknown()


def add(call: Call, asked: bodies.SavedDoor) -> dict[str, Any]:
    """Saves a further address; its nickname is the customer's only one of that name."""
    me = call.user.account.id

    def save(ctx: Context) -> Appended:
        return saved_addresses.add_address(saved_addresses.checked(asked.command(me), ctx), ctx)

    return _written(call, save)


def replace(call: Call, id: str, asked: bodies.SavedDoor) -> dict[str, Any]:
    """Writes it anew as a whole. Bookings that were made with it keep what it was."""
    me, which = call.user.account.id, _id(id)

    def save(ctx: Context) -> Appended:
        own = ctx.store.load(customer_ref(me)).state or Customer()
        saved_addresses.known_address(own, which)
        saved = saved_addresses.checked(asked.command(me, which), ctx)
        return saved_addresses.replace_address(saved, demand_version(call), ctx)

    return _written(call, save, which)


def remove(call: Call, id: str) -> dict[str, Any]:
    """Bookings that were made with it keep it."""
    me, which = call.user.account.id, _id(id)

    def do(ctx: Context) -> Done:
        if which not in (ctx.store.load(customer_ref(me)).state or Customer()).addresses:
            raise _unknown()
        done = saved_addresses.remove_address(which, me, told_version(call), ctx)
        return Done(me, done.position, tuple(done.events))

    return carry_out(call, Write(do, lambda done: {"position": done.position}, in_append=True))


def _written(call: Call, save: Callable[[Context], Appended], which: UUID | None = None) -> dict[str, Any]:
    """The answer to a new address finds in the log which it was."""

    def do(ctx: Context) -> Done:
        done = save(ctx)
        return Done(call.user.account.id, done.position, tuple(done.events))

    def answer(done: Done) -> dict[str, Any]:
        history = own_history(call, done.position)
        last, id = history[-1], str(which or history[-1].event.address_id)
        [sheet] = [one for one in address_sheets(history) if one["id"] == id]
        return {"address": sheet, "position": done.position, "version": last.originator_version}

    answered = carry_out(call, Write(do, answer, in_append=True))
    give_etag(call, answered["version"])
    return answered


def _usage(call: Call) -> Usage:
    with consistent(call, customers) as db:
        return customers.address_usage(db, persons_of(call.user.account.id, call.parts.store))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _unknown() from None


def _unknown() -> Problem:
    return Problem("not_found", "There is no such address.")


ROUTES = [
    Route("GET /api/customer/addresses/", listed, CUSTOMER_READ),
    Route("POST /api/customer/addresses/", add, CUSTOMER_WRITE, 201),
    Route("GET /api/customer/addresses/{id}/", shown, CUSTOMER_READ),
    Route("PUT /api/customer/addresses/{id}/", replace, CUSTOMER_WRITE),
    Route("DELETE /api/customer/addresses/{id}/", remove, CUSTOMER_WRITE),
]
