"""The dashboard: money, bookings and places at a glance, and what cannot wait.

Each booking's own row says what it counts as; a change moves the counters from what it was to what it is. Counters are
kept by partition and summed when asked, so that projectors of different partitions never wait for each other.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection
from psycopg.rows import args_row, dict_row, tuple_row

from domain import refund
from domain.booking_status import Status
from domain.moment import day_of
from domain.selection import ServiceType
from eventlog.envelope import Recorded
from projections import places
from projections.booked import CHANGES, Booked, Fold, Returned, counted
from projections.rows import write
from projections.urgent import urgent

SCHEMA = (
    places.SCHEMA
    + """
    create table bookings (
        booking_id     uuid   primary key,
        booking_number text   not null,
        service_type   text   not null,
        pickup_date    date   not null,
        pickup_time    text   not null,
        pickup_at      timestamptz not null,
        status         text   not null,
        received_cents bigint not null,
        returned_cents bigint not null,
        is_deleted     bool   not null,
        disputes       jsonb  not null,
        outcomes       jsonb  not null,
        disputed_at    timestamptz
    );
    create index on bookings (disputed_at) where disputed_at is not null;
    create index on bookings (pickup_at) where status in ('pending', 'confirmed');
    create index on bookings (pickup_at) where status = 'delayed';
    create table refunds (
        refund_id    uuid   primary key,
        booking_id   uuid   not null,
        amount_cents bigint not null,
        status       text   not null,
        requested_at timestamptz not null,
        is_foreign   bool   not null,
        failed_at    timestamptz
    );
    create index on refunds (requested_at) where status = 'requested';
    create index on refunds (requested_at) where is_foreign;
    create index on refunds (failed_at) where failed_at is not null;

    create table counts (
        service_type text not null,
        partition    int  not null,
        """
    + ", ".join(f"{status} int not null" for status in Status)
    + """,
        primary key (service_type, partition)
    );
    create table pickups (
        pickup_date date not null,
        partition   int  not null,
        bookings    int  not null,
        active      int  not null,
        primary key (pickup_date, partition)
    );
    create table revenue (
        day            date   not null,
        partition      int    not null,
        received_cents bigint not null,
        returned_cents bigint not null,
        lost_cents     bigint not null,
        primary key (day, partition)
    );
"""
)
PERSONAL: frozenset[str] = frozenset()
CAPACITY_DAYS = 14
# Each counter's table: what it counts for, beside the partition, and its columns.
COUNTERS = {
    "counts": ("service_type", *Status),
    "pickups": ("pickup_date", "bookings", "active"),
    "revenue": ("day", "received_cents", "returned_cents", "lost_cents"),
}


def project(db: Connection, batch: Sequence[Recorded]) -> None:
    places.project(db, batch)
    ours = [recorded for recorded in batch if type(recorded.event) in CHANGES]
    if not ours:
        return
    fold = _loaded(db, ours)
    before = {id: replace(booked) for id, booked in fold.bookings.items()}
    for recorded in ours:
        CHANGES[type(recorded.event)](fold, recorded)
    _write_rows(db, fold, before)
    _write_counters(db, fold, before)


def _loaded(db: Connection, ours: Sequence[Recorded]) -> Fold:
    keys = list({recorded.key for recorded in ours})
    found = db.cursor(row_factory=args_row(Booked)).execute(
        "select * from bookings where booking_id = any(%s)", (keys,)
    )
    bookings = {booked.booking_id: booked for booked in found}
    ids = list({r.originator_id for r in ours if isinstance(r.event, refund.Event)})
    back = db.cursor(row_factory=args_row(Returned)).execute("select * from refunds where refund_id = any(%s)", (ids,))
    return Fold(bookings, {returned.refund_id: returned for returned in back})


def _write_rows(db: Connection, fold: Fold, before: dict[UUID, Booked]) -> None:
    changed = [booked for id, booked in sorted(fold.bookings.items()) if booked != before.get(id)]
    write(
        db,
        "bookings",
        changed,
        """(booking_id) do update set pickup_date = excluded.pickup_date, pickup_time = excluded.pickup_time,
        pickup_at = excluded.pickup_at, status = excluded.status, is_deleted = excluded.is_deleted,
        received_cents = excluded.received_cents, returned_cents = excluded.returned_cents,
        disputes = excluded.disputes, outcomes = excluded.outcomes, disputed_at = excluded.disputed_at""",
    )
    write(
        db,
        "refunds",
        [back for _, back in sorted(fold.refunds.items())],
        "(refund_id) do update set status = excluded.status, failed_at = excluded.failed_at",
    )


def _write_counters(db: Connection, fold: Fold, before: dict[UUID, Booked]) -> None:
    """Each counter's change: what the bookings count as now, less what they counted as before."""
    change: dict[str, dict[tuple, Counter]] = {table: defaultdict(Counter) for table in COUNTERS}
    for sign, bookings in ((-1, before), (1, fold.bookings)):
        for id, booked in bookings.items():
            for table, of, counts in counted(booked):
                for column, n in counts.items():
                    change[table][of, fold.parting[id]][column] += sign * n
    for key, (received, returned, lost) in fold.money.items():
        change["revenue"][key].update(received_cents=received, returned_cents=returned, lost_cents=lost)
    for table, columns in COUNTERS.items():
        _add(db, (table, *columns), change[table])


def _add(db: Connection, columns: tuple[str, ...], change: dict[tuple, Counter]) -> None:
    """`columns` are the table's name, what it counts for, and its counters."""
    table, of, *counters = columns
    rows = [
        {of: key, "partition": partition} | {column: n[column] for column in counters}
        for (key, partition), n in sorted(change.items())
        if any(n.values())
    ]
    adding = ", ".join(f"{column} = {table}.{column} + excluded.{column}" for column in counters)
    write(db, table, rows, f"({of}, partition) do update set {adding}")
    if less := [key for key, n in change.items() if min(n.values()) < 0]:
        _drop_zeros(db, columns, less)


def _drop_zeros(db: Connection, columns: tuple[str, ...], keys: list[tuple]) -> None:
    """What counts nothing any more goes, as if it had never been: a rebuild may not come by it at all."""
    table, of, *counters = columns
    zero = " and ".join(f"{column} = 0" for column in counters)
    chosen, partitions = (list(column) for column in zip(*sorted(keys), strict=True))
    query = f"delete from {table} where {of} = any(%s) and partition = any(%s) and {zero}"
    db.execute(query, (chosen, partitions))


# Asking


def dashboard(db: Connection, now: datetime) -> dict[str, Any]:
    """What the staff's dashboard shows of bookings and money, at an instant; its days are those of New York."""
    today = day_of(now)
    return {
        "revenue": _revenue(db, today),
        "bookings": _bookings(db, today),
        "urgent": urgent(db, now),
        "capacity": places.capacity(db, today, CAPACITY_DAYS),
    }


def _revenue(db: Connection, today: date) -> dict[str, int]:
    """Cents received less returned less lost to disputes, each on its own day: an open dispute takes nothing yet."""
    since = {
        "today_cents": today,
        "last_7_days_cents": today - timedelta(6),
        "last_30_days_cents": today - timedelta(29),
        "month_cents": today.replace(day=1),
    }
    days = (
        db.cursor(row_factory=tuple_row)
        .execute(
            """
        select day, sum(received_cents - returned_cents - lost_cents)::bigint from revenue
        where day between %s and %s group by day""",
            (min(since.values()), today),
        )
        .fetchall()
    )
    return {name: sum(cents for day, cents in days if day >= first) for name, first in since.items()}


def _bookings(db: Connection, today: date) -> dict[str, Any]:
    sums = ", ".join(f"sum({status})::int as {status}" for status in Status)
    rows = (
        db.cursor(row_factory=dict_row)
        .execute(f"select service_type, {sums} from counts group by service_type")
        .fetchall()
    )
    by_service = {row.pop("service_type"): row for row in rows}
    upcoming = (
        db.cursor(row_factory=dict_row)
        .execute(
            """
        select pickup_date as date, sum(active)::int as count from pickups where pickup_date >= %s
        group by pickup_date having sum(active) > 0 order by pickup_date""",
            (today,),
        )
        .fetchall()
    )
    return {
        "by_status": {str(status): sum(row[status] for row in rows) for status in Status},
        "by_service_type": {str(service): sum(by_service.get(service, {}).values()) for service in ServiceType},
        "upcoming": upcoming,
    }
