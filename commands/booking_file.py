"""The file of a booking, as the desk sees it: its payments, its refunds, and what happened to it in order."""

from collections.abc import Sequence
from functools import reduce
from typing import Any, NamedTuple
from uuid import UUID

from commands.booking_sheet import payments_of, rfc3339
from domain import payment, refund
from domain.booking_events import BookingCancelled, BookingRescheduled, CoreAreaOverridden
from domain.payment import PaymentRequested, PaymentSucceeded, RefundReserved
from domain.refund import (
    RefundApproved,
    RefundCompleted,
    RefundDenied,
    RefundFailed,
    RefundRequested,
    RefundTriedAgain,
)
from eventlog.envelope import Recorded
from eventlog.store import EventStore

WITH_A_REASON = (BookingCancelled, BookingRescheduled, CoreAreaOverridden)


class File(NamedTuple):
    """The histories of a booking and of its payments and their refunds, each as they came."""

    booking: list[Recorded]
    payments: list[list[Recorded]]
    refunds: list[list[Recorded]]


def file_of(past: list[Recorded], store: EventStore) -> File:
    """Of the booking with this history; refunds also that came to nothing, whose money is no longer set aside."""
    payments = payments_of(store, past[0].originator_id)
    set_aside = [one.event for paid in payments for one in paid if isinstance(one.event, RefundReserved)]
    refunds = [store.history(id) for id in dict.fromkeys(event.refund_id for event in set_aside)]
    return File(past, payments, refunds)


def payment_sheets(file: File) -> list[dict[str, Any]]:
    """For staff, first one first: without what lets the payer pay. One that has no Stripe id was not opened yet."""
    return [_payment_sheet(paid) for paid in file.payments]


def refund_sheets(file: File) -> list[dict[str, Any]]:
    """In the order in which they were set aside."""
    return [refund_sheet(past) for past in file.refunds if past]


def asked_by_cancelling(booking_id: UUID, position: int, store: EventStore) -> list[dict[str, Any]]:
    """What the cancellation that was written by this position requested: `{id, amount_cents, status}` of each refund.

    One for each payment that something goes back of.
    """
    ids = [refund.of_cancellation(paid[0].originator_id) for paid in payments_of(store, booking_id)]
    pasts = [[one for one in store.history(id) if one.position <= position] for id in ids]
    names = ("id", "amount_cents", "status")
    return [{name: refund_sheet(past)[name] for name in names} for past in pasts if past]


def timeline(file: File) -> list[dict[str, Any]]:
    """What happened to booking and money, newest first: `{at, position, what, actor}`, and where there is one
    `amount_cents` and `reason`; of another day `from_date` and `to_date`."""
    events = [*file.booking, *(one for past in (*file.payments, *file.refunds) for one in past)]
    return [_line(one) for one in sorted(events, key=lambda one: one.position, reverse=True)]


def _paid(past: Sequence[Recorded]) -> payment.Payment:
    return reduce(payment.evolve, (recorded.event for recorded in past), None)


def _payment_sheet(past: Sequence[Recorded]) -> dict[str, Any]:
    state = _paid(past)
    paid = _first(past, PaymentSucceeded)
    return {
        "id": str(past[0].originator_id),
        "stripe_payment_intent_id": state.intent_id or None,
        "stripe_charge_id": state.charge_id or None,
        "amount_cents": state.amount_cents,
        "refunded_cents": sum(state.paid_out.values()),
        "status": payment.standing(state),
        "failure_reason": state.failure_reason or None,
        "stripe_fee_cents": paid.event.stripe_fee_cents if paid else None,
        "requested_at": _at(_first(past, PaymentRequested)),
        "processed_at": _at(paid),
    }


def refund_sheet(past: Sequence[Recorded]) -> dict[str, Any]:
    """For staff. One that failed after it was completed keeps the id at Stripe, until it is tried again."""
    state = reduce(refund.evolve, (recorded.event for recorded in past), None)
    asked, approved = _first(past, RefundRequested), _first(past, RefundApproved)
    completed, why = _last_try(past)
    return {
        "id": str(past[0].originator_id),
        "payment_id": str(state.payment_id),
        "amount_cents": state.amount_cents,
        "reason": asked.event.reason if asked else None,
        "status": state.status,
        "requested_by": asked.event.requested_by if asked else None,
        "approved_by": approved.event.approved_by if approved else None,
        "stripe_refund_id": completed.event.stripe_refund_id if completed else None,
        "failure_reason": why,
        "requested_at": _at(asked),
        "approved_at": _at(approved),
        "completed_at": _at(completed),
    }


def _last_try(past: Sequence[Recorded]) -> tuple[Recorded | None, str | None]:
    """How it was completed, and why it came to nothing: it failed, or the system denied it."""
    completed, why = None, None
    for one in past:
        match one.event:
            case RefundTriedAgain():
                completed, why = None, None
            case RefundCompleted():
                completed, why = one, None
            case RefundFailed():
                why = one.event.failure_reason
            case RefundDenied():
                why = one.event.reason or None
    return completed, why


def _line(recorded: Recorded) -> dict[str, Any]:
    event = recorded.event
    line = {
        "at": rfc3339(recorded.at),
        "position": recorded.position,
        "what": recorded.name,
        "actor": recorded.origin.actor,
    }
    if isinstance(event, BookingRescheduled):
        line |= {"from_date": event.moved_from.isoformat(), "to_date": event.pickup_date.isoformat()}
    words = event.personal.text if isinstance(event, WITH_A_REASON) and event.personal else ""
    reason = words or getattr(event, "failure_reason", "") or getattr(event, "reason", "")
    amount = getattr(event, "amount_cents", None)
    return line | ({"amount_cents": amount} if amount is not None else {}) | ({"reason": reason} if reason else {})


def _first(past: Sequence[Recorded], kind: type) -> Recorded | None:
    return next((recorded for recorded in past if isinstance(recorded.event, kind)), None)


def _at(recorded: Recorded | None) -> str | None:
    return rfc3339(recorded.at) if recorded else None
