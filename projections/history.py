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

from domain.booking import BookingCancelled, BookingPlaced
from eventlog.envelope import DECODERS, Recorded
from projections.rows import as_json, copy
from projections.timeline import AGGREGATES, DETAILS, Entry, story

SCHEMA = """
    create table bookings (
        booking_id uuid   primary key,
        person_id  uuid   not null,
        position   bigint not null,
        details    jsonb
    );
    create index on bookings (person_id, position);
    create table entries (
        position   bigint      primary key,
        booking_id uuid        not null,
        stream     uuid        not null,
        name       text        not null,
        at         timestamptz not null,
        event      jsonb       not null,
        words      text
    );
    create index on entries (booking_id);
"""
ENTRIES = {
    "position": "int8",
    "booking_id": "uuid",
    "stream": "uuid",
    "name": "text",
    "at": "timestamptz",
    "event": "jsonb",
    "words": "text",
}
BOOKINGS = {"booking_id": "uuid", "person_id": "uuid", "position": "int8", "details": "jsonb"}
PERSONAL = frozenset({"BookingPlaced", "BookingCancelled"})
ERASABLE = """person_id = any(%s::uuid[]) and bookings.position <=
              (select max(gone.position) from eventlog.destroyed_keys gone where gone.person_id = bookings.person_id)"""


def project(db: Connection, batch: Sequence[Recorded]) -> None:
    placed, entries = [], []
    for recorded in batch:
        event = recorded.event
        if recorded.name not in AGGREGATES:
            continue
        words = None
        if getattr(event, "personal", None) is not None:
            words = event.personal.text if isinstance(event, BookingCancelled) else None
            event = replace(event, personal=None)
        of, what = (recorded.position, recorded.key, recorded.originator_id), (as_json(event), words)
        entries.append((*of, recorded.name, recorded.at, *what))
        if isinstance(event, BookingPlaced):
            details = recorded.event.personal
            placed.append((recorded.key, event.person_id, recorded.position, as_json(details) if details else None))
    copy(db, "entries", ENTRIES, entries)
    copy(db, "bookings", BOOKINGS, placed)


def erase(db: Connection, person_ids: Sequence[UUID]) -> None:
    """What was sealed with keys that are destroyed; what somebody forgotten has booked since is theirs again."""
    db.execute(
        f"""update entries set words = null from bookings
                   where entries.booking_id = bookings.booking_id and words is not null and {ERASABLE}""",
        (list(person_ids),),
    )
    db.execute(f"update bookings set details = null where details is not null and {ERASABLE}", (list(person_ids),))


def scan(db: Connection, person_ids: Sequence[UUID]) -> int:
    """How many rows still have something personal of theirs that should be erased."""
    rows = db.cursor(row_factory=namedtuple_row).execute(
        f"""
        select count(*) as left_over from bookings join entries using (booking_id)
        where (words is not null or details is not null) and {ERASABLE}""",
        (list(person_ids),),
    )
    return rows.fetchall()[0].left_over


# Asking


def of_person(db: Connection, person_id: UUID, limit: int = 20, cursor: int | None = None) -> dict[str, Any]:
    """As `of_persons`, for one person."""
    return of_persons(db, [person_id], limit, cursor)


def of_persons(
    db: Connection, person_ids: Sequence[UUID], limit: int = 20, cursor: int | None = None
) -> dict[str, Any]:
    """`{"person": {first_name, last_name, email, phone} or None, "bookings": [...], "next_cursor": int or None}`.

    Under whose ids a customer's bookings are, the command side knows. They are newest first, each with `payments`,
    `refunds` and `timeline`. The person is as in the newest whose details can be read; None when there is none.
    """
    rows = (
        db.cursor(row_factory=namedtuple_row)
        .execute(
            """
        select booking_id, position, details::text from bookings
        where person_id = any(%s) and position < %s order by position desc limit %s""",
            (list(person_ids), 2**62 if cursor is None else cursor, limit + 1),
        )
        .fetchall()
    )
    shown, entries = rows[:limit], _entries(db, [row.booking_id for row in rows[:limit]])
    bookings = [story(row.booking_id, row.details, entries[row.booking_id]) for row in shown]
    return {
        "person": _person(db, person_ids),
        "bookings": bookings,
        "next_cursor": shown[-1].position if len(rows) > limit else None,
    }


def placed_by(
    db: Connection, person_ids: Sequence[UUID], limit: int = 20, cursor: int | None = None
) -> tuple[list[UUID], int | None]:
    """The ids of these persons' bookings, newest first; and the cursor of the next page, None after the last."""
    found = db.cursor(row_factory=namedtuple_row).execute(
        """
        select booking_id, position from bookings
        where person_id = any(%s) and position < %s order by position desc limit %s""",
        (list(person_ids), 2**62 if cursor is None else cursor, limit + 1),
    )
    rows = found.fetchall()
    return [row.booking_id for row in rows[:limit]], rows[limit - 1].position if len(rows) > limit else None


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
