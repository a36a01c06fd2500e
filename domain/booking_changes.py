"""What is changed of a booking after it was placed: asked again for what is so already, each decision answers nothing.

Its customer changes it while it is pending, staff until it is under way. What staff plan and note is theirs alone.
"""

from domain import Refused
from domain.booking import Booking
from domain.booking_events import (
    BookingAddressesChanged,
    BookingDeleted,
    BookingNoted,
    BookingRescheduled,
    CoreAreaOverridden,
    Event,
    InstructionsChanged,
    TimesPlanned,
)
from domain.booking_status import ACTIVE, Status

CHANGEABLE = frozenset({Status.PENDING, Status.CONFIRMED, Status.PAID})
APPOINTMENT = ("pickup_date", "pickup_time", "specific_pickup_hour", "selection")


def check_changeable(booking: Booking, by_staff: bool) -> None:
    """Refuses `not_allowed` where only staff may still change it, `invalid_transition` where nobody may."""
    if booking.is_deleted or booking.status not in CHANGEABLE:
        raise Refused("invalid_transition", f"A booking that is {booking.status} can no longer be changed.", "/status")
    if booking.status is not Status.PENDING and not by_staff:
        raise Refused("not_allowed", "Only staff change a booking that is no longer pending.")


def reschedule(booking: Booking, to: BookingRescheduled) -> list[Event]:
    """To be decided together with the days that it leaves and takes."""
    same = all(getattr(booking.placed, name) == getattr(to, name) for name in APPOINTMENT)
    return [] if same else [to]


def change_addresses(booking: Booking, to: BookingAddressesChanged) -> list[Event]:
    """Compares what is personal too, so the booking has to be unsealed."""
    placed, said = booking.placed, to.personal
    own = placed.personal
    same_area = (placed.pickup_area, placed.delivery_area) == (to.pickup_area, to.delivery_area)
    same_ids = (placed.pickup_address_id, placed.delivery_address_id) == (to.pickup_address_id, to.delivery_address_id)
    same_streets = own and said and (own.pickup, own.delivery) == (said.pickup, said.delivery)
    return [] if same_area and same_ids and same_streets else [to]


def change_instructions(booking: Booking, to: InstructionsChanged) -> list[Event]:
    own = booking.placed.personal
    return [] if own and to.personal and own.special_instructions == to.personal.text else [to]


def override_area(booking: Booking, to: CoreAreaOverridden) -> list[Event]:
    same = booking.placed.is_outside_core_area == to.is_outside_core_area
    return [] if same else [to]


def plan(booking: Booking, to: TimesPlanned) -> list[Event]:
    """Refuses `invalid_transition` once it has ended."""
    if booking.plan == to:
        return []
    if booking.status not in ACTIVE:
        raise Refused("invalid_transition", f"Nothing is planned for a booking that is {booking.status}.", "/status")
    return [to]


def note(booking: Booking, to: BookingNoted) -> list[Event]:
    return [] if booking.notes == (to.personal.text if to.personal else "") else [to]


def delete(booking: Booking) -> list[Event]:
    """Refuses `invalid_transition` while it is active: somebody may wait for the van."""
    if booking.is_deleted:
        return []
    if booking.status in ACTIVE:
        raise Refused("invalid_transition", f"A booking that is {booking.status} is cancelled first.", "/status")
    return [BookingDeleted()]
