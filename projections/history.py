"""The history of a person: their bookings with payments and refunds as a timeline, newest first.

What happened is kept as it was recorded and folded by the rules of the domain when it is asked for. What is personal
lies in columns of its own, so that it can be erased.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection
from psycopg.rows import namedtuple_row

from domain.address import Words
from domain.booking_events import BookingAddressesChanged, BookingDeleted, BookingPlaced, InstructionsChanged
from eventlog.envelope import DECODERS, Recorded
from projections.rows import ENCODER, as_json, copy
from projections.timeline import AGGREGATES, DETAILS, Entry, story

SCHEMA = """
    create table bookings (
        booking_id uuid   primary key,
        person_id  uuid   not null,
        position   bigint not null,
        details    jsonb,
        is_deleted bool   not null
    );
    create index on bookings (person_id, position);
    create table entries (
        position   bigint      primary key,
        booking_id uuid        not null,
        stream     uuid        not null,
        name       text        not null,
        at         timestamptz not null,
        event      jsonb       not null,
        words      text,
        person_id  uuid
    );
    create index on entries (booking_id);
    create index on entries (person_id) where words is not null;
"""
ENTRIES = {
    "position": "int8",
    "booking_id": "uuid",
    "stream": "uuid",
    "name": "text",
    "at": "timestamptz",
    "event": "jsonb",
    "words": "text",
    "person_id": "uuid",
}
BOOKINGS = {"booking_id": "uuid", "person_id": "uuid", "position": "int8", "details": "jsonb", "is_deleted": "bool"}
PERSONAL = frozenset({
    "BookingPlaced", "BookingCancelled", "BookingRescheduled", "BookingAddressesChanged", "InstructionsChanged",
    "CoreAreaOverridden", "BookingNoted",
})  # fmt: skip
# Words are sealed for whom the event names, who may have left the address with which it was booked.
KEPT = {"bookings": "details", "entries": "words"}
ERASABLE = """person_id = any(%s::uuid[]) and {kept} is not null and {table}.position <=
              (select max(gone.position) from eventlog.destroyed_keys gone where gone.person_id = {table}.person_id)"""


def project(db: Connection, batch: Sequence[Recorded]) -> None:
    placed, entries = [], []
    patches: dict[UUID, dict[str, Any]] = defaultdict(dict)
    for recorded in batch:
        event = recorded.event
        if recorded.name not in AGGREGATES:
            continue
        said = getattr(event, "personal", None)
        entries.append(_entry(recorded, said))
        match event:
            case BookingPlaced():
                details = as_json(said) if said else None
                placed.append((recorded.key, event.person_id, recorded.position, details, False))
            case BookingAddressesChanged() if said:
                patches[recorded.key] |= {"pickup": said.pickup, "delivery": said.delivery}
            case InstructionsChanged() if said:
                patches[recorded.key]["special_instructions"] = said.text
    copy(db, "entries", ENTRIES, entries)
    copy(db, "bookings", BOOKINGS, placed)
    _patch(db, patches)
    if gone := sorted(recorded.key for recorded in batch if isinstance(recorded.event, BookingDeleted)):
        db.execute("update bookings set is_deleted = true where booking_id = any(%s)", (gone,))


def _entry(recorded: Recorded, said: Any) -> tuple:
    """What somebody wrote goes into a column of its own; addresses, names and secrets are left out."""
    event = replace(recorded.event, personal=None) if said else recorded.event
    is_word = isinstance(said, Words) and not isinstance(event, InstructionsChanged)
    of = (recorded.position, recorded.key, recorded.originator_id)
    words, whose = said.text if is_word else None, getattr(event, "person_id", None)
    return (*of, recorded.name, recorded.at, as_json(event), words, whose)


def _patch(db: Connection, patches: dict[UUID, dict[str, Any]]) -> None:
    """What of the details is otherwise now; where none can be read any more, there is nothing to change."""
    rows = [{"booking_id": id, "changed": changed} for id, changed in sorted(patches.items())]
    if rows:
        db.execute(
            """update bookings set details = details || changed
               from json_to_recordset(%s::json) as patch (booking_id uuid, changed jsonb)
               where bookings.booking_id = patch.booking_id""",
            (ENCODER.encode(rows).decode(),),
        )


def erase(db: Connection, person_ids: Sequence[UUID]) -> None:
    """What was sealed with keys that are destroyed; what somebody forgotten has booked since is theirs again."""
    for table, kept in KEPT.items():
        erasable = ERASABLE.format(table=table, kept=kept)
        db.execute(f"update {table} set {kept} = null where {erasable}", (list(person_ids),))


def scan(db: Connection, person_ids: Sequence[UUID]) -> int:
    """How many rows still have something personal of theirs that should be erased."""
    left_over = 0
    for table, kept in KEPT.items():
        query = f"select count(*) as found from {table} where {ERASABLE.format(table=table, kept=kept)}"
        left_over += db.cursor(row_factory=namedtuple_row).execute(query, (list(person_ids),)).fetchall()[0].found
    return left_over


# Asking


def of_person(db: Connection, person_id: UUID, limit: int = 20, cursor: int | None = None) -> dict[str, Any]:
    """As `of_persons`, for one person."""
    return of_persons(db, [person_id], limit, cursor)


def of_persons(
    db: Connection, person_ids: Sequence[UUID], limit: int = 20, cursor: int | None = None
) -> dict[str, Any]:
    """`{"person": {first_name, last_name, email, phone} or None, "bookings": [...], "next_cursor": int or None}`.

    Under whose ids a customer's bookings are, the command side knows. They are newest first, each with `payments`,
    `refunds` and `timeline`, as its customer sees it; those that were put away are left out. The person is as in the
    newest whose details can be read; None when there is none.
    """
    ids, next_cursor = placed_by(db, person_ids, limit, cursor)
    return {"person": _person(db, person_ids), "bookings": _stories(db, ids), "next_cursor": next_cursor}


def of_booking(db: Connection, booking_id: UUID, for_staff: bool = False) -> dict[str, Any] | None:
    """One of `bookings` as in `of_persons`; None where there is no such booking, or it was put away.

    Staff see it also then, with what they wrote, planned and knew better.
    """
    return next(iter(_stories(db, [booking_id], for_staff)), None)


def placed_by(
    db: Connection, person_ids: Sequence[UUID], limit: int = 20, cursor: int | None = None
) -> tuple[list[UUID], int | None]:
    """The ids of these persons' bookings, newest first; and the cursor of the next page, None after the last."""
    found = db.cursor(row_factory=namedtuple_row).execute(
        """
        select booking_id, position from bookings
        where person_id = any(%s) and position < %s and not is_deleted order by position desc limit %s""",
        (list(person_ids), 2**62 if cursor is None else cursor, limit + 1),
    )
    rows = found.fetchall()
    return [row.booking_id for row in rows[:limit]], rows[limit - 1].position if len(rows) > limit else None


def _stories(db: Connection, ids: list[UUID], for_staff: bool = False) -> list[dict[str, Any]]:
    """In the order of the ids."""
    found = db.cursor(row_factory=namedtuple_row).execute(
        """
        select booking_id, details::text from bookings where booking_id = any(%s) and (%s or not is_deleted)
        order by array_position(%s, booking_id)""",
        (ids, for_staff, ids),
    )
    rows, entries = found.fetchall(), _entries(db, ids)
    return [story(row.booking_id, row.details, entries[row.booking_id], for_staff) for row in rows]


def _person(db: Connection, person_ids: Sequence[UUID]) -> dict[str, str] | None:
    found = (
        db.cursor(row_factory=namedtuple_row)
        .execute(
            """
        select details::text from bookings where person_id = any(%s) and details is not null
        order by position desc limit 1""",
            (list(person_ids),),
        )
        .fetchone()
    )
    if not found:
        return None
    details = DETAILS.decode(found.details)
    return {name: getattr(details, name) for name in ("first_name", "last_name", "email", "phone")}


def _entries(db: Connection, booking_ids: list[UUID]) -> dict[UUID, list[Entry]]:
    rows = db.cursor(row_factory=namedtuple_row).execute(
        """
        select booking_id, position, at, stream, name, event::text, words from entries
        where booking_id = any(%s) order by position""",
        (booking_ids,),
    )
    found: dict[UUID, list[Entry]] = defaultdict(list)
    for row in rows:
        event = DECODERS[row.name].decode(row.event)
        found[row.booking_id].append(Entry(row.position, row.at, row.stream, row.name, event, row.words))
    return found
