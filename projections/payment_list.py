"""Payments and refunds as staff ask for them: narrowed, newest first, page by page; asked of `payments`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, tuple_row

from domain import Value


class After(Value):
    """The last line of the page before."""

    at: datetime
    id: UUID


class Wish(Value):
    """All conditions together; asked for from `since` on, and before `until`. `payment_id` narrows refunds alone."""

    status: str | None = None
    booking_id: UUID | None = None
    payment_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 20
    after: After | None = None


class Page(Value):
    """`next` is None on the last page."""

    lines: list[dict[str, Any]]
    next: After | None


FILTERS = {
    "status": "status = %(status)s",
    "booking_id": "booking_id = %(booking_id)s",
    "payment_id": "payment_id = %(payment_id)s",
    "since": "requested_at >= %(since)s",
    "until": "requested_at < %(until)s",
}
LISTED = """
    with page as (select * from {table} where {conditions} order by requested_at desc, {id} desc limit %(limit)s)
    select page.*, booking_number from page join numbers using (booking_id) order by requested_at desc, {id} desc"""
OF_PAYMENT = (
    "booking_id", "booking_number", "stripe_payment_intent_id", "stripe_charge_id", "amount_cents", "refunded_cents",
    "status", "failure_reason", "stripe_fee_cents", "requested_at", "processed_at",
)  # fmt: skip
OF_REFUND = (
    "payment_id", "booking_id", "booking_number", "amount_cents", "reason", "status", "requested_by",
    "stripe_refund_id", "failure_reason", "requested_at", "completed_at",
)  # fmt: skip


def payments(db: Connection, wish: Wish) -> Page:
    return _page(db, "payments", "payment_id", wish)


def refunds(db: Connection, wish: Wish) -> Page:
    return _page(db, "refunds", "refund_id", wish)


def shown_payment(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["payment_id"]} | {name: row[name] for name in OF_PAYMENT}


def shown_refund(row: dict[str, Any]) -> dict[str, Any]:
    """One that was denied was approved by nobody."""
    by, at = row["decided_by"], row["decided_at"]
    decided, other = ("denied", "approved") if row["status"] == "denied" else ("approved", "denied")
    who = {f"{decided}_by": by, f"{decided}_at": at, f"{other}_by": None, f"{other}_at": None}
    return {"id": row["refund_id"]} | {name: row[name] for name in OF_REFUND} | who


# `failed` is still open: it can be tried again.
UNDER_WAY = """
    select payment_id from payments where requested_at >= %(since)s
    union select payment_id from payments where status in ('pending', 'processing', 'requires_action', 'failed')
    union select payment_id from payments where disputes @? '$.* ? (@ == "open" || @ == "inquiry")'
    union select payment_id from refunds where status = 'approved'"""
EVER = "select payment_id from payments"


def to_compare(db: Connection, since: datetime | None) -> list[UUID]:
    """Payments asked for since then (None: ever), and all that have anything open, however old."""
    rows = db.cursor(row_factory=tuple_row).execute(UNDER_WAY if since else EVER, {"since": since})
    return sorted(id for (id,) in rows)


SHOWN = {"payments": shown_payment, "refunds": shown_refund}


def _page(db: Connection, table: str, id: str, wish: Wish) -> Page:
    query = LISTED.format(table=table, id=id, conditions=" and ".join(_conditions(wish, id)))
    given = {name: getattr(wish, name) for name in FILTERS} | {"limit": wish.limit + 1}
    if wish.after:
        given |= {"after_at": wish.after.at, "after_id": wish.after.id}
    rows = db.cursor(row_factory=dict_row).execute(query, given).fetchall()
    found, more = rows[: wish.limit], len(rows) > wish.limit
    last = After(found[-1]["requested_at"], found[-1][id]) if more else None
    return Page([SHOWN[table](row) for row in found], last)


def _conditions(wish: Wish, id: str) -> list[str]:
    found = [condition for name, condition in FILTERS.items() if getattr(wish, name) is not None]
    if wish.after:
        found.append(f"(requested_at, {id}) < (%(after_at)s, %(after_id)s)")
    return found or ["true"]
