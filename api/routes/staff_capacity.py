"""What the days can take, as staff see and decide it: limits by service, and days on which nobody is picked up."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field

from api.bodies_catalog import Blackout, DayLimits, Range, RangeLimits, services_in
from api.call import Call
from api.consistency import consistent
from api.errors import FieldError, Problem
from api.idempotency import Done, Write, carry_out
from api.policies import staff_read, staff_write
from api.preconditions import demand_version, give_etag, told_version
from api.route import Route
from api.validation import WRITTEN_DAY, Body, Day
from commands import Context, capacity
from commands.capacity import Days, counted, day_of, day_sheet
from commands.house_settings import house_of
from domain import house, pickup_day
from domain.audit import Action
from domain.permissions import Permission
from domain.selection import ServiceType
from eventlog.envelope import Recorded
from eventlog.store import Appended
from projections import calendar, places

SEE = staff_read(Permission.MANAGE_CATALOG)
ACT = staff_write(Permission.MANAGE_CATALOG, Action.MANAGE_CAPACITY)
MOST_SHOWN, MOST_DECIDED = 92, 366


class Page(Body):
    """Closed days from `start_date` on, today if it is left out; `cursor` is the `next_cursor` of the page before."""

    start_date: Day | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Day | None = None


def days(call: Call, asked: Annotated[Range, Query()]) -> dict[str, Any]:
    """For each day and service its limit, what is used of it and what remains; at most 92 days."""
    wanted = _days(asked, MOST_SHOWN)
    with consistent(call, calendar) as db:
        found = places.places(db, wanted.first, wanted.last)
    return {"days": [_shown(on, found) for on in wanted.each()]}


def day(call: Call, date: str) -> dict[str, Any]:
    """One day as it is in the log; its ETag is needed to change it, and changes with each booking of the day."""
    on = _day(date)
    past = call.parts.store.history(pickup_day.stream(on))
    give_etag(call, len(past))
    return {"day": _sheet(call, on, past), "version": len(past)}


def limit_day(call: Call, date: str, asked: DayLimits) -> dict[str, Any]:
    """Limits of one day. Below what is booked they are kept, and the day shows as overbooked."""
    on, limits = _day(date), services_in(asked.limits)
    wanted = Days(on, on, demand_version(call))
    return _decide(call, wanted, lambda ctx: capacity.set_limits(wanted, limits, ctx))


def limit_range(call: Call, asked: RangeLimits) -> dict[str, Any]:
    """The same limits for each day of a range, for all of them or none; at most 366 days."""
    wanted, limits = _seen(call, asked), services_in(asked.limits)
    return _decide(call, wanted, lambda ctx: capacity.set_limits(wanted, limits, ctx))


def blackouts(call: Call, asked: Annotated[Page, Query()]) -> dict[str, Any]:
    """The days on which nobody is picked up, first one first, with the bookings that they have all the same."""
    first = asked.start_date or call.context().today
    with consistent(call, calendar) as db:
        found = places.blackouts(db, max(first, asked.cursor or first), asked.limit + 1)
    shown, more = found[: asked.limit], found[asked.limit :]
    return {"blackouts": shown, "next_cursor": more[0]["date"].isoformat() if more else None}


def black_out(call: Call, asked: Blackout) -> dict[str, Any]:
    """Closes each day of a range, all of them or none; bookings stay, and each day says how many it has."""
    wanted = _seen(call, asked)
    return _decide(call, wanted, lambda ctx: capacity.black_out(wanted, asked.reason, ctx))


def reopen(call: Call, date: str) -> dict[str, Any]:
    """Opens a day again; one that is open stays as it is."""
    on = _day(date)
    wanted = Days(on, on, told_version(call))
    return _decide(call, wanted, lambda ctx: capacity.reopen(wanted, ctx))


def _decide(call: Call, wanted: Days, decide: Any) -> dict[str, Any]:
    def do(ctx: Context) -> Done:
        done: Appended = decide(ctx)
        return Done(capacity.KEY, done.position)

    return carry_out(call, Write(do, lambda done: _answer(call, wanted, done), in_append=True))


def _answer(call: Call, wanted: Days, done: Done) -> dict[str, Any]:
    """The days as they were written, from the log alone."""
    pasts = {on: _past(call, pickup_day.stream(on), done.position) for on in wanted.each()}
    settings = house_of(_past(call, house.stream(), done.position))
    sheets = [day_sheet(on, day_of(past), settings) for on, past in pasts.items()]
    if wanted.count > 1:
        return {"days": sheets, "position": done.position}
    version = len(pasts[wanted.first])
    give_etag(call, version)
    return {"days": sheets, "version": version, "position": done.position}


def _past(call: Call, stream: UUID, position: int) -> list[Recorded]:
    return [one for one in call.parts.store.history(stream) if one.position <= position]


def _sheet(call: Call, on: date, past: list[Recorded]) -> dict[str, Any]:
    return day_sheet(on, day_of(past), call.context().house())


def _shown(on: date, found: places.Places) -> dict[str, Any]:
    services = {
        str(service): counted(
            found.limits.get((on, service)), found.house.places(service), found.taken.get((on, service), 0)
        )
        for service in ServiceType
    }
    return {
        "date": on.isoformat(),
        "is_blackout": on in found.closed,
        "reason": found.closed.get(on),
        "active_bookings": sum(one["used"] for one in services.values()),
        "services": services,
    }


def _seen(call: Call, asked: Range) -> Days:
    """A range has no version: If-Match can only be told for one day."""
    version, wanted = told_version(call), _days(asked, MOST_DECIDED)
    if version is not None and wanted.count > 1:
        raise Problem("version_conflict", "Several days have no one ETag.")
    return wanted._replace(version=version)


def _days(asked: Range, most: int) -> Days:
    wanted = Days(asked.start_date, asked.end_date or asked.start_date)
    if not 1 <= wanted.count <= most:
        told = FieldError("/end_date", "invalid_value", f"1 to {most} days, please.")
        raise Problem("invalid_value", told.message, [told])
    return wanted


def _day(written: str) -> date:
    try:
        if WRITTEN_DAY.fullmatch(written):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise Problem("not_found", "There is no such day.")


ROUTES = [
    Route("GET /api/staff/capacity/", days, SEE),
    Route("POST /api/staff/capacity/limits/", limit_range, ACT),
    Route("GET /api/staff/capacity/blackouts/", blackouts, SEE),
    Route("POST /api/staff/capacity/blackouts/", black_out, ACT),
    Route("DELETE /api/staff/capacity/blackouts/{date}/", reopen, ACT),
    Route("GET /api/staff/capacity/{date}/", day, SEE),
    Route("PATCH /api/staff/capacity/{date}/", limit_day, ACT),
]
