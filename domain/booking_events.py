"""What happens to a booking. Kept for ever: fields are only ever added, with a default."""

from datetime import date, datetime
from uuid import UUID

from domain import Value
from domain.address import Area, BookingDetails, Streets, Words
from domain.moment import NEW_YORK, Moment
from domain.pricing import Pricing
from domain.selection import Selection


class BookingPlaced(Value):
    """With an account `person_id` is the customer's own and `mail_id` follows from the mail, as a guest's `person_id`.

    The ids of addresses are those of the saved ones that were chosen. Day and time are those of the zone's clocks.
    """

    booking_number: str
    person_id: UUID
    is_guest: bool
    selection: Selection
    pickup_date: date
    pickup_time: str
    specific_pickup_hour: int | None
    pickup_area: Area
    delivery_area: Area
    is_outside_core_area: bool
    coi_required: bool
    pricing: Pricing
    hold_expires_at: datetime
    personal: BookingDetails | None = None
    mail_id: UUID | None = None
    pickup_address_id: UUID | None = None
    delivery_address_id: UUID | None = None
    zone: str = NEW_YORK


class BookingRescheduled(Value):
    """The customer was told another time; a flight or same-day delivery moves along in `selection`.

    `moved_from` is the day before this; what staff had planned for another day no longer holds. The reason is personal,
    as all that somebody writes.
    """

    person_id: UUID
    moved_from: date
    pickup_date: date
    pickup_time: str
    specific_pickup_hour: int | None
    selection: Selection
    pricing: Pricing
    personal: Words | None = None
    zone: str = NEW_YORK


class BookingAddressesChanged(Value):
    """Both addresses as they are from now on, also when one of them stays."""

    person_id: UUID
    pickup_area: Area
    delivery_area: Area
    is_outside_core_area: bool
    pricing: Pricing
    personal: Streets | None = None
    pickup_address_id: UUID | None = None
    delivery_address_id: UUID | None = None


class InstructionsChanged(Value):
    person_id: UUID
    personal: Words | None = None


class CoreAreaOverridden(Value):
    """Staff know better than the distance whether it is far; until the addresses change."""

    person_id: UUID
    is_outside_core_area: bool
    pricing: Pricing
    personal: Words | None = None


class TimesPlanned(Value):
    """When the van is expected; the customer's promise stays what it was. None: not planned."""

    estimated_pickup: Moment | None
    estimated_delivery: Moment | None


class BookingNoted(Value):
    """What staff note about it, in place of what was noted before."""

    person_id: UUID
    personal: Words | None = None


class BookingConfirmed(Value): ...


class BookingBilledAgain(Value):
    """The payment before can no longer be paid, so there is a further one."""

    payment_id: UUID


class BookingPaid(Value):
    """`due_cents` is what is due after it: a change may have made it dearer meanwhile, or cheaper (less than zero)."""

    payment_id: UUID
    amount_cents: int
    due_cents: int = 0


class BookingStarted(Value): ...


class BookingDelayed(Value): ...


class BookingResumed(Value): ...


class BookingCompleted(Value): ...


class BookingCancelled(Value):
    """The reason is a word of ours (`payment_expired`, `by_customer`, `by_staff`); what a person wrote is personal."""

    reason: str
    pickup_date: date
    person_id: UUID
    personal: Words | None = None


class BookingReinstated(Value):
    payment_id: UUID
    amount_cents: int
    due_cents: int = 0


class BookingBalancePaid(Value):
    """Money that leaves the status as it is: what a change made it dearer, or the price of a pickup already begun."""

    payment_id: UUID
    amount_cents: int
    due_cents: int = 0


class DifferenceReturned(Value):
    """A change has made it cheaper than what was paid; the difference goes back by a refund."""

    refund_id: UUID
    amount_cents: int


class BookingRefunded(Value):
    amount_cents: int


class BookingDeleted(Value):
    """Put away by staff: no list shows it any more, its history and its money stay."""


Change = (
    BookingRescheduled | BookingAddressesChanged | InstructionsChanged | CoreAreaOverridden | TimesPlanned
    | BookingNoted
)  # fmt: skip
Event = (
    BookingPlaced | Change | BookingConfirmed | BookingBilledAgain | BookingPaid | BookingStarted | BookingDelayed
    | BookingResumed | BookingCompleted | BookingCancelled | BookingReinstated | BookingBalancePaid | DifferenceReturned
    | BookingRefunded | BookingDeleted
)  # fmt: skip
