"""What staff see: dashboard, customers, accounts, the audit log, the read models."""

from datetime import date
from typing import Any, Literal, TypedDict
from uuid import UUID

from api.answers import Instant, Position
from api.answers.bookings import ContactDetails
from api.answers.customers import Address, Statistics, Story
from domain.audit import Action
from domain.booking_status import Status
from domain.permissions import Permission, Role
from domain.reconciliation import Kind
from domain.selection import PickupTime, ServiceType


class StaffUser(TypedDict):
    id: UUID
    email: str


class StaffProfile(TypedDict):
    """`permissions` are what role and flags allow."""

    name: str
    role: Role
    permissions: list[Permission]
    can_approve_refunds: bool
    can_modify_bookings: bool
    can_view_financials: bool


class StaffLoggedIn(TypedDict):
    user: StaffUser
    profile: StaffProfile


class StaffSession(StaffLoggedIn):
    """The session as an id for X-Session-Id; the answer sets it as a cookie too."""

    session_id: str
    csrf_token: str


class AuthenticatorSetup(TypedDict):
    """`qr_svg` is a picture of the link."""

    secret: str
    otpauth_url: str
    qr_svg: str


class SecondFactor(TypedDict):
    second_factor: bool
    position: Position


class Revenue(TypedDict):
    """Received less given back and less lost to disputes, each on its own day of New York."""

    today_cents: int
    last_7_days_cents: int
    last_30_days_cents: int
    month_cents: int


class Upcoming(TypedDict):
    date: date
    count: int


class BookingCounts(TypedDict):
    by_status: dict[str, int]
    by_service_type: dict[str, int]
    upcoming: list[Upcoming]


class Urgent(TypedDict):
    """A booking that cannot wait, and why."""

    reason: Literal["unpaid", "delayed", "dispute", "refund_waiting", "refund_failed", "refund_at_stripe"]
    booking_id: UUID
    booking_number: str
    status: Status
    service_type: ServiceType
    pickup_date: date
    pickup_time: PickupTime
    since: Instant


class UsedDay(TypedDict):
    """All services together; a closed day has no places."""

    date: date
    used: int
    limit: int


class CustomerCounts(TypedDict):
    total: int
    new: int
    vip: int
    by_tier: dict[str, int]


class AuditLine(TypedDict):
    """`before` and `after` by the name of what was changed; `personal` in them is what of a person's data."""

    id: UUID
    position: int
    at: Instant
    staff_id: UUID | None
    action_type: Action
    booking_id: UUID | None
    customer_id: UUID | None
    subject: str
    request_id: str
    before: dict[str, Any]
    after: dict[str, Any]
    ip: str | None
    user_agent: str | None
    query: str | None


class AuditEntry(AuditLine):
    staff_email: str | None


class AuditPage(TypedDict):
    entries: list[AuditEntry]
    next_cursor: int | None


class Finding(TypedDict):
    what: str
    n: int | None
    position: int | None
    message: str


class AuditVerified(TypedDict):
    """Whether the chain is whole, and where it is not."""

    is_whole: bool
    sealed: int
    not_sealed: int
    heads: int
    is_append_only: bool
    findings: list[Finding]
    more_findings: int


class BooksFinding(TypedDict):
    """`cents` are what Stripe has moved less what we say; 0 for what is only late."""

    kind: Kind
    stripe_id: str
    payment_id: UUID | None
    refund_id: UUID | None
    cents: int


class Books(TypedDict):
    """The last comparison of our record of money with Stripe's; `mended` payments had news that we had missed.

    `left_out` findings are more than are listed; payments may be missing from it unless it `is_whole`.
    """

    unexplained_cents: int
    findings: list[BooksFinding]
    left_out: int
    is_whole: bool
    compared_at: Instant
    compared: int
    mended: int


class Dashboard(TypedDict):
    """`revenue` and `books` are null for whoever may not see financials, `books` also before the first comparison."""

    revenue: Revenue | None
    books: Books | None
    bookings: BookingCounts
    urgent: list[Urgent]
    capacity: list[UsedDay]
    customers: CustomerCounts
    recent_actions: list[AuditLine]


class CustomerLine(ContactDetails):
    id: UUID
    has_account: bool
    is_vip: bool
    registered_at: Instant
    total_bookings: int
    last_booking_at: Instant | None
    total_spent_cents: int
    loyalty_tier: Literal["bronze", "silver", "gold", "platinum"]


class CustomerPage(TypedDict):
    customers: list[CustomerLine]
    next_cursor: str | None


class CustomerShown(TypedDict):
    """`person` is null for who was forgotten; `guest_notes` were written before the account was there."""

    id: UUID
    has_account: bool
    is_closed: bool
    is_verified: bool
    member_since: Instant | None
    person: ContactDetails | None
    is_vip: bool
    notes: str
    guest_notes: list[str]
    statistics: Statistics
    addresses: list[Address]
    bookings: list[Story]
    next_cursor: int | None


class NotesWritten(TypedDict):
    id: UUID
    is_vip: bool
    notes: str
    position: Position


class Forgotten(TypedDict):
    id: UUID
    position: Position
