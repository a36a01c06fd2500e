"""What staff may ask: the dashboard, a person's history, and a booking's past."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from msgspec import to_builtins
from pydantic import AwareDatetime, Field

from api import bodies
from api.call import Call
from api.consistency import consistent
from api.errors import Problem
from api.policies import staff_read
from api.route import Route
from api.validation import Body
from commands.booking_sheet import booking_sheet, rfc3339
from commands.contacts import normal_mail
from domain import Refused
from domain.audit import Action
from domain.permissions import Permission
from eventlog.envelope import Recorded
from projections import dashboard as dashboard_model
from projections import history

SEE_BOOKING = staff_read(Permission.VIEW_BOOKINGS, Action.VIEW_BOOKING)


class Search(Body):
    search: Annotated[str, bodies.text(254, least=1)]


class Page(Body):
    """`cursor` is the `next_cursor` of the page before."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[int, Field(ge=1, lt=2**62)] | None = None


class AsOf(Body):
    at: AwareDatetime


def dashboard(call: Call) -> dict[str, Any]:
    """The house at a glance."""
    with consistent(call, dashboard_model) as db:
        return dashboard_model.dashboard(db, call.now)


def customers(call: Call, asked: Annotated[Search, Query()]) -> dict[str, Any]:
    """The person with exactly this mail address, or nobody."""
    try:
        person_id = call.parts.store.vault.person_id(normal_mail(asked.search))
    except Refused:
        return {"customers": [], "next_cursor": None}
    with consistent(call, history) as db:
        found = history.of_person(db, person_id, 1)
    known = [{"id": str(person_id), **(found["person"] or {})}] if found["bookings"] else []
    return {"customers": known, "next_cursor": None}


def customer(call: Call, id: str, asked: Annotated[Page, Query()]) -> dict[str, Any]:
    """A guest's or customer's bookings with payments and refunds, newest first."""
    with consistent(call, history) as db:
        found = history.of_person(db, _uuid(id), asked.limit, asked.cursor)
    if not found["bookings"] and asked.cursor is None:
        raise Problem("not_found", "There is no such customer.")
    return {"id": id} | found


def events(call: Call, id: str) -> dict[str, Any]:
    """Everything that happened to a booking, with who and why."""
    return {"events": [_told(recorded) for recorded in _history(call, id)]}


def as_of(call: Call, id: str, asked: Annotated[AsOf, Query()]) -> dict[str, Any]:
    """The booking as it stood at an instant."""
    sheet = booking_sheet(_history(call, id), lambda recorded: recorded.at <= asked.at)
    if sheet is None:
        raise Problem("not_found", "There was no such booking then.")
    return {"booking": sheet}


def _history(call: Call, id: str) -> list[Recorded]:
    found = call.parts.store.history(_uuid(id))
    if not found or found[0].name != "BookingPlaced":
        raise Problem("not_found", "There is no such booking.")
    return found


def _told(recorded: Recorded) -> dict[str, Any]:
    at: datetime = recorded.at
    return {
        "position": recorded.position,
        "version": recorded.originator_version,
        "name": recorded.name,
        "at": rfc3339(at),
        "actor": recorded.origin.actor,
        "correlation_id": recorded.origin.correlation_id,
        "event": to_builtins(recorded.event),
    }


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Problem("not_found", "There is no such thing.") from None


ROUTES = [
    Route("GET /api/staff/dashboard/", dashboard, staff_read(Permission.VIEW_BOOKINGS, Action.VIEW_DASHBOARD)),
    Route("GET /api/staff/customers/", customers, staff_read(Permission.VIEW_CUSTOMERS, Action.VIEW_CUSTOMER)),
    Route("GET /api/staff/customers/{id}/", customer, staff_read(Permission.VIEW_CUSTOMERS, Action.VIEW_CUSTOMER)),
    Route("GET /api/staff/bookings/{id}/events/", events, SEE_BOOKING),
    Route("GET /api/staff/bookings/{id}/as-of/", as_of, SEE_BOOKING),
]
