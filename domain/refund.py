"""A refund: money on its way back to who paid it.

request -> REQUESTED -> approve -> APPROVED -> complete -> COMPLETED
                                      +------- fail -----> FAILED
"""

from enum import StrEnum
from typing import assert_never
from uuid import NAMESPACE_OID, UUID, uuid5

from msgspec.structs import replace

from domain import Refused, Value

# Events


class RefundRequested(Value):
    payment_id: UUID
    booking_id: UUID
    amount_cents: int
    reason: str
    requested_by: str


class RefundApproved(Value):
    approved_by: str


class RefundCompleted(Value):
    stripe_refund_id: str
    amount_cents: int


class RefundFailed(Value):
    failure_reason: str


Event = RefundRequested | RefundApproved | RefundCompleted | RefundFailed


# State


class Status(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    COMPLETED = "completed"
    FAILED = "failed"


class Refund(Value):
    status: Status
    payment_id: UUID
    booking_id: UUID
    amount_cents: int


def late_payment(payment_id: UUID) -> UUID:
    """The one refund that gives back a payment which came too late."""
    return uuid5(NAMESPACE_OID, f"totetaxi/refund/late-payment/{payment_id}")


def of_cancellation(payment_id: UUID) -> UUID:
    """The one refund of a payment whose booking was cancelled."""
    return uuid5(NAMESPACE_OID, f"totetaxi/refund/cancellation/{payment_id}")


def evolve(refund: Refund | None, event: Event) -> Refund:
    if isinstance(event, RefundRequested):
        return Refund(Status.REQUESTED, event.payment_id, event.booking_id, event.amount_cents)
    assert refund, "a refund begins with RefundRequested"
    match event:
        case RefundApproved():
            return replace(refund, status=Status.APPROVED)
        case RefundCompleted():
            return replace(refund, status=Status.COMPLETED)
        case RefundFailed():
            return replace(refund, status=Status.FAILED)
        case _:
            assert_never(event)


# Decisions


def request(refund: Refund | None, asked: RefundRequested, approved_by: str = "") -> list[Event]:
    """To be decided together with the payment, which sets the amount aside. Approved at once by who needs no second."""
    if refund:
        return []
    return [asked, RefundApproved(approved_by)] if approved_by else [asked]


def request_by_policy(refund: Refund | None, asked: RefundRequested) -> list[Event]:
    """What a policy of the house gives back is approved by the system at once."""
    return request(refund, asked, "system")


def complete(refund: Refund, stripe_refund_id: str) -> list[Event]:
    if refund.status is Status.COMPLETED:
        return []
    if refund.status is Status.REQUESTED:
        raise Refused("invalid_transition", "A refund is approved before it is completed.")
    return [RefundCompleted(stripe_refund_id, refund.amount_cents)]


def fail(refund: Refund, reason: str) -> list[Event]:
    """Also after it had succeeded: a bank may send the money back."""
    return [] if refund.status is Status.FAILED else [RefundFailed(reason)]
