"""What staff may ask: the dashboard, and a booking's past."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from msgspec import to_builtins
from pydantic import AwareDatetime, Field

from api.call import Call
from api.consistency import consistent
from api.errors import FieldError, Problem
from api.policies import staff_read
from api.route import Route
from api.validation import Body
from commands.booking_sheet import booking_sheet, rfc3339, staff_part
from domain.audit import Action
from domain.booking_events import BookingPlaced
from domain.permissions import Permission
from eventlog.envelope import Recorded
from projections import audit, books, customers, payments
from projections import dashboard as dashboard_model

RECENT = 10
SEE_BOOKING = staff_read(Permission.VIEW_BOOKINGS, Action.VIEW_BOOKING)


class AsOf(Body):
    """One of the two: an instant, or a version of the booking."""

    at: AwareDatetime | None = None
    version: Annotated[int, Field(ge=1, lt=2**62)] | None = None

    def until(self, recorded: Recorded) -> bool:
        """To the millisecond: an instant that was shown has what happened in it."""
        shown = recorded.at.replace(microsecond=recorded.at.microsecond // 1000 * 1000)
        return shown <= self.at if self.at else recorded.originator_version <= (self.version or 0)


def dashboard(call: Call) -> dict[str, Any]:
    """The house at a glance.

    `revenue` and `books` are null for whoever may not see financials, `books` also before the first comparison of our
    books with Stripe's; `recent_actions` are their own for whoever may not see the audit log.
    """
    account = call.user.account
    whose = audit.Wish(None if Permission.VIEW_AUDIT in account.permissions else account.id, limit=RECENT)
    with consistent(call, audit, customers, dashboard_model) as db:
        shown = dashboard_model.dashboard(db, call.now)
        shown |= {"customers": customers.summary(db, call.now), "recent_actions": audit.listed(db, whose)["entries"]}
    if Permission.VIEW_FINANCIALS not in account.permissions:
        return shown | {"revenue": None, "books": None}
    with consistent(call, payments) as db:
        return shown | {"books": books.last(db)}


def events(call: Call, id: str) -> dict[str, Any]:
    """Everything that happened to a booking, with who and why."""
    return {"events": [event_sheet(recorded) for recorded in past_of(call, id)]}


def as_of(call: Call, id: str, asked: Annotated[AsOf, Query()]) -> dict[str, Any]:
    """The booking as it stood at an instant, or in a version."""
    if (asked.at is None) == (asked.version is None):
        code = "missing_field" if asked.at is None else "unexpected_field"
        raise Problem(code, "Either at or version, please.", [FieldError("/version", code, "Either at or version.")])
    past = past_of(call, id)
    then = [recorded for recorded in past if asked.until(recorded)]
    if not then or (asked.version or 0) > past[-1].originator_version:
        raise Problem("not_found", "There was no such booking then.")
    return {"booking": desk_sheet(then)}


def past_of(call: Call, id: str) -> list[Recorded]:
    """The history of a booking, of one that was put away too. Raises Problem("not_found")."""
    found = call.parts.store.history(_uuid(id))
    if not found or not isinstance(found[0].event, BookingPlaced):
        raise Problem("not_found", "There is no such booking.")
    return found


def desk_sheet(past: list[Recorded]) -> dict[str, Any]:
    """A booking with what only staff see of it."""
    return (booking_sheet(past) or {}) | staff_part(past)


def event_sheet(recorded: Recorded) -> dict[str, Any]:
    """An event of the log as staff read it."""
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
    Route("GET /api/staff/bookings/{id}/events/", events, SEE_BOOKING),
    Route("GET /api/staff/bookings/{id}/as-of/", as_of, SEE_BOOKING),
]
