"""The customers: everybody who has an account or has booked as a guest, with what staff search and sort by.

An account's row comes from its own stream, a guest's from their newest booking, whichever is read first. What two keys
share is joined when asked: whose mail a guest's is, who is a VIP, and what each booking brought in.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import args_row, dict_row, tuple_row

from eventlog.envelope import Recorded
from projections import owners, standings
from projections.loyalty import TIER
from projections.people import CHANGES, Fold, Person, Purchase
from projections.rows import write
from projections.standings import SUMS, summary

__all__ = ["summary"]
NAME = "lower(coalesce(last_name, '') || ' ' || coalesce(first_name, ''))"
SCHEMA = f"""{owners.SCHEMA}
    create table people (
        person_id  uuid        primary key,
        is_guest   bool        not null,
        since      timestamptz not null,
        position   bigint      not null,
        first_name text,
        last_name  text,
        email      text,
        phone      text,
        words      text
    );
    create index on people using gin (to_tsvector('simple', words)) with (fastupdate = off);
    create index on people (since, person_id) where words is not null;
    create index on people ({NAME}, person_id) where words is not null;
    create table purchases (
        booking_id          uuid        primary key,
        person_id           uuid        not null,
        placed_at           timestamptz not null,
        pickup_address_id   uuid,
        delivery_address_id uuid,
        is_paid             bool        not null,
        is_completed        bool        not null,
        received_cents      bigint      not null,
        refunds             jsonb       not null,
        spent_cents         bigint      not null
    );
    create index on purchases (person_id);
{standings.SCHEMA}"""
PERSONAL = frozenset({"CustomerRegistered", "CustomerDetailsCorrected", "MailChanged", "BookingPlaced"})
IN_NAME = ("first_name", "last_name", "email", "phone", "words")
NEWEST = ", ".join(
    f"{column} = case when excluded.position >= people.position then excluded.{column} else people.{column} end"
    for column in ("position", *IN_NAME)
)
ERASABLE = """person_id = any(%s::uuid[]) and words is not null and people.position <=
              (select max(gone.position) from eventlog.destroyed_keys gone where gone.person_id = people.person_id)"""
ALL_SUMS = f"""select coalesce(customer_id, purchases.person_id) as person_id, {SUMS}
               from purchases left join claims on mail_id = purchases.person_id group by 1"""
STATISTICS = f"""
    select bookings as total_bookings, spent as total_spent_cents, last_booking_at, {TIER} as loyalty_tier
    from (select {SUMS} from purchases where person_id = any(%s)) sums"""
USAGE = """
    select address_id, count(distinct booking_id)::int as times, max(placed_at) as last_used_at
    from purchases, unnest(array[pickup_address_id, delivery_address_id]) address_id
    where person_id = any(%s) and address_id is not null group by address_id"""


def project(db: Connection, batch: Sequence[Recorded]) -> None:
    ours = [recorded for recorded in batch if type(recorded.event) in CHANGES]
    if not ours:
        return
    fold = _loaded(db, ours)
    for recorded in ours:
        CHANGES[type(recorded.event)](fold, recorded)
    _write(db, fold)
    mails = owners.write_all(db, fold)
    standings.recount(db, fold.touched() | mails, fold.earned())


def _write(db: Connection, fold: Fold) -> None:
    write(
        db,
        "people",
        fold.changed_people(),
        f"(person_id) do update set since = least(people.since, excluded.since), {NEWEST}",
    )
    write(
        db,
        "purchases",
        fold.changed_purchases(),
        """(booking_id) do update set
        pickup_address_id = excluded.pickup_address_id, delivery_address_id = excluded.delivery_address_id,
        is_paid = excluded.is_paid, is_completed = excluded.is_completed, received_cents = excluded.received_cents,
        refunds = excluded.refunds, spent_cents = excluded.spent_cents""",
    )
    if fold.closed:
        db.execute("delete from people where person_id = any(%s)", (sorted(fold.closed),))


def _loaded(db: Connection, ours: Sequence[Recorded]) -> Fold:
    keys = list({recorded.key for recorded in ours})
    bought = db.cursor(row_factory=args_row(Purchase)).execute(
        "select * from purchases where booking_id = any(%s)", (keys,)
    )
    purchases = {one.booking_id: one for one in bought}
    found = db.cursor(row_factory=args_row(Person)).execute("select * from people where person_id = any(%s)", (keys,))
    return Fold({one.person_id: one for one in found if not one.is_guest}, purchases)


def erase(db: Connection, person_ids: Sequence[UUID]) -> None:
    """What was sealed with keys that are destroyed; whoever has booked again since is known anew."""
    nothing = ", ".join(f"{column} = null" for column in IN_NAME)
    query = f"update people set {nothing} where {ERASABLE} returning person_id"
    erased = db.cursor(row_factory=tuple_row).execute(query, (list(person_ids),)).fetchall()
    standings.recount(db, (id for (id,) in erased))


def scan(db: Connection, person_ids: Sequence[UUID]) -> int:
    """How many rows still have something personal of theirs that should be erased."""
    query = f"select count(*) from people where {ERASABLE}"
    [(left,)] = db.cursor(row_factory=tuple_row).execute(query, (list(person_ids),)).fetchall()
    return left


# Asking


def statistics(db: Connection, person_ids: Sequence[UUID]) -> dict[str, Any]:
    """`{total_bookings, total_spent_cents, last_booking_at, loyalty_tier}` over the bookings of all these persons.

    `total_bookings` are those that were ever paid, `total_spent_cents` is paid less refunded, `last_booking_at` when
    the newest one was placed, paid or not; None before the first.
    """
    [found] = db.cursor(row_factory=dict_row).execute(STATISTICS, (list(person_ids),)).fetchall()
    return found


def account_of(db: Connection, mail_id: UUID) -> UUID | None:
    """Who has verified the mail address under whose id somebody books as a guest; the newest account of several."""
    query = "select customer_id from claims where mail_id = %s order by customer_id desc limit 1"
    found = db.cursor(row_factory=tuple_row).execute(query, (mail_id,)).fetchone()
    return found[0] if found else None


def is_readable(db: Connection, person_id: UUID) -> bool | None:
    """Whether it is known who they are: no more once they are forgotten; None for who never came."""
    query = "select words is not null from people where person_id = %s"
    found = db.cursor(row_factory=tuple_row).execute(query, (person_id,)).fetchone()
    return found[0] if found else None


def address_usage(db: Connection, person_ids: Sequence[UUID]) -> dict[UUID, tuple[int, datetime]]:
    """How many bookings of these persons used each saved address, and when the last of them was placed."""
    rows = db.cursor(row_factory=tuple_row).execute(USAGE, (list(person_ids),))
    return {id: (times, last) for id, times, last in rows}
