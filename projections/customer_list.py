"""The list of customers as staff ask for it: searched, filtered, sorted, page by page; asked of `customers`."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from domain import Value
from projections.customers import ALL_SUMS, NAME
from projections.loyalty import TIER
from projections.searching import query_of
from projections.standings import SHOWN, SUMS


class Sort(StrEnum):
    REGISTERED_AT = "registered_at"
    NAME = "name"
    TOTAL_SPENT_CENTS = "total_spent_cents"
    LAST_BOOKING_AT = "last_booking_at"


class After(Value):
    """The last line of the page before: what it was sorted by, as text, and whose it was."""

    key: str
    id: UUID


class Wish(Value):
    """`registered_from` and `registered_to` are both included. Who never booked comes first by `last_booking_at`."""

    search: str = ""
    is_vip: bool | None = None
    tier: str | None = None
    registered_from: datetime | None = None
    registered_to: datetime | None = None
    sort: Sort = Sort.REGISTERED_AT
    is_descending: bool = True
    limit: int = 20
    after: After | None = None


class Page(Value):
    """`next` is None on the last page."""

    customers: list[dict[str, Any]]
    next: After | None


# What each way to sort compares, with the type of what a page ends with.
KEYS = {
    Sort.REGISTERED_AT: ("registered_at", "timestamptz"),
    Sort.NAME: ("name", "text"),
    Sort.TOTAL_SPENT_CENTS: ("total_spent_cents", "bigint"),
    Sort.LAST_BOOKING_AT: ("last_booking", "timestamptz"),
}
PEOPLE = f"""select person_id as id, is_guest, since as registered_at, first_name, last_name, email, phone,
                    {NAME} as name, coalesce(is_vip, false) as is_vip
             from people left join vips using (person_id) where {SHOWN}"""
# Of those who are found their bookings are looked up; of everybody they are summed in one go.
SUMS_OF_EACH = f"""left join lateral (
    select {SUMS} from purchases
    where person_id = any(array(select mail_id from claims where customer_id = p.id) || p.id)) sums on true"""
SUMS_OF_ALL = f"left join ({ALL_SUMS}) sums on sums.person_id = p.id"
# Who is found is found first: the planner knows too little of words to weigh their index against that of the order.
LISTED = """
    with found as {how} ({people}), p as (select * from found {page})
    select {line}, {key}::text as key from (
        select id, not is_guest as has_account, first_name, last_name, email, phone, is_vip, registered_at,
               coalesce(bookings, 0) as total_bookings, last_booking_at, coalesce(spent, 0) as total_spent_cents,
               {tier} as loyalty_tier, name, coalesce(last_booking_at, '-infinity') as last_booking
        from p {sums}) shown
    where (%(tier)s::text is null or loyalty_tier = %(tier)s) {after} {order}"""
LINE = ("id", "has_account", "first_name", "last_name", "email", "phone", "is_vip", "registered_at",
        "total_bookings", "last_booking_at", "total_spent_cents", "loyalty_tier")  # fmt: skip
FILTERS = {
    "is_vip": "coalesce(is_vip, false) = %(is_vip)s",
    "registered_from": "since >= %(registered_from)s",
    "registered_to": "since <= %(registered_to)s",
}


def listed(db: Connection, wish: Wish) -> Page:
    """A page of customers: accounts, and guests whose address no account has verified.

    Each has what `LINE` names. A search that holds nothing to search for finds nobody.
    """
    if wish.search and not query_of(wish.search):
        return Page([], None)
    rows = db.cursor(row_factory=dict_row).execute(statement(wish), given(wish)).fetchall()
    more, shown = len(rows) > wish.limit, rows[: wish.limit]
    last = After(shown[-1]["key"], shown[-1]["id"]) if more else None
    return Page([{name: row[name] for name in LINE} for row in shown], last)


def given(wish: Wish) -> dict[str, Any]:
    """The values for the query."""
    values = {name: getattr(wish, name) for name in ("tier", *FILTERS)}
    values |= {"limit": wish.limit + 1, "query": query_of(wish.search)}
    return values | ({"after_key": wish.after.key, "after_id": wish.after.id} if wish.after else {})


def statement(wish: Wish) -> str:
    """The query, with a place for each value."""
    key, kind = KEYS[wish.sort]
    way, beyond = ("desc", "<") if wish.is_descending else ("asc", ">")
    people = ["to_tsvector('simple', words) @@ to_tsquery('simple', %(query)s)"] if wish.search else []
    people += [condition for name, condition in FILTERS.items() if getattr(wish, name) is not None]
    by_sums = wish.tier or wish.sort in (Sort.TOTAL_SPENT_CENTS, Sort.LAST_BOOKING_AT)
    after = f"and ({key}, id) {beyond} (%(after_key)s::{kind}, %(after_id)s)" if wish.after else ""
    order = f"order by {key} {way}, id {way} limit %(limit)s"
    return LISTED.format(
        how="materialized" if wish.search else "not materialized",
        people=" and ".join([PEOPLE, *people]),
        page="" if by_sums else f"where true {after} {order}",
        line=", ".join(LINE),
        key=key,
        tier=TIER,
        sums=SUMS_OF_ALL if by_sums and not wish.search else SUMS_OF_EACH,
        after=after,
        order=order,
    )
