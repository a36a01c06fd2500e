"""Reconciliation: what each comparison of our record with Stripe's found, a stream for each New York day.

compared -> note -> compared

Money moves at Stripe before we hear of it, so a difference is looked into first: what Stripe tells then becomes events
of payments and refunds (it was mended). What is still different afterwards is a finding, and a person has to act.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import NAMESPACE_OID, UUID, uuid5

from domain import Value

MOST_FINDINGS = 100  # kept of one comparison; the cents are those of all


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


# Events


class BooksCompared(Value):
    """`compared` payments since `since` (None: all), of which `mended` had news; `unexplained_cents` of all findings.

    `unexplained_cents` adds up the size of each difference, so that one does not hide another.
    """

    compared: int
    mended: int
    unexplained_cents: int = 0
    findings: tuple[Finding, ...] = ()
    since: datetime | None = None


Event = BooksCompared


# State


def evolve(state: BooksCompared | None, event: Event) -> BooksCompared:
    """The last comparison of the day is all that is asked for."""
    return event


# Decisions


def stream(day: date) -> UUID:
    return uuid5(NAMESPACE_OID, f"reconciliation {day}")


def note(state: BooksCompared | None, event: BooksCompared) -> list[BooksCompared]:
    """Each comparison is told, also one that found nothing: staff see when the last one was."""
    return [event]
