"""Payments and refunds as staff list them and decide on them."""

from typing import TypedDict
from uuid import UUID

from api.answers import Instant, Position
from api.answers.bookings import BookingEvent
from api.answers.desk import RefundAtDesk
from domain.payment import Status as PaymentStatus


class PaymentLine(TypedDict):
    """`refunded_cents` have gone back; `processed_at` is when the money came."""

    id: UUID
    booking_id: UUID
    booking_number: str
    stripe_payment_intent_id: str | None
    stripe_charge_id: str | None
    amount_cents: int
    refunded_cents: int
    status: PaymentStatus
    failure_reason: str | None
    stripe_fee_cents: int | None
    requested_at: Instant
    processed_at: Instant | None


class PaymentPage(TypedDict):
    payments: list[PaymentLine]
    next_cursor: str | None


class PaymentEvent(BookingEvent):
    """Of a refund of the payment, where it has its id; else of the payment itself."""

    refund_id: UUID | None


class PaymentEvents(TypedDict):
    events: list[PaymentEvent]


class RefundLine(RefundAtDesk):
    """`reason` is what it follows from; `words` and `denial` are what who asked and who denied have written."""

    booking_id: UUID
    booking_number: str
    denied_by: str | None
    denied_at: Instant | None
    words: str | None
    denial: str | None


class RefundPage(TypedDict):
    refunds: list[RefundLine]
    next_cursor: str | None


class RefundWritten(TypedDict):
    refund: RefundLine
    position: Position
