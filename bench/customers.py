"""What a search in the list of customers reads, as the list grows: pages of Postgres, not seconds.

    python -m bench.customers [--few 1000] [--many 100000]

The model's tables are filled with that many people, who all have bookings; the same few of them have the name that is
searched for. Read at `--many`, and how many times that of `--few`: twice at most.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import psycopg
from psycopg.types.json import Jsonb

from eventlog.migrations import migrate
from integrations.embedded.postgres import EmbeddedPostgres
from projections.customer_list import Sort, Wish, given, listed, statement
from projections.models import create_all
from projections.rows import copy
from projections.schemas import look_into
from projections.searching import words_of

START, HITS, MOST = datetime(2026, 1, 1, tzinfo=UTC), 20, 2.0
NAME = "Quillfeather"
PEOPLE = {"person_id": "uuid", "is_guest": "bool", "since": "timestamptz", "position": "int8", "first_name": "text",
          "last_name": "text", "email": "text", "phone": "text", "words": "text"}  # fmt: skip
PURCHASES = {"booking_id": "uuid", "person_id": "uuid", "placed_at": "timestamptz", "is_paid": "bool",
             "is_completed": "bool", "received_cents": "int8", "refunds": "jsonb", "spent_cents": "int8"}  # fmt: skip
BOOKINGS = 3


def main() -> int:
    parser = argparse.ArgumentParser(description="Pages that a search reads among few customers and among many.")
    parser.add_argument("--few", type=int, default=1_000)
    parser.add_argument("--many", type=int, default=100_000)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="totetaxi-bench-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres", durable=False)
        try:
            return report(server.start(), (told.few, told.many))
        finally:
            server.stop()


def report(url: str, sizes: tuple[int, int]) -> int:
    list(migrate(url))
    with psycopg.connect(url, autocommit=True) as db:
        create_all(db)
        found = [searched(db, size) for size in sizes]
    good = True
    for label, few, many in zip(found[0], found[0].values(), found[1].values(), strict=True):
        ratio = many / few
        good = good and ratio <= MOST
        print(f"{label}: {few} pages at {sizes[0]} customers, {many} at {sizes[1]}: {ratio:.2f} times (most {MOST})")
    return 0 if good else 1


def searched(db: psycopg.Connection, size: int) -> dict[str, int]:
    """How many pages each search reads among that many customers."""
    fill(db, size)
    wishes = {
        "by name": Wish(NAME),
        "by the name's beginning": Wish(NAME[:6]),
        "by phone, the most spent first": Wish("555-0100", sort=Sort.TOTAL_SPENT_CENTS),
        "by mail, silver only": Wish("quillfeather example.org", tier="silver"),
    }
    return {label: pages(db, wish) for label, wish in wishes.items()}


def fill(db: psycopg.Connection, size: int) -> None:
    """That many customers in place of those before, as settled as after a night's vacuum."""
    db.execute("truncate customers.people, customers.purchases, customers.claims, customers.vips")
    with db.transaction():
        look_into(db, "customers")
        copy(db, "people", PEOPLE, [_person(n, size) for n in range(size)])
        copy(db, "purchases", PURCHASES, [_purchase(n, m) for n in range(size) for m in range(BOOKINGS)])
    db.execute("vacuum analyze customers.people, customers.purchases, customers.claims, customers.vips")


def pages(db: psycopg.Connection, wish: Wish) -> int:
    """Read or found in memory by the list's own query. Raises ValueError when it finds others than it should."""
    with db.transaction():
        look_into(db, "customers")
        if len(listed(db, wish).customers) != HITS:
            raise ValueError(f"{wish.search} finds {len(listed(db, wish).customers)}, not {HITS}")
        [(plan,)] = db.execute(f"explain (analyze, buffers, format json) {statement(wish)}", given(wish)).fetchall()
    return plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]


def _person(n: int, size: int) -> Sequence[Any]:
    """Those who are searched for are spread over the whole table."""
    is_hit = n % (size // HITS) == 0
    first, last = f"Given{n % 500}", NAME if is_hit else f"Family{n % 5000}"
    mail = f"{last.lower()}.{n}@example.{'org' if is_hit else 'com'}"
    phone = f"+1212555{100 if is_hit else 1000 + n % 9000:04d}"
    words = words_of([first, last, mail], phone)
    return (_id(n), n % 2 == 0, START + timedelta(minutes=n), n + 1, first, last, mail, phone, words)


def _purchase(n: int, m: int) -> Sequence[Any]:
    id, at = uuid5(NAMESPACE_OID, f"booking {n} {m}"), START + timedelta(minutes=n, days=m)
    return (id, _id(n), at, True, True, 99_500, Jsonb({}), 99_500)


def _id(n: int) -> UUID:
    return uuid5(NAMESPACE_OID, f"customer {n}")


if __name__ == "__main__":
    sys.exit(main())
