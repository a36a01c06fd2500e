"""Payments and refunds as staff list them: what was asked for, what came, what went back, what is disputed."""

from collections.abc import Sequence
from datetime import datetime
from typing import get_args
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from psycopg import Connection
from psycopg.rows import args_row

from domain import payment, refund
from domain.booking_events import BookingPlaced
from domain.payment_events import (
    DisputeClosed,
    DisputeOpened,
    PaymentActionRequired,
    PaymentCancelled,
    PaymentFailed,
    PaymentOpened,
    PaymentProcessing,
    PaymentRequested,
    PaymentSucceeded,
    RefundPaidOut,
    RefundReleased,
)
from domain.refund import (
    RefundApproved,
    RefundCompleted,
    RefundDenied,
    RefundFailed,
    RefundRequested,
    RefundTriedAgain,
)
from eventlog.envelope import Recorded
from projections import books
from projections.rows import copy, write

SCHEMA = """
    create table payments (
        payment_id     uuid   primary key,
        booking_id     uuid   not null,
        amount_cents   bigint not null,
        requested_at   timestamptz not null,
        progress       text   not null,
        stripe_payment_intent_id text,
        stripe_charge_id text,
        stripe_fee_cents bigint,
        failure_reason text,
        processed_at   timestamptz,
        paid_out       jsonb  not null,
        refunded_cents bigint not null,
        disputes       jsonb  not null,
        status         text   not null
    );
    create index on payments (requested_at, payment_id);
    create index on payments (status, requested_at, payment_id);
    create index on payments (booking_id);
    create table refunds (
        refund_id      uuid   primary key,
        payment_id     uuid   not null,
        booking_id     uuid   not null,
        amount_cents   bigint not null,
        reason         text   not null,
        status         text   not null,
        requested_by   text   not null,
        requested_at   timestamptz not null,
        decided_by     text,
        decided_at     timestamptz,
        completed_at   timestamptz,
        stripe_refund_id text,
        failure_reason text
    );
    create index on refunds (requested_at, refund_id);
    create index on refunds (status, requested_at, refund_id);
    create index on refunds (payment_id);
    create table numbers (booking_id uuid primary key, booking_number text not null);
    create index on payments (payment_id) where disputes @? '$.* ? (@ == "open" || @ == "inquiry")';
"""
SCHEMA += books.SCHEMA
PERSONAL: frozenset[str] = frozenset()
NUMBERS = {"booking_id": "uuid", "booking_number": "text"}
PROGRESS = {
    PaymentProcessing: payment.Status.PROCESSING,
    PaymentActionRequired: payment.Status.REQUIRES_ACTION,
    PaymentFailed: payment.Status.FAILED,
    PaymentSucceeded: payment.Status.SUCCEEDED,
    PaymentCancelled: payment.Status.CANCELLED,
}
OF_PAYMENTS, OF_REFUNDS = frozenset(get_args(payment.Event)), frozenset(get_args(refund.Event))


class Paid(Struct):
    """A row of `payments`; `progress` is how far the money came, `status` what became of it since."""

    payment_id: UUID
    booking_id: UUID
    amount_cents: int
    requested_at: datetime
    progress: str = "pending"
    stripe_payment_intent_id: str | None = None
    stripe_charge_id: str | None = None
    stripe_fee_cents: int | None = None
    failure_reason: str | None = None
    processed_at: datetime | None = None
    paid_out: dict[str, int] = {}
    refunded_cents: int = 0
    disputes: dict[str, str] = {}
    status: str = "pending"


class Returned(Struct):
    """A row of `refunds`."""

    refund_id: UUID
    payment_id: UUID
    booking_id: UUID
    amount_cents: int
    reason: str
    status: str
    requested_by: str
    requested_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    completed_at: datetime | None = None
    stripe_refund_id: str | None = None
    failure_reason: str | None = None


TABLES: dict[type, tuple[str, str, frozenset[type]]] = {
    Paid: ("payments", "payment_id", OF_PAYMENTS),
    Returned: ("refunds", "refund_id", OF_REFUNDS),
}


def project(db: Connection, batch: Sequence[Recorded]) -> None:
    books.project(db, batch)
    paid, returned = _known(db, batch, Paid), _known(db, batch, Returned)
    numbers = []
    for recorded in batch:
        id, kind = recorded.originator_id, type(recorded.event)
        if kind is BookingPlaced:
            numbers.append((id, recorded.event.booking_number))
        elif kind is PaymentRequested:
            asked = recorded.event
            paid[id] = Paid(id, asked.booking_id, asked.amount_cents, recorded.at)
        elif kind is RefundRequested:
            returned[id] = _requested(recorded)
        elif kind in OF_PAYMENTS and id in paid:
            paid[id] = _standing(_went_on(paid[id], recorded))
        elif kind in OF_REFUNDS and id in returned:
            returned[id] = _decided(returned[id], recorded)
    copy(db, "numbers", NUMBERS, numbers)
    _write(db, Paid, paid)
    _write(db, Returned, returned)


def _known(db: Connection, batch: Sequence[Recorded], kind: type) -> dict[UUID, Struct]:
    table, key, events = TABLES[kind]
    ids = list({recorded.originator_id for recorded in batch if type(recorded.event) in events})
    found = db.cursor(row_factory=args_row(kind)).execute(f"select * from {table} where {key} = any(%s)", (ids,))
    return {getattr(row, key): row for row in found}


def _write(db: Connection, kind: type[Struct], rows: dict[UUID, Struct]) -> None:
    table, key, _ = TABLES[kind]
    changing = ", ".join(f"{name} = excluded.{name}" for name in kind.__struct_fields__ if name != key)
    write(db, table, [row for _, row in sorted(rows.items())], f"({key}) do update set {changing}")


def _went_on(row: Paid, recorded: Recorded) -> Paid:
    event = recorded.event
    if progress := PROGRESS.get(type(event)):
        row = replace(row, progress=progress)
    match event:
        case PaymentOpened():
            return replace(row, stripe_payment_intent_id=event.stripe_payment_intent_id)
        case PaymentFailed():
            return replace(row, failure_reason=event.failure_reason)
        case PaymentSucceeded():
            money = event.stripe_charge_id, event.stripe_fee_cents, None, recorded.at
            names = "stripe_charge_id", "stripe_fee_cents", "failure_reason", "processed_at"
            return replace(row, **dict(zip(names, money, strict=True)))
        case RefundPaidOut():
            return replace(row, paid_out=row.paid_out | {str(event.refund_id): event.amount_cents})
        case RefundReleased():
            return replace(row, paid_out={id: n for id, n in row.paid_out.items() if id != str(event.refund_id)})
        case DisputeOpened():
            stage = "open" if event.amount_cents else "inquiry"
            return replace(row, disputes=row.disputes | {event.stripe_dispute_id: stage})
        case DisputeClosed():
            return replace(row, disputes=row.disputes | {event.stripe_dispute_id: event.outcome})
        case _:
            return row


def _standing(row: Paid) -> Paid:
    out = sum(row.paid_out.values())
    status = row.progress
    if status == payment.Status.SUCCEEDED:
        if any(outcome in ("open", "lost") for outcome in row.disputes.values()):
            status = payment.Status.DISPUTED
        elif out:
            whole = out >= row.amount_cents
            status = payment.Status.REFUNDED if whole else payment.Status.PARTIALLY_REFUNDED
    return replace(row, refunded_cents=out, status=str(status))


def _requested(recorded: Recorded) -> Returned:
    asked: RefundRequested = recorded.event
    about = asked.payment_id, asked.booking_id, asked.amount_cents, asked.reason
    return Returned(recorded.originator_id, *about, "requested", asked.requested_by, recorded.at)


def _decided(row: Returned, recorded: Recorded) -> Returned:
    event, at = recorded.event, recorded.at
    match event:
        case RefundApproved():
            return replace(row, status="approved", decided_by=event.approved_by, decided_at=at)
        case RefundDenied():
            why = event.reason or None
            return replace(row, status="denied", decided_by=event.denied_by, decided_at=at, failure_reason=why)
        case RefundCompleted():
            done = event.stripe_refund_id, at, None
            names = "stripe_refund_id", "completed_at", "failure_reason"
            return replace(row, status="completed", **dict(zip(names, done, strict=True)))
        case RefundFailed():
            return replace(row, status="failed", failure_reason=event.failure_reason)
        case RefundTriedAgain():
            return replace(row, status="approved", stripe_refund_id=None, completed_at=None, failure_reason=None)
        case _:
            return row
