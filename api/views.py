"""How bookings and payments are shown to those who ask for them: made of the log, never of what a client said."""

import hmac
from typing import Any
from uuid import UUID

import structlog

from api.call import Call
from commands.booking_sheet import booking_sheet, is_opening, manage_token, payment_sheet, payments_of
from commands.payments import open_payment
from domain.ids import payment_id
from eventlog.envelope import Recorded
from integrations.stripe import StripeRefused, StripeUnavailable

STATUS_FIELDS = ("booking_number", "status", "service_type", "pickup_date", "pickup_time", "updated_at")
log = structlog.get_logger("api")


def new_booking(call: Call, id: UUID, position: int) -> dict[str, Any]:
    """The answer to a booking, as it stood when it was placed and its payment opened; the same whenever it is made."""
    placed = [recorded for recorded in call.parts.store.history(id) if recorded.position <= position]
    sheet = booking_sheet(placed)
    assert sheet, "what was placed is in the log"
    opened = _opened(call, sheet["booking_number"], payment_id(id, 1))
    return {
        "booking": sheet,
        "manage_token": manage_token(sheet["booking_number"], call.parts.settings.secret_key.encode()),
        "payment": payment_sheet(opened, call.parts.settings.stripe_publishable_key),
        "position": max(position, *(recorded.position for recorded in opened)),
    }


def _opened(call: Call, number: str, id: UUID) -> list[Recorded]:
    """The payment's first events. When Stripe cannot be reached the booking stands and is paid later."""
    try:
        open_payment(number, id, call.context())
    except (StripeUnavailable, StripeRefused) as error:
        log.warning("payment not opened", request_id=call.scope["request_id"], error=type(error).__name__)
    return [recorded for recorded in call.parts.store.history(id) if is_opening(recorded)]


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


def last_payment_sheet(call: Call, id: UUID) -> dict[str, Any] | None:
    payments = payments_of(call.parts.store, id)
    return payment_sheet(payments[-1], call.parts.settings.stripe_publishable_key) if payments else None
