"""Reconciliation: what each comparison of our record with Stripe's found, a stream for each New York day.

BooksCompared -> compared -> BooksCompared -> compared

Money moves at Stripe before we hear of it, so a difference is looked into first: what Stripe tells then becomes events
of payments and refunds (it was mended). What is still different afterwards is a finding, and a person has to act. The
next comparison looks at it again, however old it is: it stays until it is explained.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import NAMESPACE_OID, UUID, uuid5

from domain import Value
from domain.payment import Payment, Status, disputed_cents

MOST_FINDINGS = 100  # kept of one comparison, the largest first; the cents are those of all
Id = TypeVar("Id", UUID, str)


class Kind(StrEnum):
    """What is different. Of the first five the money is unexplained; the others are late, and have no cents."""

    UNKNOWN_PAYMENT = "unknown_payment"  # Stripe has money for a payment that we never asked for
    NOT_AT_STRIPE = "not_at_stripe"  # we say that there was money, and Stripe knows no such intent
    CHARGED = "charged"  # another amount was paid than we say
    REFUNDED = "refunded"  # another amount went back than we say
    DISPUTED = "disputed"  # banks hold another amount than we say
    REFUND_STUCK = "refund_stuck"  # approved for over a day, and neither done nor failed
    PAYMENT_STUCK = "payment_stuck"  # no longer wanted for over a day, and not at its end


class Finding(Value):
    """`cents` are what Stripe has moved less what we say (negative: we say more); 0 for what is only late."""

    kind: Kind
    stripe_id: str
    payment_id: UUID | None = None
    refund_id: UUID | None = None
    cents: int = 0

    @property
    def intent_id(self) -> str:
        """Of a dispute `stripe_id` is its own."""
        return "" if self.kind is Kind.DISPUTED else self.stripe_id


# Events


class BooksCompared(Value):
    """`compared` payments since `since` (None: all), of which `mended` had news; `unexplained_cents` of all findings.

    `unexplained_cents` adds up the size of each difference, so that one does not hide another. So many findings were
    `left_out` of the list. It is not `is_whole` where payments of ours may be missing: the read model did not have all.
    """

    compared: int
    mended: int
    unexplained_cents: int = 0
    findings: tuple[Finding, ...] = ()
    since: datetime | None = None
    left_out: int = 0
    is_whole: bool = True


Event = BooksCompared


# State


def evolve(state: BooksCompared | None, event: Event) -> BooksCompared:
    """The last comparison of the day is all that is asked for."""
    return event


# Decisions


class Moved(Value):
    """What Stripe has moved for one intent, in cents: received; given back, by our ids; held by banks, by dispute."""

    stripe_id: str
    received_cents: int = 0
    refunds: dict[UUID, int] = {}
    disputes: dict[str, int] = {}

    @property
    def held_cents(self) -> int:
        """What is left of it at Stripe."""
        return self.received_cents - sum(self.refunds.values()) - sum(self.disputes.values())


def differences(id: UUID, paying: Payment, moved: Moved) -> list[Finding]:
    """Each amount that is another than ours, and not only their sums."""
    received = paying.amount_cents if paying.status is Status.SUCCEEDED else 0
    found = [Finding(Kind.CHARGED, moved.stripe_id, id, cents=moved.received_cents - received)]
    found += [
        Finding(Kind.REFUNDED, moved.stripe_id, id, back, cents)
        for back, cents in _less(moved.refunds, paying.paid_out).items()
    ]
    found += [
        Finding(Kind.DISPUTED, dispute, id, cents=cents)
        for dispute, cents in _less(moved.disputes, disputed_cents(paying)).items()
    ]
    return [one for one in found if one.cents]


def not_at_stripe(id: UUID, paying: Payment) -> list[Finding]:
    """Of an intent that Stripe does not know: nothing, unless we say that money came."""
    if paying.status is not Status.SUCCEEDED:
        return []
    return [Finding(Kind.NOT_AT_STRIPE, paying.intent_id, id, cents=-paying.amount_cents)]


def of_nobody(kind: Kind, id: UUID, moved: Moved) -> list[Finding]:
    """Of an intent that names a payment we do not know, or a second one of a payment: the money that it holds."""
    return [Finding(kind, moved.stripe_id, id, cents=moved.held_cents)] if moved.held_cents else []


def _less(theirs: Mapping[Id, int], ours: Mapping[Id, int]) -> dict[Id, int]:
    return {id: theirs.get(id, 0) - ours.get(id, 0) for id in sorted(theirs.keys() | ours.keys(), key=str)}


def compared(count: int, mended: int, findings: Sequence[Finding], since: datetime | None) -> BooksCompared:
    """Those left out are found again by the next comparison, which then looks at everything."""
    largest = tuple(sorted(findings, key=lambda one: -abs(one.cents))[:MOST_FINDINGS])
    cents = sum(abs(one.cents) for one in findings)
    return BooksCompared(count, mended, cents, largest, since, len(findings) - len(largest))


def stream(day: date) -> UUID:
    return uuid5(NAMESPACE_OID, f"reconciliation {day}")
