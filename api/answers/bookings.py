"""Bookings and payments as owners and staff see them. What is personal is null once a person is forgotten."""

from datetime import date
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from api.answers import Instant, Position, Version, WallTime, either
from domain.booking_status import Status
from domain.payment import Status as PaymentStatus
from domain.pricing import Pricing
from domain.selection import ItemQuantity, PickupTime, ServiceType, Tier


class BookingAddress(TypedDict):
    city: str
    state: str
    zip_code: str
    address_line_1: str | None
    address_line_2: str | None
    delivery_instructions: str | None


class ContactDetails(TypedDict):
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None


class Selected(TypedDict, total=False):
    """The fields of the booking's service, and no others."""

    mini_move_package: Tier
    include_packing: bool
    include_unpacking: bool
    standard_delivery_item_count: int
    specialty_items: list[ItemQuantity]
    is_same_day_delivery: bool
    blade_airport: str
    blade_flight_date: date
    blade_flight_time: WallTime
    blade_bag_count: int
    blade_ready_time: WallTime


Window = TypedDict("Window", {"from": Instant, "until": Instant})


class Booking(TypedDict):
    """`promised_pickup` is what the customer was told, the estimated times are what staff plan."""

    id: UUID
    booking_number: str
    status: Status
    service_type: ServiceType
    selection: Selected
    customer_info: ContactDetails
    pickup_date: date
    pickup_time: PickupTime
    specific_pickup_hour: int | None
    promised_pickup: Window
    estimated_pickup_time: Instant | None
    estimated_delivery_time: Instant | None
    started_at: Instant | None
    completed_at: Instant | None
    pickup_address: BookingAddress
    delivery_address: BookingAddress
    special_instructions: str | None
    is_outside_core_area: bool
    coi_required: bool
    hold_expires_at: Instant | None
    version: Version
    created_at: Instant
    updated_at: Instant
    pricing: Pricing
    balance_due_cents: int


class Payment(TypedDict):
    """`client_secret` and `publishable_key` are for Stripe's own form; card data never comes here.

    `refunded_cents` have gone back. `stripe_fee_cents` is null also for who has no more than a guest's number.
    """

    id: UUID
    client_secret: str | None
    stripe_payment_intent_id: str
    stripe_charge_id: str | None
    amount_cents: int
    refunded_cents: int
    publishable_key: str
    status: PaymentStatus
    failure_reason: str | None
    stripe_fee_cents: int | None
    processed_at: Instant | None


class NewBooking(TypedDict):
    """`manage_token` is a guest's only; `payment` is null while Stripe cannot be reached: create-intent serves it."""

    booking: Booking
    manage_token: str | None
    payment: Payment | None
    position: Position


class BookingStatus(TypedDict):
    """What the number alone shows. `booking` is there for whoever sends the manage token."""

    booking_number: str
    status: Status
    service_type: ServiceType
    pickup_date: date
    pickup_time: PickupTime
    tracking_url: str | None
    updated_at: Instant
    booking: NotRequired[Booking]


class BookingWithPayment(TypedDict):
    """With its latest payment."""

    booking: Booking
    payment: Payment | None


class WrittenBooking(TypedDict):
    booking: Booking
    position: Position


class ChangedBooking(BookingWithPayment):
    """`payment` is null where the price is another now: create-intent makes the new one."""

    position: Position


class BookingPage(TypedDict):
    bookings: list[Booking]
    next_cursor: int | None


class Quote(TypedDict):
    """`quote` holds the price until `valid_until`, for a booking of the same contents."""

    quote: str
    valid_until: Instant
    pricing: Pricing


class Intent(TypedDict):
    payment: Payment | None
    position: Position


class PaymentOfBooking(TypedDict):
    booking_number: str
    booking_status: Status
    payment: Payment | None


class Confirmed(TypedDict):
    """The whole booking for its owner, its status for whoever has the number."""

    booking: either("Booking", "BookingStatus")
    payment: Payment | None
    position: Position


class Received(TypedDict):
    received: bool


class BookingEvent(TypedDict):
    """`event` holds its fields by name, as docs/model/events.md has them.

    `actor` is who wanted it: `guest`, `customer:` or `staff:` and an id, `stripe` for a webhook, `job` or `command` and
    which.
    """

    position: int
    version: Version
    name: str
    at: Instant
    actor: str
    correlation_id: str | None
    event: dict[str, Any]


class BookingEvents(TypedDict):
    events: list[BookingEvent]


class StripeEvent(TypedDict):
    """An event as Stripe sends it; of its fields we read these."""

    id: str
    type: str
    livemode: bool
    data: dict[str, Any]
