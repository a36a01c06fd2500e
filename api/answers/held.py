"""Everything that is held about a customer, as they can take it along."""

from typing import Any, TypedDict
from uuid import UUID

from api.answers import Instant
from api.answers.bookings import ContactDetails
from api.answers.customers import Address, PaymentMethod, Profile, Statistics, Story


class HeldAccount(TypedDict):
    id: UUID
    email: str
    is_verified: bool
    made_at: Instant
    password_changed_at: Instant
    last_login_at: Instant | None
    last_login_ip: str | None


class HeldMail(TypedDict):
    email: str | None
    since: Instant
    verified_at: Instant | None


class HeldChange(TypedDict):
    """`what` is the event's name, `told` its fields."""

    at: Instant
    what: str
    told: dict[str, Any]


class HeldSession(TypedDict):
    made_at: Instant
    expires_at: Instant


class HeldLetter(TypedDict, total=False):
    purpose: str
    email: str | None
    asked_at: Instant
    expires_at: Instant
    used_at: Instant | None


class HeldBooking(Story):
    customer_info: ContactDetails
    special_instructions: str | None


class Held(TypedDict):
    exported_at: Instant
    account: HeldAccount
    profile: Profile
    email_addresses: list[HeldMail]
    addresses: list[Address]
    payment_methods: list[PaymentMethod]
    changes: list[HeldChange]
    sessions: list[HeldSession]
    letters: list[HeldLetter]
    statistics: Statistics
    bookings: list[HeldBooking]
