"""How the lists of payments and of refunds are asked for: the query's names, and the cursor to the next page."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from msgspec import MsgspecError, json
from pydantic import BeforeValidator, Field, WithJsonSchema

from api.booking_queries import no_cursor
from api.validation import Body, Day, text
from commands import NEW_YORK
from domain import Value
from domain.ids import booking_id
from domain.payment import Status as PaymentStatus
from domain.refund import Status as RefundStatus
from projections.payment_list import After, Wish

MOST = 36


def _booking(told: Any) -> UUID:
    """By its id or its number."""
    written = str(told).strip()
    if not 1 <= len(written) <= MOST:
        raise ValueError("a booking is told by its id or its number")
    try:
        return UUID(written)
    except ValueError:
        return booking_id(written.upper())


AS_WRITTEN = {"type": "string", "minLength": 1, "maxLength": MOST, "pattern": "^[!-~]+$"}
Which = Annotated[UUID, BeforeValidator(_booking), WithJsonSchema(AS_WRITTEN)]


class Refunds(Body):
    """`booking` is an id or a number."""

    status: Annotated[RefundStatus | None, Field(description="The status of the refund.")] = None
    payment: Annotated[UUID | None, Field(description="The payment that it gives back.")] = None
    booking: Annotated[Which | None, Field(description="The booking, by its id or its number.")] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, text(2000, least=1)] | None = None

    def wish(self) -> Wish:
        asked = {"status": self.status, "payment_id": self.payment, "booking_id": self.booking}
        return Wish(**asked, limit=self.limit, after=_after(self))


class Payments(Body):
    """`booking` is an id or a number; `from` and `to` are days of New York on which it was asked for."""

    status: Annotated[PaymentStatus | None, Field(description="The status of the payment.")] = None
    booking: Annotated[Which | None, Field(description="The booking, by its id or its number.")] = None
    from_: Annotated[Day | None, Field(alias="from", description="The first day, in New York.")] = None
    to: Annotated[Day | None, Field(description="The last day of it, included.")] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, text(2000, least=1)] | None = None

    def wish(self) -> Wish:
        asked = {"status": self.status, "booking_id": self.booking, "since": _midnight(self.from_)}
        until = _midnight(self.to, 1)
        return Wish(**asked, until=until, limit=self.limit, after=_after(self))


class Cursor(Value):
    """`of` is what was asked for on the pages before: a cursor leads nowhere in another list."""

    of: str
    at: datetime
    id: UUID


def cursor_of(after: After | None, asked: Payments | Refunds) -> str | None:
    """Opaque to the client."""
    return urlsafe_b64encode(json.encode(Cursor(_list(asked), after.at, after.id))).decode() if after else None


def _after(asked: Payments | Refunds) -> After | None:
    """Raises Problem: `invalid_value` for what is no cursor of this list."""
    if asked.cursor is None:
        return None
    try:
        read = json.decode(urlsafe_b64decode(asked.cursor), type=Cursor)
    except (ValueError, MsgspecError):
        raise no_cursor() from None
    if read.of != _list(asked) or read.at.tzinfo is None:
        raise no_cursor()
    return After(read.at, read.id)


def _list(asked: Payments | Refunds) -> str:
    told = {name: str(value) for name, value in dict(asked).items() if name not in ("limit", "cursor")}
    return sha256(json.encode([type(asked).__name__, told])).hexdigest()[:16]


def _midnight(day: date | None, days_on: int = 0) -> datetime | None:
    """With which the day begins, or the one so many days after it; None after the calendar's last."""
    if day is None or (date.max - day).days < days_on:
        return None
    return datetime.combine(day + timedelta(days_on), time.min, NEW_YORK)
