"""The list of bookings as staff ask for it: searched, filtered, sorted, page by page; asked of `bookings`."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, tuple_row

from domain import Value
from domain.booking_status import OWING, Status
from projections.searching import query_of


class Sort(StrEnum):
    PICKUP_DATE = "pickup_date"
    CREATED_AT = "created_at"
    TOTAL_PRICE_CENTS = "total_price_cents"
    BOOKING_NUMBER = "booking_number"


class After(Value):
    """The last line of the page before: what it was sorted by, as text, and which it was."""

    key: str
    id: UUID


class Wish(Value):
    """All conditions together. No status means any; `customer` is a customer's id, or that of a person who booked.

    `pickup_from` and `pickup_to` are both included. `deleted`: those that were put away, and no others.
    """

    search: str = ""
    status: tuple[Status, ...] = ()
    service_type: str | None = None
    pickup_from: date | None = None
    pickup_to: date | None = None
    customer: UUID | None = None
    is_vip: bool | None = None
    deleted: bool = False
    sort: Sort = Sort.CREATED_AT
    is_descending: bool = True
    limit: int = 20
    after: After | None = None


class Page(Value):
    """`next` is None on the last page."""

    bookings: list[dict[str, Any]]
    next: After | None


KINDS = {
    Sort.PICKUP_DATE: "date",
    Sort.CREATED_AT: "timestamptz",
    Sort.TOTAL_PRICE_CENTS: "bigint",
    Sort.BOOKING_NUMBER: "text",
}
OWNER = "(select customer_id from claims where mail_id = l.person_id order by customer_id desc limit 1)"
PERSONS = """
    select person_id from (
        select coalesce((select customer_id from claims where mail_id = %(id)s order by customer_id desc limit 1),
                        %(id)s) as owner) whose,
        unnest(array(select mail_id from claims where customer_id = owner) || owner) person_id"""
# Guests whose address an account has verified are what the account is.
VIPS = """array(
    select person_id from vips where is_vip and not exists (select from claims where mail_id = vips.person_id)
    union select mail_id from claims join vips on person_id = customer_id where is_vip)"""
# An array, and not a join: few are found, whatever the planner thinks of the words.
FOUND = "array(select booking_id from contacts where to_tsvector('simple', words) @@ to_tsquery('simple', %(query)s))"
FILTERS = {
    "service_type": "service_type = %(service_type)s",
    "pickup_from": "pickup_date >= %(pickup_from)s",
    "pickup_to": "pickup_date <= %(pickup_to)s",
    "customer": "person_id = any(%(persons)s)",
}
LISTED = """
    with page as ({found} order by {order} limit %(limit)s)
    select l.*, first_name, last_name, email, phone, coalesce(owner, l.person_id) as customer_id,
           coalesce(is_vip, false) as is_vip, {key}::text as key
    from page l join contacts using (booking_id) left join lateral {owner} whose (owner) on true
    left join vips on vips.person_id = coalesce(owner, l.person_id) order by {order}"""
LINE = ("booking_number", "status", "service_type", "pickup_date", "pickup_time", "specific_pickup_hour")
MORE = ("pickup_city", "pickup_zip_code", "delivery_city", "delivery_zip_code", "total_price_cents")


def listed(db: Connection, wish: Wish) -> Page:
    """A page of bookings, each as `shown` has it. A search that holds nothing to search for finds none."""
    if wish.search and not query_of(wish.search):
        return Page([], None)
    rows = db.cursor(row_factory=dict_row).execute(statement(wish), given(db, wish)).fetchall()
    more, found = len(rows) > wish.limit, rows[: wish.limit]
    last = After(found[-1]["key"], found[-1]["booking_id"]) if more else None
    return Page([shown(row) for row in found], last)


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """`customer` is the account, where there is one; by the names that were given for this booking."""
    name = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    whose = {"id": row["customer_id"], "name": name or None, "email": row["email"], "phone": row["phone"]}
    due = row["total_price_cents"] - row["paid_cents"] if row["status"] in OWING else 0
    return {
        "id": row["booking_id"],
        **{name: row[name] for name in LINE},
        "customer": whose | {"is_vip": row["is_vip"], "is_guest": row["is_guest"]},
        **{name: row[name] for name in MORE},
        "balance_due_cents": due,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def given(db: Connection, wish: Wish) -> dict[str, Any]:
    """The values for the query."""
    values = {name: getattr(wish, name) for name in ("service_type", "pickup_from", "pickup_to")}
    values |= {"limit": wish.limit + 1, "query": query_of(wish.search), "status": list(wish.status)}
    if wish.customer:
        values["persons"] = persons_of(db, wish.customer)
    return values | ({"after_key": wish.after.key, "after_id": wish.after.id} if wish.after else {})


def persons_of(db: Connection, id: UUID) -> list[UUID]:
    """Under which ids the customer books: with the account, and as a guest with addresses that it has verified."""
    return [person for (person,) in db.cursor(row_factory=tuple_row).execute(PERSONS, {"id": id})]


def statement(wish: Wish) -> str:
    """The query, with a place for each value."""
    way = "desc" if wish.is_descending else "asc"
    order = f"{wish.sort} {way}, booking_id {way}"
    return LISTED.format(found=_found(wish, order), order=order, key=wish.sort, owner=OWNER)


def _found(wish: Wish, order: str) -> str:
    """Few are found and sorted; of many, the first of each status are merged."""
    where = " and ".join(_conditions(wish))
    if wish.search or wish.customer or wish.deleted:
        narrowed = "and status = any(%(status)s)" if wish.status else ""
        return f"select * from lines where {where} {narrowed}"
    statuses = sorted(set(wish.status)) or list(Status)
    first = f"and {where} order by {order} limit %(limit)s"  # of each, or the planner sorts them all
    return (
        "select * from ("
        + " union all ".join(f"(select * from lines where status = '{status}' {first})" for status in statuses)
        + ") of_each"
    )


def _conditions(wish: Wish) -> list[str]:
    found = ["is_deleted" if wish.deleted else "not is_deleted"]
    found += [condition for name, condition in FILTERS.items() if getattr(wish, name) is not None]
    if wish.search:
        found.append(f"booking_id = any({FOUND})")
    if wish.is_vip is not None:
        found.append(f"person_id = any({VIPS})" if wish.is_vip else f"person_id <> all({VIPS})")
    if wish.after:
        beyond = "<" if wish.is_descending else ">"
        found.append(f"({wish.sort}, booking_id) {beyond} (%(after_key)s::{KINDS[wish.sort]}, %(after_id)s)")
    return found
