"""The bookings: one line for each as staff list them, with whose they are; asked of by `booking_list`.

Lines and contacts are told by the booking's own events; whose a guest's bookings are, and who is a VIP, is joined when
asked. What is personal is written once and lies apart, so that a change of status does not index its words again.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import get_args
from uuid import UUID

from msgspec import Struct
from msgspec.structs import astuple, replace
from psycopg import Connection
from psycopg.rows import args_row, tuple_row

from domain import booking
from domain.booking_events import (
    BookingAddressesChanged,
    BookingDeleted,
    BookingPaid,
    BookingPlaced,
    BookingReinstated,
    BookingRescheduled,
    CoreAreaOverridden,
)
from domain.booking_status import Status
from eventlog.envelope import Recorded
from projections import owners
from projections.booked import status_after
from projections.rows import copy, write
from projections.searching import words_of

LINES = {
    "booking_id": "uuid",
    "booking_number": "text",
    "person_id": "uuid",
    "is_guest": "bool",
    "status": "text",
    "service_type": "text",
    "pickup_date": "date",
    "pickup_time": "text",
    "specific_pickup_hour": "int4",
    "pickup_city": "text",
    "pickup_zip_code": "text",
    "delivery_city": "text",
    "delivery_zip_code": "text",
    "total_price_cents": "int8",
    "paid_cents": "int8",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
    "is_deleted": "bool",
}
CONTACTS = {
    "booking_id": "uuid",
    "person_id": "uuid",
    "position": "int8",
    "first_name": "text",
    "last_name": "text",
    "email": "text",
    "phone": "text",
    "words": "text",
}
ORDERS = ("pickup_date", "created_at", "total_price_cents", "booking_number")
NULLABLE = {"specific_pickup_hour", "first_name", "last_name", "email", "phone"}


def _table(name: str, columns: dict[str, str]) -> str:
    lines = (f"{column} {kind}{'' if column in NULLABLE else ' not null'}" for column, kind in columns.items())
    return f"create table {name} ({', '.join(lines)}, primary key (booking_id));"


# Each order within each status: a page takes the next of every status, however many others there are.
SCHEMA = f"""{owners.SCHEMA}
    {_table("lines", LINES)}
    {"".join(f"create index on lines (status, {order}, booking_id) where not is_deleted;" for order in ORDERS)}
    create index on lines (person_id);
    create index on lines (booking_id) where is_deleted;
    {_table("contacts", CONTACTS)}
    create index on contacts (person_id);
    create index on contacts using gin (to_tsvector('simple', words)) with (fastupdate = off);
"""
PERSONAL = frozenset({"BookingPlaced"})
EVENTS = frozenset(get_args(booking.Event))
CHANGING = ", ".join(f"{name} = excluded.{name}" for name in LINES if name != "booking_id")
ERASABLE = """contacts.person_id = any(%s::uuid[]) and email is not null and contacts.position <=
              (select max(gone.position) from eventlog.destroyed_keys gone where gone.person_id = contacts.person_id)"""
ERASED = f"""
    update contacts set first_name = null, last_name = null, email = null, phone = null, words = lower(booking_number)
    from lines where lines.booking_id = contacts.booking_id and {ERASABLE}"""


class Line(Struct):
    """A row of `lines`."""

    booking_id: UUID
    booking_number: str
    person_id: UUID
    is_guest: bool
    status: str
    service_type: str
    pickup_date: date
    pickup_time: str
    specific_pickup_hour: int | None
    pickup_city: str
    pickup_zip_code: str
    delivery_city: str
    delivery_zip_code: str
    total_price_cents: int
    paid_cents: int
    created_at: datetime
    updated_at: datetime
    is_deleted: bool = False


def project(db: Connection, batch: Sequence[Recorded]) -> None:
    owners.project(db, batch)
    ours = [recorded for recorded in batch if type(recorded.event) in EVENTS]
    known = _known(db, ours)
    lines = dict(known)
    contacts = []
    for recorded in ours:
        if isinstance(recorded.event, BookingPlaced):
            lines[recorded.key] = _placed(recorded)
            contacts.append(_contact(recorded))
        elif line := lines.get(recorded.key):
            lines[recorded.key] = replace(_changed(line, recorded), updated_at=recorded.at)
    copy(db, "lines", LINES, [astuple(line) for id, line in sorted(lines.items()) if id not in known])
    copy(db, "contacts", CONTACTS, contacts)
    changed = [line for id, line in sorted(lines.items()) if id in known]
    write(db, "lines", changed, f"(booking_id) do update set {CHANGING}")


def _known(db: Connection, ours: Sequence[Recorded]) -> dict[UUID, Line]:
    placed = {recorded.key for recorded in ours if isinstance(recorded.event, BookingPlaced)}
    keys = list({recorded.key for recorded in ours} - placed)
    if not keys:
        return {}
    found = db.cursor(row_factory=args_row(Line)).execute("select * from lines where booking_id = any(%s)", (keys,))
    return {line.booking_id: line for line in found}


def _placed(recorded: Recorded) -> Line:
    placed: BookingPlaced = recorded.event
    return Line(
        recorded.key,
        placed.booking_number,
        placed.person_id,
        placed.is_guest,
        Status.PENDING,
        placed.selection.service_type,
        placed.pickup_date,
        placed.pickup_time,
        placed.specific_pickup_hour,
        **_where(placed),
        total_price_cents=placed.pricing.total_price_cents,
        paid_cents=0,
        created_at=recorded.at,
        updated_at=recorded.at,
    )


def _contact(recorded: Recorded) -> tuple:
    """Nameless when the key that sealed the names is destroyed; the number is searched for all the same."""
    placed: BookingPlaced = recorded.event
    whose = (recorded.key, placed.person_id, recorded.position)
    said = placed.personal
    if said is None:
        return (*whose, None, None, None, None, words_of([placed.booking_number], ""))
    words = words_of([said.first_name, said.last_name, said.email, placed.booking_number], said.phone)
    return (*whose, said.first_name, said.last_name, said.email, said.phone, words)


def _changed(line: Line, recorded: Recorded) -> Line:
    event = recorded.event
    line = replace(line, status=status_after(line.status, event))
    match event:
        case BookingRescheduled():
            when = {name: getattr(event, name) for name in ("pickup_date", "pickup_time", "specific_pickup_hour")}
            return replace(line, **when, total_price_cents=event.pricing.total_price_cents)
        case BookingAddressesChanged():
            return replace(line, **_where(event), total_price_cents=event.pricing.total_price_cents)
        case CoreAreaOverridden():
            return replace(line, total_price_cents=event.pricing.total_price_cents)
        case BookingPaid() | BookingReinstated():
            return replace(line, paid_cents=line.paid_cents + event.amount_cents)
        case BookingDeleted():
            return replace(line, is_deleted=True)
    return line


def _where(event: BookingPlaced | BookingAddressesChanged) -> dict[str, str]:
    ends = {"pickup": event.pickup_area, "delivery": event.delivery_area}
    return {f"{end}_{name}": getattr(area, name) for end, area in ends.items() for name in ("city", "zip_code")}


def erase(db: Connection, person_ids: Sequence[UUID]) -> None:
    """What was sealed with keys that are destroyed; the number stays, and what is no person's."""
    db.execute(ERASED, (list(person_ids),))


def scan(db: Connection, person_ids: Sequence[UUID]) -> int:
    """How many rows still have something personal of theirs that should be erased."""
    query = f"select count(*) from contacts where {ERASABLE}"
    [(left,)] = db.cursor(row_factory=tuple_row).execute(query, (list(person_ids),)).fetchall()
    return left
