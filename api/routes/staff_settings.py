"""The settings of the house, as staff see and turn them."""

from typing import Any

from api.bodies_catalog import ChangedSettings
from api.call import Call
from api.idempotency import Done, Write, carry_out
from api.policies import staff_read, staff_write
from api.preconditions import demand_version, give_etag
from api.route import Route
from commands import Context
from commands.house_settings import change_settings, house_of, house_ref, settings_sheet
from domain import house
from domain.audit import Action
from domain.permissions import Permission

SEE = staff_read(Permission.MANAGE_CATALOG)
ACT = staff_write(Permission.MANAGE_CATALOG, Action.MANAGE_CATALOG)


def settings(call: Call) -> dict[str, Any]:
    """All settings, as the house has them from now on; the ETag is needed to change any."""
    return _sheet(call)


def change(call: Call, asked: ChangedSettings) -> dict[str, Any]:
    """What is told, all of it or nothing; bookings that were placed keep what they were placed with."""
    told, seen = asked.told(), house_ref(demand_version(call))

    def do(ctx: Context) -> Done:
        return Done(seen.stream, change_settings(told, seen, ctx).position)

    def answer(done: Done) -> dict[str, Any]:
        return _sheet(call, done.position) | {"position": done.position}

    return carry_out(call, Write(do, answer, in_append=True))


def _sheet(call: Call, position: int | None = None) -> dict[str, Any]:
    """As they are, or were at a position."""
    past = call.parts.store.history(house.stream())
    known = [one for one in past if position is None or one.position <= position]
    give_etag(call, len(known))
    return {"settings": settings_sheet(house_of(known)), "version": len(known)}


ROUTES = [
    Route("GET /api/staff/settings/", settings, SEE),
    Route("PATCH /api/staff/settings/", change, ACT),
]
