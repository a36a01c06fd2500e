"""A refund: money on its way back to who paid it.

request -> REQUESTED -> approve -> APPROVED -> complete -> COMPLETED
               |                      |                        |
               +--- deny -> DENIED    +------- fail -----------+-> FAILED -> try again -> APPROVED
"""

from enum import StrEnum
from typing import assert_never
from uuid import NAMESPACE_OID, UUID, uuid5

from msgspec.structs import replace

from domain import Refused, Value
from domain.address import Words

# Reasons: of a refund that was not asked for here, and of failures after which the money has gone back all the same.
BEGUN_AT_STRIPE = "begun_at_stripe"
MADE_AT_STRIPE, REFUNDED_AT_STRIPE = "made_at_stripe", "refunded_at_stripe"
GIVEN_BACK_ELSEWHERE = frozenset({MADE_AT_STRIPE, REFUNDED_AT_STRIPE})

# Events


class RefundRequested(Value):
    """`reason` is a word of ours (`booking_cancelled`, `by_staff` …); what a person wrote is personal."""

    payment_id: UUID
    booking_id: UUID
    amount_cents: int
    reason: str
    requested_by: str
    person_id: UUID | None = None
    personal: Words | None = None


class RefundApproved(Value):
    """`is_own`: by who had asked for it, as only admins may."""

    approved_by: str
    is_own: bool = False


class RefundDenied(Value):
    """`reason` is a word of ours, where nobody decided (`refunded_at_stripe`); what a person wrote is personal."""

    denied_by: str
    person_id: UUID | None = None
    personal: Words | None = None
    reason: str = ""


class RefundCompleted(Value):
    stripe_refund_id: str
    amount_cents: int


class RefundFailed(Value):
    """With Stripe's id where Stripe had made it; without, it was never made there."""

    failure_reason: str
    stripe_refund_id: str = ""


class RefundTriedAgain(Value):
    """`attempt` counts from 2; each has a key of its own at Stripe."""

    tried_by: str
    attempt: int


Event = RefundRequested | RefundApproved | RefundDenied | RefundCompleted | RefundFailed | RefundTriedAgain
BY_POLICY = RefundApproved("system")


# State


class Status(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    DENIED = "denied"
    COMPLETED = "completed"
    FAILED = "failed"


class Refund(Value):
    """`stripe_refund_id` is what the last attempt has become at Stripe, once that is known.

    `undone` are the refunds at Stripe that have failed: for good, so that older news of them say nothing. `is_own`:
    approved by who had asked for it.
    """

    status: Status
    payment_id: UUID
    booking_id: UUID
    amount_cents: int
    requested_by: str = ""
    attempt: int = 1
    stripe_refund_id: str = ""
    undone: frozenset[str] = frozenset()
    is_own: bool = False


def late_payment(payment_id: UUID) -> UUID:
    """The one refund that gives back a payment which came too late."""
    return uuid5(NAMESPACE_OID, f"totetaxi/refund/late-payment/{payment_id}")


def of_cancellation(payment_id: UUID) -> UUID:
    """The one refund of a payment whose booking was cancelled."""
    return uuid5(NAMESPACE_OID, f"totetaxi/refund/cancellation/{payment_id}")


def of_difference(booking_id: UUID, version: int) -> UUID:
    """The one refund of a change that made a paid booking cheaper; `version` is the booking's when it was decided."""
    return uuid5(NAMESPACE_OID, f"totetaxi/refund/difference/{booking_id}/{version}")


def begun_at_stripe(stripe_refund_id: str) -> UUID:
    """A refund that was not asked for here."""
    return uuid5(NAMESPACE_OID, f"totetaxi/refund/stripe/{stripe_refund_id}")


def evolve(refund: Refund | None, event: Event) -> Refund:
    if isinstance(event, RefundRequested):
        return Refund(Status.REQUESTED, event.payment_id, event.booking_id, event.amount_cents, event.requested_by)
    assert refund, "a refund begins with RefundRequested"
    match event:
        case RefundApproved():
            return replace(refund, status=Status.APPROVED, is_own=event.is_own)
        case RefundDenied():
            return replace(refund, status=Status.DENIED)
        case RefundCompleted():
            return replace(refund, status=Status.COMPLETED, stripe_refund_id=event.stripe_refund_id)
        case RefundFailed():
            id = event.stripe_refund_id
            made = id or refund.stripe_refund_id
            return replace(refund, status=Status.FAILED, stripe_refund_id=made, undone=refund.undone | {id})
        case RefundTriedAgain():
            return replace(refund, status=Status.APPROVED, attempt=event.attempt, stripe_refund_id="")
        case _:
            assert_never(event)


# Decisions


def request(refund: Refund | None, asked: RefundRequested, *approved: RefundApproved) -> list[Event]:
    """To be decided together with the payment, which sets the amount aside.

    Approved at once: by who needs no second, or by a policy of the house (`BY_POLICY`).
    """
    return [] if refund else [asked, *approved]


def approve(refund: Refund, by: str, may_approve_own: bool) -> list[Event]:
    """Refuses `needs_second_person` to who asked for it, `invalid_transition` once it was denied or has failed."""
    if refund.status in (Status.APPROVED, Status.COMPLETED):
        return []
    _allowed(refund, "approved", Status.REQUESTED)
    is_own = refund.requested_by == by
    if is_own and not may_approve_own:
        raise Refused("needs_second_person", "Somebody else has to approve what you have asked for.")
    return [RefundApproved(by, is_own)]


def deny(refund: Refund, denied: RefundDenied, may_deny_own: bool = False) -> list[Event]:
    """To be decided together with the payment, which releases the amount. Refuses as `approve`."""
    if refund.status is Status.DENIED:
        return []
    _allowed(refund, "denied", Status.REQUESTED)
    if refund.requested_by == denied.denied_by and not may_deny_own:
        raise Refused("needs_second_person", "Somebody else has to deny what you have asked for.")
    return [denied]


def complete(refund: Refund, stripe_refund_id: str) -> list[Event]:
    """Also where it was believed never made: Stripe's word counts, but of what has failed there no older one."""
    if refund.status is Status.COMPLETED or stripe_refund_id in refund.undone:
        return []
    _allowed(refund, "completed", Status.APPROVED, Status.FAILED)
    return [RefundCompleted(stripe_refund_id, refund.amount_cents)]


def fail(refund: Refund, reason: str, stripe_refund_id: str = "") -> list[Event]:
    """Also after it had succeeded: a bank may send the money back."""
    if refund.status is Status.FAILED:
        return []
    _allowed(refund, "failed", Status.APPROVED, Status.COMPLETED)
    return [RefundFailed(reason, stripe_refund_id)]


def try_again(refund: Refund, by: str) -> list[Event]:
    """To be decided together with the payment, which sets the amount aside anew."""
    if refund.status in (Status.APPROVED, Status.COMPLETED):
        return []
    _allowed(refund, "tried again", Status.FAILED)
    return [RefundTriedAgain(by, refund.attempt + 1)]


def record_from_stripe(refund: Refund | None, asked: RefundRequested, stripe_refund_id: str) -> list[Event]:
    """What was begun at Stripe itself has happened: nobody here is asked for approval."""
    if refund:
        return complete(refund, stripe_refund_id)
    return [asked, RefundApproved("stripe"), RefundCompleted(stripe_refund_id, asked.amount_cents)]


def _allowed(refund: Refund, to: str, *states: Status) -> None:
    if refund.status not in states:
        raise Refused("invalid_transition", f"A refund that is {refund.status} cannot be {to}.", "/action")
