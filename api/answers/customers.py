"""What customers see of themselves: profile, addresses, history, everything."""

from datetime import date
from typing import Literal, NotRequired, TypedDict
from uuid import UUID

from api.answers import Instant, Position, Version
from api.answers.bookings import ContactDetails, Selected
from domain.booking_status import Status
from domain.profile import Preferences
from domain.selection import PickupTime, ServiceType


class Detail(TypedDict):
    """Words for the reader; they tell nobody who has an account."""

    detail: str


class Nothing(TypedDict):
    """Done; there is nothing to tell."""


class CsrfToken(TypedDict):
    csrf_token: str


class CustomerUser(TypedDict):
    id: UUID
    email: str
    is_verified: bool


class Profile(ContactDetails):
    id: UUID
    is_verified: bool
    is_vip: bool
    preferred_pickup_time: PickupTime
    email_notifications: bool
    sms_notifications: bool
    marketing_consent: bool
    member_since: Instant
    version: Version


class CustomerLoggedIn(TypedDict):
    user: CustomerUser
    profile: Profile


class CustomerSession(CustomerLoggedIn):
    """The session as an id for X-Session-Id; the answer sets it as a cookie too."""

    session_id: str
    csrf_token: str


class MailVerified(TypedDict):
    email_verified: bool
    position: Position


class Statistics(TypedDict):
    """`total_bookings` were paid once; `total_spent_cents` is paid less given back."""

    total_bookings: int
    total_spent_cents: int
    last_booking_at: Instant | None
    loyalty_tier: Literal["bronze", "silver", "gold", "platinum"]
    is_vip: NotRequired[bool]


class OwnProfile(Profile):
    """`pending_email` is a new address that is still to be proven."""

    pending_email: str | None
    statistics: NotRequired[Statistics]


class ProfileShown(TypedDict):
    profile: OwnProfile


class ProfileWritten(ProfileShown):
    position: Position
    version: Version


class Address(TypedDict):
    """A saved address; `formatted_address` is as on an envelope, in one line."""

    id: UUID
    nickname: str | None
    address_line_1: str
    address_line_2: str
    city: str
    state: str
    zip_code: str
    delivery_instructions: str
    is_default: bool
    is_active: bool
    formatted_address: str
    created_at: Instant
    updated_at: Instant
    times_used: int
    last_used_at: Instant | None


class Addresses(TypedDict):
    addresses: list[Address]
    next_cursor: None


class AddressShown(TypedDict):
    address: Address


class AddressWritten(AddressShown):
    position: Position
    version: Version


class PaymentMethod(TypedDict):
    """A saved card, as far as its owner needs it to tell it from others; `id` is Stripe's."""

    id: str
    brand: str
    last_four: str
    exp_month: int
    exp_year: int
    is_default: bool
    saved_at: Instant


class PaymentMethods(TypedDict):
    payment_methods: list[PaymentMethod]
    next_cursor: None


class PaymentMethodWritten(TypedDict):
    payment_method: PaymentMethod
    position: Position
    version: Version


class Written(TypedDict):
    position: Position


class PreferencesShown(TypedDict):
    preferences: Preferences
    default_address: Address | None
    most_used_addresses: list[Address]


class PreferencesWritten(TypedDict):
    preferences: Preferences
    position: Position
    version: Version


class AddressThen(TypedDict):
    """Street and instructions are left out once the person is forgotten."""

    city: str
    state: str
    zip_code: str
    address_line_1: NotRequired[str]
    address_line_2: NotRequired[str]
    delivery_instructions: NotRequired[str]


class PaymentThen(TypedDict):
    id: UUID
    status: str
    amount_cents: int
    refunded_cents: int
    stripe_payment_intent_id: str | None
    stripe_charge_id: str | None
    failure_reason: str | None
    updated_at: Instant


class RefundThen(TypedDict):
    id: UUID
    payment_id: UUID
    status: str
    amount_cents: int
    updated_at: Instant


class Line(TypedDict):
    """What happened: `what` is the event's name; the dates are there where it was moved to another day."""

    at: Instant
    position: int
    what: str
    amount_cents: NotRequired[int]
    reason: NotRequired[str]
    from_date: NotRequired[date]
    to_date: NotRequired[date]


class Story(TypedDict):
    """A booking with its payments and refunds, and what happened to it, newest first."""

    id: UUID
    booking_number: str
    status: Status
    is_guest: bool
    service_type: ServiceType
    selection: Selected
    pickup_date: date
    pickup_time: PickupTime
    specific_pickup_hour: int | None
    pickup_address: AddressThen
    delivery_address: AddressThen
    total_price_cents: int
    placed_at: Instant
    reason: str
    payments: list[PaymentThen]
    refunds: list[RefundThen]
    timeline: list[Line]


class Timeline(TypedDict):
    """Of one booking, newest first."""

    timeline: list[Line]
    payments: list[PaymentThen]
    refunds: list[RefundThen]


class History(TypedDict):
    bookings: list[Story]
    next_cursor: int | None


class Overview(TypedDict):
    statistics: Statistics
    recent_bookings: list[Story]
    saved_addresses: list[Address]
    payment_methods: list[PaymentMethod]
