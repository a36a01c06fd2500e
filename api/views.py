"""How bookings and payments are shown to those who ask for them: made of the log, never of what a client said."""

import hmac
from functools import reduce
from typing import Any
from uuid import UUID

import structlog

from api.call import Call
from api.idempotency import Done
from commands.booking_sheet import booking_sheet, is_opening, manage_token, payment_sheet, payments_of
from commands.payments import known, opening
from domain import payment
from domain.booking import Booking
from domain.ids import booking_id, payment_id
from domain.payment import is_spent
from eventlog.envelope import Recorded
from integrations.stripe import StripeRefused, StripeUnavailable

NOW = 2**63 - 1
STATUS_FIELDS = ("booking_number", "status", "service_type", "pickup_date", "pickup_time", "updated_at")
log = structlog.get_logger("api")


def new_booking(call: Call, done: Done) -> dict[str, Any]:
    """The answer to a booking, as it stood when it was placed and its payment opened; the same whenever it is made."""
    store, settings = call.parts.store, call.parts.settings
    history = done.written or store.history(done.about)
    sheet = booking_sheet([r for r in history if r.originator_id == done.about and r.position <= done.position])
    assert sheet, "what was placed is in the log"
    number, first = sheet["booking_number"], payment_id(done.about, 1)
    requested = [recorded for recorded in done.written if recorded.originator_id == first]
    opened, position = _opened(call, number, requested) if requested else _opened_before(call, number, first)
    return {
        "booking": sheet,
        "manage_token": manage_token(number, settings.secret_key.encode()) if history[0].event.is_guest else None,
        "payment": payment_sheet(opened, settings.stripe_publishable_key),
        "position": max(done.position, position),
    }


def _opened(call: Call, number: str, requested: list[Recorded]) -> tuple[list[Recorded], int]:
    """The first events of a payment that was just requested, and the position of the last.

    When Stripe cannot be reached the booking stands and is paid later.
    """
    id = requested[0].originator_id
    try:
        appended = opening(number, id, call.context())
    except (StripeUnavailable, StripeRefused) as error:
        log.warning("payment not opened", request_id=call.scope["request_id"], error=type(error).__name__)
        return requested, 0
    return (requested + appended.events, appended.position) if appended.events else _opening_events(call, id)


def _opened_before(call: Call, number: str, id: UUID) -> tuple[list[Recorded], int]:
    """The same from the log; a payment that was not opened then is opened now, if it is still wanted."""
    requested, position = _opening_events(call, id)
    if len(requested) > 1 or is_spent(known(call.context(), id)):
        return requested, position
    return _opened(call, number, requested)


def _opening_events(call: Call, id: UUID) -> tuple[list[Recorded], int]:
    found = [recorded for recorded in call.parts.store.history(id) if is_opening(recorded)]
    return found, found[-1].position


def is_owner(call: Call, number: str) -> bool | None:
    """Whether the manage token is the booking's; None when there is none."""
    token = call.headers.get("x-manage-token")
    if token is None:
        return None
    right = manage_token(number, call.parts.settings.secret_key.encode())
    return hmac.compare_digest(token.encode(), right.encode())


def status_of(sheet: dict[str, Any]) -> dict[str, Any]:
    """What the number alone lets anybody see: nothing personal."""
    return {name: sheet[name] for name in STATUS_FIELDS} | {"tracking_url": None}


def payment_at(call: Call, id: UUID, position: int = NOW) -> dict[str, Any] | None:
    """The booking's latest payment as it stood at a position; None when it had been withdrawn unpaid."""
    past = [[r for r in history if r.position <= position] for history in payments_of(call.parts.store, id)]
    latest = next((history for history in reversed(past) if history), [])
    state = reduce(payment.evolve, (recorded.event for recorded in latest), None)
    is_of_use = state and (not state.is_withdrawn or state.status is payment.Status.SUCCEEDED)
    return payment_sheet(latest, call.parts.settings.stripe_publishable_key) if is_of_use else None


def last_payment_sheet(call: Call, made: Booking, intent: str | None = None) -> dict[str, Any] | None:
    """The booking's latest payment, or the one with this intent, for whoever pays.

    What Stripe took of it is not for who has no more than a guest's number.
    """
    number, key = made.placed.booking_number, call.parts.settings.stripe_publishable_key
    sheets = [payment_sheet(history, key) for history in payments_of(call.parts.store, booking_id(number))]
    if intent:
        sheets = [sheet for sheet in sheets if sheet and sheet["stripe_payment_intent_id"] == intent]
    last = sheets[-1] if sheets else None
    return last if last is None or shows_all(call, made) else last | {"stripe_fee_cents": None}


def shows_all(call: Call, made: Booking) -> bool:
    """Whether the payer is more than somebody with the number: the customer, or a guest with the manage token."""
    return not made.placed.is_guest or bool(is_owner(call, made.placed.booking_number))
