"""The ledger: where the money is and why, in double entry, by the New York day of each event.

    paid               at_stripe <- charged       and fees <- at_stripe, where Stripe told its fee
    paid out           refunded  <- at_stripe     and back on the day on which the refund fails after all
    disputed           disputed  <- at_stripe     and back when it is won; disputes_lost <- disputed when it is lost

`one <- other` debits the one and credits the other with the same cents, so that whatever is summed up balances. Both
sides are kept, never what is left of them: a refund that failed does not hide that it was paid out.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import class_row, tuple_row

from domain import Value
from domain.moment import day_of
from domain.payment_events import DisputeClosed, DisputeOpened, PaymentSucceeded, RefundPaidOut, RefundReleased
from eventlog.envelope import Recorded
from projections.partitions import Parting
from projections.rows import write

SCHEMA = """
    create table postings (
        day          date   not null,
        account      text   not null,
        partition    int    not null,
        debit_cents  bigint not null,
        credit_cents bigint not null,
        primary key (day, account, partition)
    );
    -- Where the money of each refund that was paid out and of each dispute lies, so that it can be moved from there.
    create table moved (
        id           text   primary key,
        account      text   not null,
        cents        bigint not null
    );
"""
PERSONAL: frozenset[str] = frozenset()


class Account(StrEnum):
    AT_STRIPE = "at_stripe"  # what Stripe owes the house, or has paid to it
    CHARGED = "charged"
    REFUNDED = "refunded"
    FEES = "fees"
    DISPUTED = "disputed"  # what banks hold until they have decided
    DISPUTES_LOST = "disputes_lost"


class Posting(NamedTuple):
    """More than no cents, from one account to another."""

    debit: Account
    credit: Account
    cents: int


class Lies(NamedTuple):
    """Where the money of a refund or of a dispute lies."""

    account: Account
    cents: int


UNMOVED = Lies(Account.AT_STRIPE, 0)
Moves = RefundPaidOut | RefundReleased | DisputeOpened | DisputeClosed
OURS = (PaymentSucceeded, RefundPaidOut, RefundReleased, DisputeOpened, DisputeClosed)


def charged(event: PaymentSucceeded) -> list[Posting]:
    paid = Posting(Account.AT_STRIPE, Account.CHARGED, event.amount_cents)
    return _real([paid, Posting(Account.FEES, Account.AT_STRIPE, event.stripe_fee_cents or 0)])


def id_of(event: Moves) -> str:
    """What the money is called that the event moves."""
    return event.stripe_dispute_id if isinstance(event, DisputeOpened | DisputeClosed) else str(event.refund_id)


def after(lay: Lies, event: Moves) -> Lies:
    match event:
        case RefundPaidOut():
            return Lies(Account.REFUNDED, event.amount_cents)
        case DisputeOpened():
            return Lies(Account.DISPUTED, event.amount_cents)
        case DisputeClosed() if event.outcome != "won":
            return Lies(Account.DISPUTES_LOST, lay.cents)
        case _:
            return Lies(Account.AT_STRIPE, lay.cents)


def moved(lay: Lies, lies: Lies) -> list[Posting]:
    """All of it from where it lay to where it lies; then what it has become more or less, from or to Stripe.

    A bank's inquiry is a dispute of no cents, and may become one of all.
    """
    more = lies.cents - lay.cents
    side = (lies.account, Account.AT_STRIPE) if more > 0 else (Account.AT_STRIPE, lies.account)
    return _real([Posting(lies.account, lay.account, lay.cents), Posting(*side, abs(more))])


def _real(postings: list[Posting]) -> list[Posting]:
    return [posting for posting in postings if posting.cents and posting.debit != posting.credit]


def project(db: Connection, batch: Sequence[Recorded]) -> None:
    ours = [recorded for recorded in batch if isinstance(recorded.event, OURS)]
    if not ours:
        return
    before = _known(db, ours)
    now, parting = dict(before), Parting()
    sums: dict[tuple[date, str, int], list[int]] = defaultdict(lambda: [0, 0])
    for recorded in ours:
        day, partition = day_of(recorded.at), parting[recorded.key]
        for posting in _posted(recorded.event, now):
            sums[day, posting.debit, partition][0] += posting.cents
            sums[day, posting.credit, partition][1] += posting.cents
    _write_moved(db, before, now)
    _write_postings(db, sums)


def _posted(event: PaymentSucceeded | Moves, now: dict[str, Lies]) -> list[Posting]:
    """The event's postings; `now` is where the money lies, and is changed with it."""
    if isinstance(event, PaymentSucceeded):
        return charged(event)
    id = id_of(event)
    lay = now.get(id, UNMOVED)
    lies = after(lay, event)
    if lies != lay:
        now[id] = lies
    return moved(lay, lies)


def _known(db: Connection, ours: Sequence[Recorded]) -> dict[str, Lies]:
    ids = sorted({id_of(recorded.event) for recorded in ours if not isinstance(recorded.event, PaymentSucceeded)})
    if not ids:
        return {}
    rows = db.cursor(row_factory=tuple_row).execute("select id, account, cents from moved where id = any(%s)", (ids,))
    return {id: Lies(Account(account), cents) for id, account, cents in rows}


def _write_moved(db: Connection, before: dict[str, Lies], now: dict[str, Lies]) -> None:
    changed = [{"id": id, **lies._asdict()} for id, lies in sorted(now.items()) if lies != before.get(id)]
    write(db, "moved", changed, "(id) do update set account = excluded.account, cents = excluded.cents")


def _write_postings(db: Connection, sums: dict[tuple[date, str, int], list[int]]) -> None:
    rows = [
        {"day": day, "account": account, "partition": partition, "debit_cents": debit, "credit_cents": credit}
        for (day, account, partition), (debit, credit) in sorted(sums.items())
    ]
    adding = ", ".join(f"{side} = postings.{side} + excluded.{side}" for side in ("debit_cents", "credit_cents"))
    write(db, "postings", rows, f"(day, account, partition) do update set {adding}")


# Asking


class Line(Value):
    """What was debited and credited to an account on a day; without a day, on all days before the first asked for."""

    day: date | None
    account: str
    debit_cents: int
    credit_cents: int


ASKED = """
    select case when day >= %(since)s then day end as day, account,
           sum(debit_cents)::bigint as debit_cents, sum(credit_cents)::bigint as credit_cents
    from postings where day <= %(until)s group by 1, 2 order by 1 nulls first, 2"""


def lines(db: Connection, since: date = date.min, until: date = date.max) -> list[Line]:
    """By day, the days before `since` first and together; both days are included. One statement, so it balances."""
    return db.cursor(row_factory=class_row(Line)).execute(ASKED, {"since": since, "until": until}).fetchall()
