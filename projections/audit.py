"""The audit log as staff read it: who did what, from where, to whom, and what it changed, newest first.

What is personal lies in columns of its own: whence somebody acted, by the member's key, and what changed of a person's
data, by that person's.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import json
from psycopg import Connection
from psycopg.rows import namedtuple_row
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from domain import Value
from domain.audit import Action, PersonalChangeRecorded, StaffActed
from eventlog.envelope import Recorded
from projections.rows import as_json, copy

SCHEMA = """
    create table entries (
        id          uuid        primary key,
        position    bigint      not null,
        at          timestamptz not null,
        action_type text        not null,
        staff_id    uuid,
        booking_id  uuid,
        customer_id uuid,
        subject     text        not null,
        request_id  text        not null,
        before      jsonb       not null,
        after       jsonb       not null,
        person_id   uuid        not null,
        ip          text,
        user_agent  text,
        asked       text
    );
    create index on entries (position);
    create index on entries (staff_id, position);
    create index on entries (booking_id, position);
    create index on entries (customer_id, position);
    create index on entries (action_type, position);
    create index on entries (person_id, position);
    create table changes (
        id        uuid   primary key,
        position  bigint not null,
        person_id uuid   not null,
        before    jsonb,
        after     jsonb
    );
    create index on changes (person_id, position);
"""
ENTRIES = {
    "id": "uuid",
    "position": "int8",
    "at": "timestamptz",
    "action_type": "text",
    "staff_id": "uuid",
    "booking_id": "uuid",
    "customer_id": "uuid",
    "subject": "text",
    "request_id": "text",
    "before": "jsonb",
    "after": "jsonb",
    "person_id": "uuid",
    "ip": "text",
    "user_agent": "text",
    "asked": "text",
}
CHANGES = {"id": "uuid", "position": "int8", "person_id": "uuid", "before": "jsonb", "after": "jsonb"}
PERSONAL = frozenset({"StaffActed", "PersonalChangeRecorded"})
ERASING = {
    "entries": "ip = null, user_agent = null, asked = null",
    "changes": "before = null, after = null",
}
# What was sealed with keys that are destroyed; what comes after that is theirs again.
ERASABLE = """{kept} is not null and person_id = any(%s::uuid[]) and position <=
              (select max(gone.position) from eventlog.destroyed_keys gone where gone.person_id = {table}.person_id)"""
KEPT = {"entries": "ip", "changes": "before"}
SHOWN = SQL("""
    select e.id, e.position, at, action_type, staff_id, booking_id, customer_id, subject, request_id, ip, user_agent,
           asked, e.before::text as was, e.after::text as became,
           c.before::text as personal_before, c.after::text as personal_after
    from entries e left join changes c on c.id = e.id where {} order by e.position desc limit %(limit)s""")


def project(db: Connection, batch: Sequence[Recorded]) -> None:
    entries, changes = [], []
    for recorded in batch:
        event, where = recorded.event, (recorded.originator_id, recorded.position)
        if isinstance(event, StaffActed):
            entries.append((*where, recorded.at, *_told(event)))
        elif isinstance(event, PersonalChangeRecorded):
            change = event.personal
            pair = (_json(change.before), _json(change.after)) if change else (None, None)
            changes.append((*where, event.person_id, *pair))
    copy(db, "entries", ENTRIES, entries)
    copy(db, "changes", CHANGES, changes)


def _told(event: StaffActed) -> tuple:
    whence = event.personal
    from_where = (whence.ip, whence.user_agent, whence.asked) if whence else (None, None, None)
    about = (event.action, event.staff_id, event.booking_id, event.customer_id, event.subject, event.request_id)
    return (*about, _json(event.before), _json(event.after), event.person_id, *from_where)


def _json(value: dict[str, Any]) -> Jsonb:
    return as_json(_without_zeros(value))


def _without_zeros(value: Any) -> Any:
    """Postgres keeps no zero bytes in texts."""
    if isinstance(value, dict):
        return {_without_zeros(name): _without_zeros(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_zeros(inner) for inner in value]
    return value.replace("\0", "") if isinstance(value, str) else value


def erase(db: Connection, person_ids: Sequence[UUID]) -> None:
    for table, nothing in ERASING.items():
        erasable = ERASABLE.format(kept=KEPT[table], table=table)
        db.execute(f"update {table} set {nothing} where {erasable}", (list(person_ids),))


def scan(db: Connection, person_ids: Sequence[UUID]) -> int:
    """How many rows still have something personal of theirs that should be erased."""
    left_over = 0
    for table in ERASING:
        erasable = ERASABLE.format(kept=KEPT[table], table=table)
        rows = db.cursor(row_factory=namedtuple_row).execute(
            f"select count(*) as found from {table} where {erasable}", (list(person_ids),)
        )
        left_over += rows.fetchall()[0].found
    return left_over


# Asking


class Wish(Value):
    """Which entries, all conditions together; `from_` and `to` are instants, the second one excluded."""

    staff_id: UUID | None = None
    action_type: Action | None = None
    booking_id: UUID | None = None
    customer_id: UUID | None = None
    from_: datetime | None = None
    to: datetime | None = None
    limit: int = 20
    cursor: int | None = None


def listed(db: Connection, wish: Wish) -> dict[str, Any]:
    """`{"entries": [...], "next_cursor": int or None}`, newest first.

    An entry: id, position, at, staff_id, action_type, booking_id, customer_id, subject, request_id, before and after
    (by the name of what was changed; `personal` is what of a person's data, while it can be read), ip, user_agent,
    query (what was looked for).
    """
    same = {name: getattr(wish, name) for name in ("staff_id", "action_type", "booking_id", "customer_id")}
    where = [SQL("e.{0} = %({1})s").format(Identifier(name), SQL(name)) for name, value in same.items() if value]
    bounds = {"cursor": "e.position < %(cursor)s", "from_": "e.at >= %(from_)s", "to": "e.at < %(to)s"}
    where += [SQL(bound) for name, bound in bounds.items() if getattr(wish, name) is not None]
    asked = same | {"cursor": wish.cursor, "from_": wish.from_, "to": wish.to, "limit": wish.limit + 1}
    query = SHOWN.format(SQL(" and ").join(where) if where else SQL("true"))
    rows = db.cursor(row_factory=namedtuple_row).execute(query, asked).fetchall()
    shown = rows[: wish.limit]
    return {
        "entries": [_shown(row) for row in shown],
        "next_cursor": shown[-1].position if len(rows) > wish.limit else None,
    }


def recent(db: Connection, n: int = 10) -> list[dict[str, Any]]:
    """The last entries, as `listed` shows them."""
    return listed(db, Wish(limit=n))["entries"]


def _shown(row: Any) -> dict[str, Any]:
    names = ("id", "position", "at", "staff_id", "action_type", "booking_id", "customer_id", "subject", "request_id")
    before, after = json.decode(row.was), json.decode(row.became)
    if row.personal_before is not None:
        before["personal"], after["personal"] = json.decode(row.personal_before), json.decode(row.personal_after)
    whence = {"ip": row.ip, "user_agent": row.user_agent, "query": row.asked}
    return {name: getattr(row, name) for name in names} | {"before": before, "after": after} | whence
