"""Places of pickup days: how many there are and how many are taken; kept by calendar and dashboard, each for itself.

Taken places are counted by partition, because bookings of several partitions meet on a day; the sum is made when asked.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row, tuple_row

from domain import Value
from domain.house import BookingWindowSet, DailyCapacitySet, House
from domain.pickup_day import DayBlackedOut, DayReopened, LimitLifted, LimitSet, PlaceReleased, PlaceReserved
from domain.selection import ServiceType
from eventlog.envelope import Recorded
from projections.partitions import Parting
from projections.rows import write

SCHEMA = """
    create table taken (
        day          date not null,
        service_type text not null,
        partition    int  not null,
        places       int  not null,
        primary key (day, service_type, partition)
    );
    create table limits (
        day          date not null,
        service_type text not null,
        places       int  not null,
        primary key (day, service_type)
    );
    create table blackouts (
        day       date primary key,
        is_closed bool not null,
        reason    text not null
    );
    create table house (
        setting text primary key,
        value   int  not null
    );
"""
WINDOW, PLACES = "booking_window_days", "places of "


class Places(Value):
    """Of some days: places taken and limits of their own by (day, service type), why a day is closed, settings."""

    taken: dict[tuple[date, str], int]
    limits: dict[tuple[date, str], int]
    closed: dict[date, str]
    house: House

    def limit(self, day: date, service_type: str) -> int:
        return self.limits.get((day, service_type), self.house.places(service_type))

    def remaining(self, day: date, service_type: str) -> int:
        return max(0, self.limit(day, service_type) - self.taken.get((day, service_type), 0))


def project(db: Connection, batch: Sequence[Recorded]) -> None:
    taken: Counter[tuple[date, str, int]] = Counter()
    limits: dict[tuple[date, str], int | None] = {}
    closed: dict[date, str | None] = {}
    house: dict[str, int] = {}
    parting = Parting()
    for recorded in batch:
        event = recorded.event
        match event:
            case PlaceReserved():
                taken[event.day, event.service_type, parting[recorded.key]] += 1
            case PlaceReleased():
                taken[event.day, event.service_type, parting[recorded.key]] -= 1
            case LimitSet():
                limits[event.day, event.service_type] = event.limit
            case LimitLifted():
                limits[event.day, event.service_type] = None
            case DayBlackedOut():
                closed[event.day] = event.reason
            case DayReopened():
                closed[event.day] = None
            case BookingWindowSet():
                house[WINDOW] = event.booking_window_days
            case DailyCapacitySet():
                house[PLACES + event.service_type] = event.places
    _write(db, taken, (limits, closed, house))


def _write(db: Connection, taken: Counter[tuple[date, str, int]], set_: tuple[dict, dict, dict]) -> None:
    limits, closed, house = set_
    rows = [dict(zip(("day", "service_type", "partition"), key, strict=True)) | {"places": n}
            for key, n in sorted(taken.items())]  # fmt: skip
    write(db, "taken", rows,
          "(day, service_type, partition) do update set places = taken.places + excluded.places")  # fmt: skip
    for day, service in sorted(key for key, n in limits.items() if n is None):
        db.execute("delete from limits where day = %s and service_type = %s", (day, service))
    rows = [{"day": day, "service_type": service, "places": n}
            for (day, service), n in sorted(limits.items()) if n is not None]  # fmt: skip
    write(db, "limits", rows, "(day, service_type) do update set places = excluded.places")
    rows = [{"day": day, "is_closed": why is not None, "reason": why or ""} for day, why in sorted(closed.items())]
    write(db, "blackouts", rows, "(day) do update set is_closed = excluded.is_closed, reason = excluded.reason")
    rows = [{"setting": name, "value": value} for name, value in sorted(house.items())]
    write(db, "house", rows, "(setting) do update set value = excluded.value")


def places(db: Connection, first: date, last: date) -> Places:
    """The places of the days from first to last."""
    cursor = db.cursor(row_factory=tuple_row)
    taken = cursor.execute(
        """
        select day, service_type, sum(places)::int from taken where day between %s and %s group by 1, 2""",
        (first, last),
    )
    sums = {(day, service): n for day, service, n in taken}
    limits = cursor.execute("select day, service_type, places from limits where day between %s and %s", (first, last))
    own = {(day, service): n for day, service, n in limits}
    closed = cursor.execute(
        "select day, reason from blackouts where is_closed and day between %s and %s", (first, last)
    )
    return Places(sums, own, dict(closed.fetchall()), _house(cursor.execute("select * from house")))


def blackouts(db: Connection, first: date, most: int) -> list[dict[str, Any]]:
    """`{"date", "reason", "active_bookings"}` of the closed days from the first on, `most` of them."""
    cursor = db.cursor(row_factory=dict_row)
    return cursor.execute(
        """
        select day as date, reason,
               (select coalesce(sum(places), 0)::int from taken where taken.day = blackouts.day) as active_bookings
        from blackouts where is_closed and day >= %s order by day limit %s""",
        (first, most),
    ).fetchall()


def _house(rows: Any) -> House:
    found = dict(rows)
    capacity = {service: found[PLACES + service] for service in ServiceType if PLACES + service in found}
    return House(daily_capacity=capacity, booking_window_days=found.get(WINDOW, House().booking_window_days))


def capacity(db: Connection, first: date, days: int) -> list[dict[str, Any]]:
    """`{"date", "used", "limit"}` of each day, all services together; a closed day has no places."""
    found, shown = places(db, first, first + timedelta(days - 1)), []
    for day in (first + timedelta(n) for n in range(days)):
        used = sum(found.taken.get((day, service), 0) for service in ServiceType)
        limit = 0 if day in found.closed else sum(found.limit(day, service) for service in ServiceType)
        shown.append({"date": day, "used": used, "limit": limit})
    return shown
