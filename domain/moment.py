"""A moment as people agree on it: a day, what the clock on the wall shows, and whose clock it is. Instants follow."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from domain import Value
from domain.selection import PickupTime

NEW_YORK = "America/New_York"
EARLIEST, LATEST = time(8), time(11)


class Moment(Value):
    """`fold` is 1 in the second of the two hours that the clock shows twice in autumn."""

    day: date
    at: time
    zone: str = NEW_YORK
    fold: int = 0


def instant(moment: Moment) -> datetime:
    """In UTC. What a clock that goes forward never shows is as much later as the clock jumps."""
    wall = datetime.combine(moment.day, moment.at, ZoneInfo(moment.zone)).replace(fold=moment.fold)
    return wall.astimezone(UTC)


def moment_of(at: datetime, zone: str = NEW_YORK) -> Moment:
    """What the clock of the zone shows at an instant; seconds are left out."""
    wall = at.astimezone(ZoneInfo(zone))
    return Moment(wall.date(), time(wall.hour, wall.minute), zone, wall.fold)


def day_of(at: datetime) -> date:
    """The business day of an instant: New York's."""
    return at.astimezone(ZoneInfo(NEW_YORK)).date()


def promised_pickup(day: date, pickup_time: str, hour: int | None, zone: str = NEW_YORK) -> tuple[Moment, Moment]:
    """Between which moments the customer was told to expect the van: within the hour they chose, else 8 to 11."""
    if pickup_time == PickupTime.MORNING_SPECIFIC and hour is not None:
        return Moment(day, time(hour), zone), Moment(day, time(hour + 1), zone)
    return Moment(day, EARLIEST, zone), Moment(day, LATEST, zone)
