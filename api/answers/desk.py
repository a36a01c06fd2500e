"""One booking as the desk sees it: with whose it is, its money, what happened to it, and what only staff know."""

from datetime import date
from typing import NotRequired, TypedDict
from uuid import UUID

from api.answers import Instant, Position
from api.answers.bookings import Booking, ContactDetails
from domain.booking_status import Status
from domain.refund import Status as RefundStatus
from domain.selection import PickupTime, ServiceType


class DeskBooking(Booking):
    """With what only staff see of it."""

    customer_id: UUID
    is_guest: bool
    staff_notes: str
    is_area_overridden: bool
    cancellation_reason: str | None
    deleted_at: Instant | None


class CustomerOfBooking(ContactDetails):
    """The last three are null for whoever may not see customers; the names are those of the booking then."""

    id: UUID
    has_account: bool | None
    is_vip: bool | None
    notes: str | None


class PaymentAtDesk(TypedDict):
    """`stripe_fee_cents` is null also for whoever may not see financials."""

    id: UUID
    stripe_payment_intent_id: str | None
    stripe_charge_id: str | None
    amount_cents: int
    refunded_cents: int
    status: str
    failure_reason: str | None
    stripe_fee_cents: int | None
    requested_at: Instant | None
    processed_at: Instant | None


class RefundAtDesk(TypedDict):
    """Who asked and who approved: `staff:` and the id of their account, or `system`."""

    id: UUID
    payment_id: UUID
    amount_cents: int
    reason: str | None
    status: RefundStatus
    requested_by: str | None
    approved_by: str | None
    stripe_refund_id: str | None
    failure_reason: str | None
    requested_at: Instant | None
    approved_at: Instant | None
    completed_at: Instant | None


class DeskLine(TypedDict):
    """`what` is the event's name; the days are those of a reschedule."""

    at: Instant
    position: int
    what: str
    actor: str
    amount_cents: NotRequired[int]
    reason: NotRequired[str]
    from_date: NotRequired[date]
    to_date: NotRequired[date]


class DeskBookingShown(TypedDict):
    booking: DeskBooking
    customer: CustomerOfBooking
    payments: list[PaymentAtDesk]
    refunds: list[RefundAtDesk]
    timeline: list[DeskLine]


class DeskBookingThen(TypedDict):
    booking: DeskBooking


class DeskBookingWritten(TypedDict):
    booking: DeskBooking
    position: Position


class RefundAsked(TypedDict):
    id: UUID
    amount_cents: int
    status: RefundStatus


class DeskBookingCancelled(DeskBookingWritten):
    """`refunds` are those that cancelling has requested: one for each payment that something goes back of."""

    refunds: list[RefundAsked]


class PutAway(TypedDict):
    id: UUID
    position: Position


class LineCustomer(TypedDict):
    """The account, where there is one; by the names that were given for the booking."""

    id: UUID
    name: str | None
    email: str | None
    phone: str | None
    is_vip: bool
    is_guest: bool


class DeskBookingLine(TypedDict):
    id: UUID
    booking_number: str
    status: Status
    service_type: ServiceType
    pickup_date: date
    pickup_time: PickupTime
    specific_pickup_hour: int | None
    customer: LineCustomer
    pickup_city: str
    pickup_zip_code: str
    delivery_city: str
    delivery_zip_code: str
    total_price_cents: int
    balance_due_cents: int
    created_at: Instant
    updated_at: Instant


class DeskBookingPage(TypedDict):
    bookings: list[DeskBookingLine]
    next_cursor: str | None
