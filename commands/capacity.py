"""What staff decide of pickup days: how many bookings of a service each takes, and on which nobody is picked up."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import reduce
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, uuid5

from commands import Context, day_ref
from domain import pickup_day
from domain.house import House
from domain.pickup_day import PickupDay, taken
from domain.selection import ServiceType
from eventlog.envelope import Recorded
from eventlog.store import Appended

# One key for all that staff decide of days: what is decided of several days is in one partition, so that who waits for
# its position sees all of it, and of two decisions about a day the later one comes later.
KEY = uuid5(NAMESPACE_OID, "totetaxi/capacity")


class Days(NamedTuple):
    """From first to last, both included. `version` is the one that was read, of one day alone."""

    first: date
    last: date
    version: int | None = None

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    def each(self) -> Iterator[date]:
        return (self.first + timedelta(n) for n in range(self.count))

    def __str__(self) -> str:
        return str(self.first) if self.count == 1 else f"{self.first}..{self.last}"


def set_limits(days: Days, limits: dict[str, int | None], ctx: Context) -> Appended:
    """For all the days, or none: places by service, None for as many as the house takes.

    A limit below what is booked is kept, and the bookings too. Refuses `invalid_value`, `version_conflict`.
    """
    return _decide(days, "", lambda day, on: pickup_day.set_limits(day, on, limits), ctx)


def black_out(days: Days, reason: str, ctx: Context) -> Appended:
    """All the days, or none; bookings that have a place keep it. A day that is closed stays so for its own reason."""
    return _decide(days, "blackouts", lambda day, on: pickup_day.black_out(day, on, reason), ctx)


def reopen(days: Days, ctx: Context) -> Appended:
    return _decide(days, "blackouts", pickup_day.reopen, ctx)


def _decide(days: Days, what: str, rule: Callable[[PickupDay | None, date], list], ctx: Context) -> Appended:
    on = list(days.each())
    refs = [day_ref(day)._replace(version=days.version) for day in on]
    ctx = ctx.telling(None, "/".join(["capacity", *[what] * bool(what), str(days)]))
    return ctx.append(refs, lambda *states: [rule(*pair) for pair in zip(states, on, strict=True)], KEY)


def day_of(past: Sequence[Recorded]) -> PickupDay:
    """The day as these events of its stream left it."""
    return reduce(pickup_day.evolve, (recorded.event for recorded in past), PickupDay())


def day_sheet(on: date, day: PickupDay, house: House) -> dict[str, Any]:
    """A day as staff see it; `is_own` says that the limit is the day's and not the house's."""
    return {
        "date": on.isoformat(),
        "is_blackout": day.is_blackout,
        "reason": day.reason or None,
        "active_bookings": len(day.places),
        "services": {
            str(service): counted(day.limits.get(service), house.places(service), taken(day, service))
            for service in ServiceType
        },
    }


def counted(own: int | None, house: int, used: int) -> dict[str, Any]:
    """Of one service on one day: its limit, what is used of it, what remains, and by how much it is overbooked."""
    limit = house if own is None else own
    remaining, overbooked = max(0, limit - used), max(0, used - limit)
    return {"limit": limit, "is_own": own is not None, "used": used, "remaining": remaining, "overbooked": overbooked}
