"""What happened to a booking and its money, folded by the rules of the domain and told in order."""

from datetime import datetime
from typing import Any, NamedTuple, get_args
from uuid import UUID

from msgspec import json, to_builtins

from domain import booking, payment, refund
from domain.address import BookingDetails
from domain.booking_events import (
    BookingDeleted,
    BookingNoted,
    BookingPlaced,
    BookingRescheduled,
    CoreAreaOverridden,
    TimesPlanned,
)
from domain.selection import fields

AGGREGATES = {
    event.__name__: aggregate for aggregate in (booking, payment, refund) for event in get_args(aggregate.Event)
}
DETAILS = json.Decoder(BookingDetails)
STAFFS = (BookingNoted, BookingDeleted, CoreAreaOverridden, TimesPlanned)
BY_CUSTOMER = "by_customer"


class Entry(NamedTuple):
    position: int
    at: datetime
    stream: UUID
    name: str
    event: Any
    words: str | None


def story(booking_id: UUID, details: str | None, entries: list[Entry], for_staff: bool = False) -> dict[str, Any]:
    """As the customer sees it; what staff noted, planned and wrote is told to staff alone."""
    states, last = _folded(entries)
    made = states[booking_id]
    placed = made.placed
    refunds = [_refund(id, state, last[id]) for id, state in states.items() if isinstance(state, refund.Refund)]
    payments = [
        _payment(id, state) | {"updated_at": last[id].at}
        for id, state in states.items()
        if isinstance(state, payment.Payment)
    ]
    return {
        "id": booking_id,
        "booking_number": placed.booking_number,
        "status": made.status,
        "is_guest": placed.is_guest,
        "service_type": placed.selection.service_type,
        "selection": fields(placed.selection),
        "pickup_date": placed.pickup_date,
        "pickup_time": placed.pickup_time,
        "specific_pickup_hour": placed.specific_pickup_hour,
        **_addresses(placed, details),
        "total_price_cents": placed.pricing.total_price_cents,
        "placed_at": entries[0].at,
        "reason": made.reason,
        "payments": payments,
        "refunds": refunds,
        "timeline": _timeline(entries, for_staff),
    }


def _folded(entries: list[Entry]) -> tuple[dict[UUID, Any], dict[UUID, Entry]]:
    """The state of each stream, and its last entry."""
    states: dict[UUID, Any] = {}
    for entry in entries:
        states[entry.stream] = AGGREGATES[entry.name].evolve(states.get(entry.stream), entry.event)
    return states, {entry.stream: entry for entry in entries}


def _addresses(placed: BookingPlaced, details: str | None) -> dict[str, Any]:
    """City, state and ZIP stay when the person is forgotten; street and instructions go."""
    streets = DETAILS.decode(details) if details else None
    return {
        f"{end}_address": (to_builtins(getattr(streets, end)) if streets else {})
        | to_builtins(getattr(placed, f"{end}_area"))
        for end in ("pickup", "delivery")
    }


def _payment(id: UUID, paid: payment.Payment) -> dict[str, Any]:
    return {
        "id": id,
        "status": str(payment.standing(paid)),
        "amount_cents": paid.amount_cents,
        "refunded_cents": sum(paid.paid_out.values()),
        "stripe_payment_intent_id": paid.intent_id or None,
        "stripe_charge_id": paid.charge_id or None,
        "failure_reason": paid.failure_reason or None,
    }


def _refund(id: UUID, given: refund.Refund, last: Entry) -> dict[str, Any]:
    return {
        "id": id,
        "payment_id": given.payment_id,
        "status": str(given.status),
        "amount_cents": given.amount_cents,
        "updated_at": last.at,
    }


def _timeline(entries: list[Entry], for_staff: bool) -> list[dict[str, Any]]:
    told = [entry for entry in reversed(entries) if for_staff or not isinstance(entry.event, STAFFS)]
    return [_line(entry, for_staff) for entry in told]


def _line(entry: Entry, for_staff: bool) -> dict[str, Any]:
    """One line of the timeline; `amount_cents` where money is concerned, `reason` where one was given."""
    event = entry.event
    line = {"at": entry.at, "position": entry.position, "what": entry.name}
    amount = getattr(event, "amount_cents", None)
    words = entry.words if for_staff or getattr(event, "reason", "") == BY_CUSTOMER else None
    reason = words or getattr(event, "failure_reason", "") or getattr(event, "reason", "")
    line |= ({"amount_cents": amount} if amount is not None else {}) | ({"reason": reason} if reason else {})
    if isinstance(event, BookingRescheduled):
        line |= {"from_date": event.moved_from, "to_date": event.pickup_date}
    return line
