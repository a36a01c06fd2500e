"""What staff ask about people: the list, one customer with their bookings, what is noted about them, to forget them."""

from functools import reduce
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from psycopg import Connection, DataError
from pydantic import Field

from api.call import Call
from api.consistency import consistent
from api.customer_queries import Search, cursor_of, no_cursor, wish_of
from api.errors import Problem
from api.idempotency import Done, Write, carry_out
from api.policies import staff_read, staff_write
from api.preconditions import demand_version, give_etag
from api.route import Route
from api.validation import LINES, Body, text
from commands import Context
from commands.customer_notes import Noted, note, notes_of
from commands.customer_sheet import address_sheets, customer_sheet
from commands.customers import forget_customer
from domain import Value
from domain.audit import Action
from domain.customer import Customer, Event, evolve, persons
from domain.permissions import Permission
from eventlog.envelope import Recorded
from projections import customers as customers_model
from projections import history
from projections.customer_list import listed

SEE = staff_read(Permission.VIEW_CUSTOMERS, Action.VIEW_CUSTOMER)
NOTE = staff_write(Permission.WRITE_NOTES, Action.MODIFY_CUSTOMER)
FORGET = staff_write(Permission.FORGET_CUSTOMER, Action.MODIFY_CUSTOMER)
NAMES = ("first_name", "last_name", "email", "phone")


class Page(Body):
    """Of the bookings; `cursor` is the `next_cursor` of the page before."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[int, Field(ge=1, lt=2**62)] | None = None


class Notes(Body):
    """What is left out stays as it is."""

    notes: Annotated[str, text(4000, pattern=LINES)] | None = None
    is_vip: bool | None = None


class Found(Value):
    """A customer, or a guest, whose stream is empty until staff note something; `is_readable` until forgotten."""

    id: UUID
    past: list[Recorded]
    state: Customer
    is_readable: bool

    @property
    def version(self) -> int:
        return self.past[-1].originator_version if self.past else 0


def customers(call: Call, asked: Annotated[Search, Query()]) -> dict[str, Any]:
    """Accounts, and guests without one: by name, mail address and phone, VIP, tier, and when they came."""
    wish = wish_of(asked)
    try:
        with consistent(call, customers_model) as db:
            page = listed(db, wish)
    except DataError:
        raise no_cursor() from None
    return {"customers": page.customers, "next_cursor": cursor_of(page.next, asked.sort)}


def customer(call: Call, id: str, asked: Annotated[Page, Query()]) -> dict[str, Any]:
    """Who it is, what staff noted, statistics, addresses, and the bookings with payments and refunds, newest first.

    The id of a guest whose mail address an account has verified leads to that account.
    """
    with consistent(call, customers_model, history) as db:
        found = _found(call, db, id)
        ids = persons(found.id, found.state)
        booked = history.of_persons(db, ids, asked.limit, asked.cursor)
        statistics, usage = customers_model.statistics(db, ids), customers_model.address_usage(db, ids)
    give_etag(call, found.version)
    return {
        **_who(found, booked.pop("person")),
        **noted(found),
        "guest_notes": [notes for id in ids[1:] if (notes := notes_of(call.parts.store.history(id)))],
        "statistics": statistics,
        "addresses": address_sheets(found.past, usage),
        **booked,
    }


def write_notes(call: Call, id: str, asked: Notes) -> dict[str, Any]:
    """Notes in place of those before, and whether the customer is a VIP. If-Match is the ETag of what was read."""
    with consistent(call, customers_model) as db:
        found = _found(call, db, id)
    if not found.is_readable:
        raise _unknown()
    wish = Noted(found.id, demand_version(call), asked.notes, asked.is_vip)

    def answer(done: Done) -> dict[str, Any]:
        past = [one for one in call.parts.store.history(found.id) if one.position <= done.position]
        written = _of_stream(found.id, past)
        give_etag(call, written.version)
        return {"id": str(found.id), **noted(written), "position": done.position}

    return carry_out(call, Write(lambda ctx: Done(found.id, note(wish, ctx)), answer, in_append=True))


def forget(call: Call, id: str) -> dict[str, Any]:
    """Closes the account and forgets the person for ever. Their bookings stay, without whose they were."""
    with consistent(call, customers_model) as db:
        found = _found(call, db, id)

    def do(ctx: Context) -> Done:
        """What somebody else has forgotten meanwhile is in the stream by now."""
        return Done(found.id, forget_customer(found.id, ctx) or ctx.store.history(found.id)[-1].position)

    return carry_out(call, Write(do, lambda done: {"id": str(found.id), "position": done.position}))


def noted(found: Found) -> dict[str, Any]:
    return {"is_vip": found.state.is_vip, "notes": notes_of(found.past)}


def _who(found: Found, guest: dict[str, str] | None) -> dict[str, Any]:
    """An account by its profile, a guest by their newest booking; `person` is None for who was forgotten."""
    sheet = customer_sheet(found.past)
    person = {name: sheet[name] for name in NAMES} if sheet and found.is_readable else None
    return {
        "id": str(found.id),
        "has_account": sheet is not None,
        "is_closed": found.state.is_closed,
        "is_verified": bool(sheet and sheet["is_verified"]),
        "member_since": sheet["member_since"] if sheet else None,
        "person": person if sheet else guest,
    }


def _found(call: Call, db: Connection, id: str) -> Found:
    try:
        named = UUID(id)
    except ValueError:
        raise _unknown() from None
    own = customers_model.account_of(db, named) or named
    found = _of_stream(own, call.parts.store.history(own))
    is_readable = customers_model.is_readable(db, own)
    if is_readable is None and not found.past:
        raise _unknown()
    return found if found.is_readable else Found(found.id, found.past, found.state, bool(is_readable))


def _of_stream(id: UUID, history: list[Recorded]) -> Found:
    """An account can be read in its stream as soon as it is there, whatever the read model has."""
    past = [one for one in history if isinstance(one.event, Event)]
    state = reduce(evolve, (one.event for one in past), None) or Customer()
    sheet = customer_sheet(past)
    return Found(id, past, state, bool(sheet and sheet["email"]) and not state.is_closed)


def _unknown() -> Problem:
    return Problem("not_found", "There is no such customer.")


ROUTES = [
    Route("GET /api/staff/customers/", customers, SEE),
    Route("GET /api/staff/customers/{id}/", customer, SEE),
    Route("PATCH /api/staff/customers/{id}/notes/", write_notes, NOTE),
    Route("POST /api/staff/customers/{id}/forget/", forget, FORGET),
]
