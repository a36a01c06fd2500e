"""A payment: the money for one booking, asked for by one Stripe PaymentIntent.

    request -> REQUESTED -> open -> OPEN <-> act / process / fail -> succeed -> SUCCEEDED
                                     +-- withdraw -> withdrawing -- cancel -> CANCELLED

While it is being withdrawn Stripe decides: it answers cancelled, or that the money came first.
"""

from enum import StrEnum
from typing import assert_never
from uuid import UUID

from msgspec.structs import replace

from domain import Refused, Value

TRIES = 3


class PaymentSecret(Value):
    """What lets the payer's browser finish the payment; sealed like what is personal."""

    client_secret: str


# Events


class PaymentRequested(Value):
    booking_id: UUID
    person_id: UUID
    amount_cents: int


class PaymentOpened(Value):
    stripe_payment_intent_id: str
    person_id: UUID
    personal: PaymentSecret | None = None


class PaymentProcessing(Value):
    pass


class PaymentActionRequired(Value):
    pass


class PaymentFailed(Value):
    """One try that the bank declined; the intent stays open until `TRIES` have failed."""

    failure_reason: str
    stripe_charge_id: str


class PaymentSucceeded(Value):
    amount_cents: int
    stripe_charge_id: str
    stripe_fee_cents: int | None = None


class PaymentWithdrawn(Value):
    """We no longer want the money; Stripe is being asked to cancel the intent."""

    reason: str


class PaymentCancelled(Value):
    pass


class RefundReserved(Value):
    """A part of what was paid is set aside to be given back, so that no two refunds give the same money."""

    refund_id: UUID
    amount_cents: int


Event = (
    PaymentRequested
    | PaymentOpened
    | PaymentProcessing
    | PaymentActionRequired
    | PaymentFailed
    | PaymentSucceeded
    | PaymentWithdrawn
    | PaymentCancelled
    | RefundReserved
)


# State


class Status(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({Status.SUCCEEDED, Status.CANCELLED})


class Payment(Value):
    status: Status
    booking_id: UUID
    person_id: UUID
    amount_cents: int
    intent_id: str = ""
    charge_id: str = ""
    failed_charges: frozenset[str] = frozenset()
    failed_tries: int = 0
    failure_reason: str = ""
    is_withdrawn: bool = False
    refunds: dict[UUID, int] = {}


def evolve(payment: Payment | None, event: Event) -> Payment:
    if isinstance(event, PaymentRequested):
        return Payment(Status.PENDING, event.booking_id, event.person_id, event.amount_cents)
    assert payment, "a payment begins with PaymentRequested"
    match event:
        case PaymentOpened():
            return replace(payment, intent_id=event.stripe_payment_intent_id)
        case PaymentProcessing():
            return replace(payment, status=Status.PROCESSING)
        case PaymentActionRequired():
            return replace(payment, status=Status.REQUIRES_ACTION)
        case PaymentFailed():
            return replace(
                payment,
                status=Status.FAILED,
                failure_reason=event.failure_reason,
                failed_charges=payment.failed_charges | {event.stripe_charge_id},
                failed_tries=payment.failed_tries + 1,
            )
        case PaymentSucceeded():
            return replace(payment, status=Status.SUCCEEDED, charge_id=event.stripe_charge_id, failure_reason="")
        case PaymentWithdrawn():
            return replace(payment, is_withdrawn=True)
        case PaymentCancelled():
            return replace(payment, status=Status.CANCELLED)
        case RefundReserved():
            return replace(payment, refunds=payment.refunds | {event.refund_id: event.amount_cents})
        case _:
            assert_never(event)


# Decisions


def request(payment: Payment | None, asked: PaymentRequested) -> list[Event]:
    return [] if payment else [asked]


def open_at_stripe(payment: Payment, opened: PaymentOpened) -> list[Event]:
    return [] if payment.intent_id else [opened]


def process(payment: Payment) -> list[Event]:
    return [] if payment.status in ENDED | {Status.PROCESSING} else [PaymentProcessing()]


def require_action(payment: Payment) -> list[Event]:
    return [] if payment.status in ENDED | {Status.REQUIRES_ACTION} else [PaymentActionRequired()]


def fail(payment: Payment, failed: PaymentFailed) -> list[Event]:
    """Each declined charge is one failed try, however often it is told.

    3-D Secure fails without a charge of its own: that it is a new try shows by something having been under way.
    """
    is_told = payment.status is Status.FAILED and failed.stripe_charge_id in payment.failed_charges
    return [] if payment.status in ENDED or is_told else [failed]


def succeed(payment: Payment, succeeded: PaymentSucceeded) -> list[Event]:
    """Money that came counts, whatever was recorded before it, a cancellation that we believed included."""
    return [] if payment.status is Status.SUCCEEDED else [succeeded]


def withdraw(payment: Payment, reason: str) -> list[Event]:
    return [] if payment.status in ENDED or payment.is_withdrawn else [PaymentWithdrawn(reason)]


def cancel(payment: Payment) -> list[Event]:
    return [] if payment.status in ENDED else [PaymentCancelled()]


def reserve_refund(payment: Payment, refund_id: UUID, amount_cents: int) -> list[Event]:
    """Refuses `payment_not_refundable`, and `refund_exceeds_payment` when less than the amount is left."""
    if refund_id in payment.refunds:
        return []
    if payment.status is not Status.SUCCEEDED:
        raise Refused("payment_not_refundable", "Only a payment that succeeded can be given back.")
    if amount_cents < 1 or amount_cents > refundable_cents(payment):
        raise Refused(
            "refund_exceeds_payment", "More than is left of the payment cannot be given back.", "/amount_cents"
        )
    return [RefundReserved(refund_id, amount_cents)]


def refundable_cents(payment: Payment) -> int:
    return payment.amount_cents - sum(payment.refunds.values())


def is_spent(payment: Payment) -> bool:
    """No further try is possible: a new payment is needed."""
    return payment.is_withdrawn or payment.status in ENDED or payment.failed_tries >= TRIES
