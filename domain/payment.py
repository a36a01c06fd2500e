"""A payment: the money for one booking, asked for by one Stripe PaymentIntent.

    request -> REQUESTED -> open -> OPEN <-> act / process / fail -> succeed -> SUCCEEDED
                                     +-- withdraw -> withdrawing -- cancel -> CANCELLED

While it is being withdrawn Stripe decides: it answers cancelled, or that the money came first. Of what succeeded parts
are set aside for refunds, released again when these come to nothing, and paid out; banks may dispute it.
"""

from enum import StrEnum
from typing import assert_never
from uuid import UUID

from msgspec.structs import replace

from domain import Refused, Value
from domain.payment_events import (
    DisputeClosed,
    DisputeOpened,
    Event,
    PaymentActionRequired,
    PaymentCancelled,
    PaymentFailed,
    PaymentOpened,
    PaymentProcessing,
    PaymentRequested,
    PaymentSucceeded,
    PaymentWithdrawn,
    RefundPaidOut,
    RefundReleased,
    RefundReserved,
)

TRIES = 3


# State


class Status(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"


AFTER = {
    PaymentProcessing: Status.PROCESSING,
    PaymentActionRequired: Status.REQUIRES_ACTION,
    PaymentCancelled: Status.CANCELLED,
}
ENDED = frozenset({Status.SUCCEEDED, Status.CANCELLED})


class Dispute(Value):
    amount_cents: int
    outcome: str = ""


class Payment(Value):
    """`status` is how far the money came; `standing` says what became of it since.

    `refunds` are all that is set aside, `paid_out` what of it has reached the payer.
    """

    status: Status
    booking_id: UUID
    person_id: UUID
    amount_cents: int
    stripe_customer_id: str = ""
    intent_id: str = ""
    charge_id: str = ""
    failed_charges: frozenset[str] = frozenset()
    failed_tries: int = 0
    failure_reason: str = ""
    is_withdrawn: bool = False
    refunds: dict[UUID, int] = {}
    paid_out: dict[UUID, int] = {}
    disputes: dict[str, Dispute] = {}


def evolve(payment: Payment | None, event: Event) -> Payment:
    if isinstance(event, PaymentRequested):
        whose = event.person_id, event.amount_cents, event.stripe_customer_id
        return Payment(Status.PENDING, event.booking_id, *whose)
    assert payment, "a payment begins with PaymentRequested"
    match event:
        case PaymentOpened():
            return replace(payment, intent_id=event.stripe_payment_intent_id)
        case PaymentProcessing() | PaymentActionRequired() | PaymentCancelled():
            return replace(payment, status=AFTER[type(event)])
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
        case RefundReserved() | RefundReleased() | RefundPaidOut():
            return _given_back(payment, event)
        case DisputeOpened() | DisputeClosed():
            return _disputed(payment, event)
        case _:
            assert_never(event)


def _given_back(payment: Payment, event: RefundReserved | RefundReleased | RefundPaidOut) -> Payment:
    aside, out, id = payment.refunds, payment.paid_out, event.refund_id
    match event:
        case RefundReserved():
            aside = aside | {id: event.amount_cents}
        case RefundPaidOut():
            out = out | {id: event.amount_cents}
        case RefundReleased():
            aside, out = ({other: n for other, n in sums.items() if other != id} for sums in (aside, out))
    return replace(payment, refunds=aside, paid_out=out)


def _disputed(payment: Payment, event: DisputeOpened | DisputeClosed) -> Payment:
    id = event.stripe_dispute_id
    if isinstance(event, DisputeOpened):
        return replace(payment, disputes=payment.disputes | {id: Dispute(event.amount_cents)})
    return replace(payment, disputes=payment.disputes | {id: replace(payment.disputes[id], outcome=event.outcome)})


def disputed_cents(payment: Payment) -> dict[str, int]:
    """What banks hold, by the id of the dispute."""
    return {id: one.amount_cents for id, one in payment.disputes.items() if one.outcome != "won" and one.amount_cents}


def standing(payment: Payment) -> Status:
    """The status as it is shown: what was disputed or given back since it succeeded is part of it."""
    if payment.status is not Status.SUCCEEDED:
        return payment.status
    if disputed_cents(payment):
        return Status.DISPUTED
    out = sum(payment.paid_out.values())
    if not out:
        return Status.SUCCEEDED
    return Status.REFUNDED if out >= payment.amount_cents else Status.PARTIALLY_REFUNDED


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
    """Each declined charge is one failed try, however often it is told; after the last one the intent is given up.

    3-D Secure fails without a charge of its own: that it is a new try shows by something having been under way.
    """
    is_told = payment.status is Status.FAILED and failed.stripe_charge_id in payment.failed_charges
    if payment.status in ENDED or is_told:
        return []
    return [failed, *withdraw(payment, "tries_used_up")] if payment.failed_tries + 1 >= TRIES else [failed]


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
    if standing(payment) is Status.DISPUTED:
        raise Refused("payment_not_refundable", "The payer's bank decides on this payment: it was disputed.")
    if amount_cents < 1 or amount_cents > refundable_cents(payment):
        raise Refused(
            "refund_exceeds_payment", "More than is left of the payment cannot be given back.", "/amount_cents"
        )
    return [RefundReserved(refund_id, amount_cents)]


def release_refund(payment: Payment, refund_id: UUID) -> list[Event]:
    return [RefundReleased(refund_id)] if refund_id in payment.refunds else []


def pay_out(payment: Payment, refund_id: UUID, amount_cents: int) -> list[Event]:
    """The money is on its way to the payer. Stripe's word counts: what was not set aside is, with it."""
    if refund_id in payment.paid_out:
        return []
    aside = [] if refund_id in payment.refunds else [RefundReserved(refund_id, amount_cents)]
    return [*aside, RefundPaidOut(refund_id, amount_cents)]


def open_dispute(payment: Payment, opened: DisputeOpened) -> list[Event]:
    """What began as a question (0 cents) may become a dispute; what was asked before that says nothing."""
    known = payment.disputes.get(opened.stripe_dispute_id)
    return [] if known and known.amount_cents >= opened.amount_cents else [opened]


def close_dispute(payment: Payment, closed: DisputeClosed) -> list[Event]:
    """To be asked after `open_dispute`: news of the end may come first."""
    dispute = payment.disputes.get(closed.stripe_dispute_id)
    return [closed] if dispute and dispute.outcome != closed.outcome else []


def refundable_cents(payment: Payment) -> int:
    """What is not set aside; less than nothing once Stripe has paid out what others were to get."""
    return payment.amount_cents - sum(payment.refunds.values())


def givable_cents(payment: Payment) -> int:
    """What a refund may be asked of now: nothing where no money came, or where the payer's bank decides on it."""
    is_ours = payment.status is Status.SUCCEEDED and standing(payment) is not Status.DISPUTED
    return max(0, refundable_cents(payment)) if is_ours else 0


def is_spent(payment: Payment) -> bool:
    """No further try is possible: a new payment is needed."""
    return payment.is_withdrawn or payment.status in ENDED or payment.failed_tries >= TRIES
