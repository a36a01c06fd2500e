"""What a booking counts as on the dashboard, and how each event changes that."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from domain import booking, payment, refund
from domain.booking import ACTIVE, Status
from eventlog.envelope import Recorded
from projections.partitions import Parting

NEW_YORK, EARLIEST_HOUR = ZoneInfo("America/New_York"), 8
STATUS_AFTER = {
    booking.BookingConfirmed: Status.CONFIRMED,
    booking.BookingPaid: Status.PAID,
    booking.BookingStarted: Status.IN_PROGRESS,
    booking.BookingDelayed: Status.DELAYED,
    booking.BookingResumed: Status.IN_PROGRESS,
    booking.BookingCompleted: Status.COMPLETED,
    booking.BookingCancelled: Status.CANCELLED,
    booking.BookingReinstated: Status.PAID,
    booking.BookingRefunded: Status.REFUNDED,
}


class Booked(Struct):
    """A row of `bookings`."""

    booking_id: UUID
    booking_number: str
    person_id: UUID
    service_type: str
    pickup_date: date
    pickup_time: str
    pickup_at: datetime
    placed_at: datetime
    status: str = "pending"
    received_cents: int = 0
    returned_cents: int = 0


class Returned(Struct):
    """A row of `refunds`."""

    refund_id: UUID
    booking_id: UUID
    amount_cents: int
    status: str
    requested_at: datetime


class Fold:
    """The rows that a batch is about, as they become; and money by day and partition: received, returned."""

    def __init__(self, bookings: dict[UUID, Booked], refunds: dict[UUID, Returned]):
        self.bookings, self.refunds, self.parting = bookings, refunds, Parting()
        self.money: dict[tuple[date, int], list[int]] = defaultdict(lambda: [0, 0])

    def place(self, recorded: Recorded) -> None:
        placed: booking.BookingPlaced = recorded.event
        hour = time(placed.specific_pickup_hour or EARLIEST_HOUR)
        self.bookings[recorded.key] = Booked(
            recorded.key,
            placed.booking_number,
            placed.person_id,
            placed.selection.service_type,
            placed.pickup_date,
            placed.pickup_time,
            datetime.combine(placed.pickup_date, hour, NEW_YORK),
            recorded.at,
        )

    def turn(self, recorded: Recorded) -> None:
        if booked := self.bookings.get(recorded.key):
            booked.status = STATUS_AFTER[type(recorded.event)]

    def receive(self, recorded: Recorded) -> None:
        self._money(recorded)[0] += recorded.event.amount_cents
        if booked := self.bookings.get(recorded.key):
            booked.received_cents += recorded.event.amount_cents

    def ask_back(self, recorded: Recorded) -> None:
        asked, id = recorded.event, recorded.originator_id
        self.refunds[id] = Returned(id, asked.booking_id, asked.amount_cents, "requested", recorded.at)

    def approve(self, recorded: Recorded) -> None:
        if back := self.refunds.get(recorded.originator_id):
            back.status = "approved"

    def give_back(self, recorded: Recorded) -> None:
        if back := self.refunds.get(recorded.originator_id):
            back.status = "completed"
            self._return(recorded, back.amount_cents)

    def fail(self, recorded: Recorded) -> None:
        """Also after it was completed: then the money is ours again, on the day of this event."""
        if back := self.refunds.get(recorded.originator_id):
            self._return(recorded, -back.amount_cents if back.status == "completed" else 0)
            back.status = "failed"

    def _return(self, recorded: Recorded, cents: int) -> None:
        self._money(recorded)[1] += cents
        if booked := self.bookings.get(recorded.key):
            booked.returned_cents += cents

    def _money(self, recorded: Recorded) -> list[int]:
        return self.money[recorded.at.astimezone(NEW_YORK).date(), self.parting[recorded.key]]


CHANGES: dict[type, Callable[[Fold, Recorded], None]] = {
    booking.BookingPlaced: Fold.place,
    **dict.fromkeys(STATUS_AFTER, Fold.turn),
    payment.PaymentSucceeded: Fold.receive,
    refund.RefundRequested: Fold.ask_back,
    refund.RefundApproved: Fold.approve,
    refund.RefundCompleted: Fold.give_back,
    refund.RefundFailed: Fold.fail,
}


def counted(booked: Booked) -> tuple[tuple[str, Any, dict[str, int]], ...]:
    """What one booking adds to the counters: table, what it counts for, columns."""
    return (
        ("counts", booked.service_type, {booked.status: 1}),
        ("pickups", booked.pickup_date, {"bookings": 1, "active": int(booked.status in ACTIVE)}),
    )
