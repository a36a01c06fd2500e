"""A booking as its owner and the staff see it: folded from its stream as it stands, or stood at any moment."""

import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import reduce
from typing import Any
from uuid import UUID

from msgspec import to_builtins

from domain import booking, payment
from domain.address import Area, BookingDetails, Street
from domain.booking_events import BookingCompleted, BookingDeleted, BookingPlaced, BookingStarted
from domain.booking_status import OWING, Status
from domain.ids import payment_id
from domain.moment import instant, promised_pickup
from domain.selection import fields
from eventlog.envelope import Recorded
from eventlog.store import EventStore


def manage_token(booking_number: str, secret: bytes) -> str:
    """What lets a guest do with the booking what a customer does with an account; made anew whenever asked for."""
    return hmac.digest(secret, b"totetaxi manage " + booking_number.encode(), "sha256").hex()


def booking_sheet(
    history: Sequence[Recorded], until: Callable[[Recorded], bool] = lambda _: True
) -> dict[str, Any] | None:
    """The `booking` object of the API, as of the events that `until` admits; None before the first."""
    past = [recorded for recorded in history if until(recorded)]
    if not past:
        return None
    state = reduce(booking.evolve, (recorded.event for recorded in past), None)
    placed = state.placed
    return {
        "id": str(past[0].originator_id),
        "booking_number": placed.booking_number,
        "status": state.status,
        "service_type": placed.selection.service_type,
        "selection": fields(placed.selection),
        "customer_info": _customer(placed.personal),
        "pickup_date": placed.pickup_date.isoformat(),
        "pickup_time": placed.pickup_time,
        "specific_pickup_hour": placed.specific_pickup_hour,
        **_times(state, past),
        **_where(placed),
        "coi_required": placed.coi_required,
        "hold_expires_at": rfc3339(placed.hold_expires_at) if state.status is Status.PENDING else None,
        "version": past[-1].originator_version,
        "created_at": rfc3339(past[0].at),
        "updated_at": rfc3339(past[-1].at),
        "pricing": to_builtins(placed.pricing),
        "balance_due_cents": booking.due_cents(state) if state.status in OWING else 0,
    }


def staff_part(history: Sequence[Recorded]) -> dict[str, Any]:
    """What only staff see of a booking: whose it is, their notes, what they know better, whether it was put away."""
    state = reduce(booking.evolve, (recorded.event for recorded in history), None)
    gone = next((r.at for r in history if isinstance(r.event, BookingDeleted)), None)
    return {
        "customer_id": str(state.placed.person_id),
        "is_guest": state.placed.is_guest,
        "staff_notes": state.notes,
        "is_area_overridden": state.is_area_overridden,
        "cancellation_reason": state.reason or None,
        "deleted_at": rfc3339(gone) if gone else None,
    }


def _times(state: booking.Booking, past: Sequence[Recorded]) -> dict[str, Any]:
    """What the customer was told, what staff plan, and what happened: each stands for itself."""
    placed, plan = state.placed, state.plan
    told = promised_pickup(placed.pickup_date, placed.pickup_time, placed.specific_pickup_hour, placed.zone)
    happened = {type(recorded.event): recorded.at for recorded in past}
    start, end = happened.get(BookingStarted), happened.get(BookingCompleted)
    return {
        "promised_pickup": {"from": rfc3339(instant(told[0])), "until": rfc3339(instant(told[1]))},
        "estimated_pickup_time": rfc3339(instant(plan.estimated_pickup)) if plan.estimated_pickup else None,
        "estimated_delivery_time": rfc3339(instant(plan.estimated_delivery)) if plan.estimated_delivery else None,
        "started_at": rfc3339(start) if start else None,
        "completed_at": rfc3339(end) if end else None,
    }


def payment_sheet(
    history: Sequence[Recorded], publishable_key: str, until: Callable[[Recorded], bool] = lambda _: True
) -> dict[str, Any] | None:
    """The `payment` object for its payer; None while Stripe has not been reached for it.

    Its status is the one that staff see: what was given back or disputed since is part of it.
    """
    past = [recorded for recorded in history if until(recorded)]
    opened = next((r.event for r in past if isinstance(r.event, payment.PaymentOpened)), None)
    if opened is None:
        return None
    state = reduce(payment.evolve, (recorded.event for recorded in past), None)
    paid = next((r for r in past if isinstance(r.event, payment.PaymentSucceeded)), None)
    return {
        "id": str(past[0].originator_id),
        "client_secret": opened.personal.client_secret if opened.personal else None,
        "stripe_payment_intent_id": state.intent_id,
        "stripe_charge_id": state.charge_id or None,
        "amount_cents": state.amount_cents,
        "refunded_cents": sum(state.paid_out.values()),
        "publishable_key": publishable_key,
        "status": payment.standing(state),
        "failure_reason": state.failure_reason or None,
        "stripe_fee_cents": paid.event.stripe_fee_cents if paid else None,
        "processed_at": rfc3339(paid.at) if paid else None,
    }


def is_opening(recorded: Recorded) -> bool:
    """Everything up to the moment in which the payment was opened: what the answer to a new booking showed."""
    return isinstance(recorded.event, payment.PaymentRequested | payment.PaymentOpened)


def payments_of(store: EventStore, booking: UUID) -> list[list[Recorded]]:
    """The histories of all payments of a booking, first one first."""
    found: list[list[Recorded]] = []
    while history := store.history(payment_id(booking, len(found) + 1)):
        found.append(history)
    return found


def rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _customer(personal: BookingDetails | None) -> dict[str, Any]:
    names = ("first_name", "last_name", "email", "phone")
    return {name: getattr(personal, name) if personal else None for name in names}


def _where(placed: BookingPlaced) -> dict[str, Any]:
    own = placed.personal
    return {
        "pickup_address": _address(placed.pickup_area, own and own.pickup),
        "delivery_address": _address(placed.delivery_area, own and own.delivery),
        "special_instructions": own.special_instructions if own else None,
        "is_outside_core_area": placed.is_outside_core_area,
    }


def _address(area: Area, street: Street | None) -> dict[str, Any]:
    names = ("address_line_1", "address_line_2", "delivery_instructions")
    return to_builtins(area) | {name: getattr(street, name) if street else None for name in names}
