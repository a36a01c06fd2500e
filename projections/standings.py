"""What each customer counts as, and how many count as what: a summary is a few rows, however many customers there are.

A customer's tier follows from bookings of many keys, so counters by partition would not do. Who counts does it alone,
at the end of the transaction: whatever others have written by then is counted, and they come after with the rest.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import Connection
from psycopg.rows import args_row, dict_row, tuple_row

from domain.moment import NEW_YORK, moment_of
from projections.loyalty import TIER, TIERS
from projections.rows import write

TOTALS = ("total", "vip", *TIERS)
SCHEMA = f"""
    create table standings (
        person_id uuid primary key,
        day       date not null,
        is_vip    bool not null,
        tier      text not null
    );
    create table earnings (
        person_id uuid   primary key,
        completed int    not null,
        spent     bigint not null
    );
    create table totals (
        only_row bool primary key check (only_row),
        {", ".join(f"{name} int not null default 0" for name in TOTALS)}
    );
    create table arrivals (
        day    date primary key,
        people int  not null
    );
"""
# Who is shown: not whom nobody can read any more, and no guest whose address is an account's.
SHOWN = """words is not null and not (is_guest and exists (select from claims where mail_id = people.person_id))"""
SUMS = """count(*) filter (where is_paid)::int as bookings, count(*) filter (where is_completed)::int as completed,
          coalesce(sum(spent_cents), 0)::bigint as spent, max(placed_at) as last_booking_at"""
AFFECTED = "select customer_id from claims where mail_id = any(%s)"
NOW = f"""
    select person_id, (since at time zone '{NEW_YORK}')::date as day, coalesce(is_vip, false) as is_vip, {TIER} as tier
    from people left join vips using (person_id) left join lateral (
        select coalesce(sum(completed), 0) as completed, coalesce(sum(spent), 0) as spent
        from earnings where earnings.person_id = any(
            array(select mail_id from claims where customer_id = people.person_id) || people.person_id)) sums on true
    where person_id = any(%s) and {SHOWN}"""
NEW_DAYS = 30


class Standing(Struct, frozen=True):
    """A row of `standings`: since when they are customers, a VIP or not, of which tier. Who is not shown has none."""

    person_id: UUID
    day: date
    is_vip: bool
    tier: str


class Earning(Struct):
    """A row of `earnings`, or what is added to it: completed bookings, and cents spent, of the person's own."""

    person_id: UUID
    completed: int = 0
    spent: int = 0


def recount(db: Connection, touched: Iterable[UUID], earned: Iterable[Earning] = ()) -> None:
    """Adds what was earned, counts these persons anew, and the customers under whom they are shown.

    The last thing in a transaction.
    """
    if not (persons := sorted(set(touched))):
        return
    db.execute("insert into totals (only_row) values (true) on conflict do nothing")
    db.execute("select from totals for update")
    adding = "completed = earnings.completed + excluded.completed, spent = earnings.spent + excluded.spent"
    write(db, "earnings", earned, f"(person_id) do update set {adding}")
    customers = db.cursor(row_factory=tuple_row).execute(AFFECTED, (persons,)).fetchall()
    affected = sorted({*persons, *(id for (id,) in customers)})
    before, now = _asked(db, "select * from standings where person_id = any(%s)", affected), _asked(db, NOW, affected)
    gone = sorted(before.keys() - now.keys())
    if gone:
        db.execute("delete from standings where person_id = any(%s)", (gone,))
    write(
        db,
        "standings",
        [standing for id, standing in sorted(now.items()) if before.get(id) != standing],
        "(person_id) do update set day = excluded.day, is_vip = excluded.is_vip, tier = excluded.tier",
    )
    _add(db, before.values(), now.values())


def _asked(db: Connection, query: str, persons: Sequence[UUID]) -> dict[UUID, Standing]:
    rows = db.cursor(row_factory=args_row(Standing)).execute(query, (persons,))
    return {one.person_id: one for one in rows}


def _add(db: Connection, before: Iterable[Standing], now: Iterable[Standing]) -> None:
    """What they count as now, less what they counted as before."""
    totals: Counter[str] = Counter()
    arrivals: Counter[date] = Counter()
    for sign, standings in ((-1, before), (1, now)):
        for one in standings:
            arrivals[one.day] += sign
            for name in ("total", one.tier, *(("vip",) if one.is_vip else ())):
                totals[name] += sign
    if any(totals.values()):
        adding = ", ".join(f"{name} = {name} + %({name})s" for name in TOTALS)
        db.execute(f"update totals set {adding}", {name: totals[name] for name in TOTALS})
    days = [{"day": day, "people": n} for day, n in sorted(arrivals.items()) if n]
    write(db, "arrivals", days, "(day) do update set people = arrivals.people + excluded.people")
    if any(n < 0 for n in arrivals.values()):
        db.execute("delete from arrivals where people = 0 and day = any(%s)", (sorted(arrivals),))


def summary(db: Connection, now: datetime) -> dict[str, Any]:
    """`{total, new, vip, by_tier}`; `new` are those who registered or first booked in the last thirty days."""
    row = db.cursor(row_factory=dict_row).execute("select * from totals").fetchone() or dict.fromkeys(TOTALS, 0)
    first = moment_of(now).day - timedelta(NEW_DAYS)
    query = "select coalesce(sum(people), 0)::int from arrivals where day >= %s"
    [(new,)] = db.cursor(row_factory=tuple_row).execute(query, (first,)).fetchall()
    by_tier = {tier: row[tier] for tier in TIERS}
    return {"total": row["total"], "new": new, "vip": row["vip"], "by_tier": by_tier}
