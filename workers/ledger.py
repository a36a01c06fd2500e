"""`totetaxi ledger`: the books by New York day, each account's debits and credits, and whether they balance."""

import sys
import time
from argparse import Namespace
from datetime import date
from itertools import groupby

from msgspec import json
from psycopg import Connection

from domain import Value
from projections.ledger import Account, Line, lines
from projections.schemas import enter, exists
from projections.state import standing
from settings import BadSettings, Settings
from workers.upkeep import connected

NAME, PATIENCE_S, PAUSE_S = "ledger", 10.0, 0.1
ORDER = [str(account) for account in Account]
FEE_OF_DISPUTES = "the bank's fee for a dispute is not in the books: Stripe does not tell us of it"


class Books(Value):
    """`lines` as the read model gives them; `behind_events` of the log are not in them, `parked_keys` never came in."""

    lines: list[Line]
    behind_events: int = 0
    parked_keys: int = 0

    @property
    def days(self) -> list[tuple[date | None, list[Line]]]:
        """By day, None for all days before the first that was asked for."""
        ordered = sorted(self.lines, key=lambda line: (line.day or date.min, ORDER.index(line.account)))
        return [(day, list(of_day)) for day, of_day in groupby(ordered, lambda line: line.day)]

    @property
    def closing(self) -> dict[str, int]:
        """Debits less credits of each account, cents."""
        found = dict.fromkeys(ORDER, 0)
        for line in self.lines:
            found[line.account] += line.debit_cents - line.credit_cents
        return found

    @property
    def unbalanced(self) -> list[date | None]:
        return [day for day, of_day in self.days if len(set(totals(of_day))) > 1]


def totals(of: list[Line]) -> tuple[int, int]:
    return sum(line.debit_cents for line in of), sum(line.credit_cents for line in of)


def ledger(asked: Namespace) -> int:
    """Exits with 1 when debits are not credits on any of the days."""
    since, until = vars(asked)["from"] or date.min, asked.to or date.max
    if since > until:
        raise BadSettings(f"--from {since} is after --to {until}")
    with connected(Settings.from_env()) as db:
        books = read(db, since, until)
    told = [as_json(books)] if asked.json else printed(books)
    print("\n".join(told))
    for word in missing(books):
        print(word, file=sys.stderr)
    return 1 if books.unbalanced else 0


def read(db: Connection, since: date, until: date) -> Books:
    """Once everything is in it that was in the log when it was asked for, or after a while without."""
    if not exists(db, NAME):
        raise BadSettings("there is no ledger yet: run `totetaxi migrate`")
    behind_events = caught_up(db)
    with db.transaction():
        enter(db, NAME)
        return Books(lines(db, since, until), behind_events, standing(db, NAME).parked)


def caught_up(db: Connection) -> int:
    """Returns once the read model has what was in the log when it was asked; else how many events it is behind."""
    deadline = time.monotonic() + PATIENCE_S
    at = standing(db, NAME)
    head = at.head
    while at.complete < head:
        if time.monotonic() > deadline:
            return at.lag_events
        time.sleep(PAUSE_S)
        at = standing(db, NAME)
    return 0


# Printing


def printed(books: Books) -> list[str]:
    found = [row("day", "account", "debit", "credit")]
    for day, of_day in books.days:
        found += [sums(str(day or "before"), line.account, line.debit_cents, line.credit_cents) for line in of_day]
        found += [sums("", "total", *totals(of_day)), ""]
    closing = [(name, max(0, cents), max(0, -cents)) for name, cents in books.closing.items()]
    found += [sums("closing", *of_account) for of_account in closing]
    found.append(sums("", "total", sum(debit for _, debit, _ in closing), sum(credit for *_, credit in closing)))
    if any(line.account == Account.DISPUTED for line in books.lines):
        found += ["", FEE_OF_DISPUTES]
    return [*found, "", verdict(books)]


def verdict(books: Books) -> str:
    if wrong := books.unbalanced:
        return f"DEBITS ARE NOT CREDITS: {', '.join(str(day or 'before') for day in wrong)}"
    return f"debits equal credits: {dollars(totals(books.lines)[0])}"


def sums(*cells: str | int) -> str:
    day, account, *cents = cells
    return row(day, account, *map(dollars, cents))


def row(day: str, account: str, debit: str, credit: str) -> str:
    return f"{day:<12}{account:<14}{debit:>18}{credit:>18}".rstrip()


def dollars(cents: int) -> str:
    """1234567 -> 12,345.67"""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' * (cents < 0)}{whole:,}.{rest:02}"


def missing(books: Books) -> list[str]:
    """What keeps the books from being complete."""
    found = []
    if books.behind_events:
        found.append(f"{books.behind_events} events of the log are not in it yet: is a projector running?")
    if books.parked_keys:
        found.append(
            f"{books.parked_keys} keys are parked, and what they moved is missing: `totetaxi projections parked`"
        )
    return found


def as_json(books: Books) -> str:
    """Cents. `before` is what was on all days before the first that was asked for; `closing` debits less credits."""
    by_day = [{"day": day, "total": told(*totals(of_day)), "accounts": accounts(of_day)} for day, of_day in books.days]
    answer = {
        "before": next((each["accounts"] for each in by_day if each["day"] is None), {}),
        "days": [each for each in by_day if each["day"]],
        "closing": books.closing,
        "is_balanced": not books.unbalanced,
        "behind_events": books.behind_events,
        "parked_keys": books.parked_keys,
    }
    return json.format(json.encode(answer)).decode()


def accounts(of_day: list[Line]) -> dict[str, dict[str, int]]:
    return {line.account: told(line.debit_cents, line.credit_cents) for line in of_day}


def told(debit_cents: int, credit_cents: int) -> dict[str, int]:
    return {"debit_cents": debit_cents, "credit_cents": credit_cents}
