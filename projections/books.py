"""The comparisons of our books with Stripe's: the last one of each New York day; a part of `payments`."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import structs
from psycopg import Connection
from psycopg.rows import dict_row

from domain import Value
from domain.moment import day_of
from domain.reconciliation import BooksCompared, Finding
from eventlog.envelope import Recorded
from projections.rows import write

SCHEMA = """
    create table books (
        day          date   primary key,
        compared_at  timestamptz not null,
        compared     bigint not null,
        mended       bigint not null,
        unexplained_cents bigint not null,
        findings     jsonb  not null,
        left_out     bigint not null,
        is_whole     bool   not null
    );
"""
SHOWN = "compared_at, compared, mended, unexplained_cents, findings, left_out, is_whole"
CHANGED = ", ".join(f"{name} = excluded.{name}" for name in SHOWN.split(", "))


class Books(Value):
    day: date
    compared_at: datetime
    compared: int
    mended: int
    unexplained_cents: int
    findings: tuple[Finding, ...]
    left_out: int
    is_whole: bool


def project(db: Connection, batch: Sequence[Recorded]) -> None:
    """A day is a key of its own, and told by the events of that key alone."""
    days = {}
    for recorded in batch:
        if isinstance(event := recorded.event, BooksCompared):
            day, told = day_of(recorded.at), structs.asdict(event)
            del told["since"]
            days[day] = Books(day, recorded.at, **told)
    write(db, "books", [days[day] for day in sorted(days)], f"(day) do update set {CHANGED}")


def last(db: Connection) -> dict[str, Any] | None:
    """The newest comparison, None before the first: `findings` are `domain.reconciliation.Finding`."""
    query = f"select {SHOWN} from books order by day desc limit 1"
    return db.cursor(row_factory=dict_row).execute(query).fetchone()
