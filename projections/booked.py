"""What a booking counts as on the dashboard, and how each event changes that."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from domain import booking, payment, refund
from domain.booking_events import BookingDeleted, BookingPlaced, BookingRescheduled
from domain.booking_status import ACTIVE, Status, once_paid
from domain.moment import day_of, instant, promised_pickup
from eventlog.envelope import Recorded
from projections.partitions import Parting

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


def status_after(status: str, event: object) -> str:
    if isinstance(event, booking.BookingPaid):
        return once_paid(status)
    return STATUS_AFTER.get(type(event), status)


class Booked(Struct):
    """A row of `bookings`; `disputes` are the cents of each there has been, `outcomes` how those that closed ended.

    `disputed_at` is since when there has been any that is open.
    """

    booking_id: UUID
    booking_number: str
    service_type: str
    pickup_date: date
    pickup_time: str
    pickup_at: datetime
    status: str = "pending"
    received_cents: int = 0
    returned_cents: int = 0
    is_deleted: bool = False
    disputes: dict[str, int] = {}
    outcomes: dict[str, str] = {}
    disputed_at: datetime | None = None

    @property
    def is_disputed(self) -> bool:
        return bool(self.disputes.keys() - self.outcomes.keys())

    @property
    def lost_cents(self) -> int:
        return sum(cents for id, cents in self.disputes.items() if self.outcomes.get(id, "won") != "won")


class Returned(Struct):
    """A row of `refunds`; `is_foreign`: begun at Stripe itself. `failed_at` only while it is not tried again."""

    refund_id: UUID
    booking_id: UUID
    amount_cents: int
    status: str
    requested_at: datetime
    is_foreign: bool = False
    failed_at: datetime | None = None


class Fold:
    """The rows that a batch is about, as they become; and money by day and partition: received, returned, lost."""

    def __init__(self, bookings: dict[UUID, Booked], refunds: dict[UUID, Returned]):
        self.bookings, self.refunds, self.parting = bookings, refunds, Parting()
        self.money: dict[tuple[date, int], list[int]] = defaultdict(lambda: [0, 0, 0])

    def place(self, recorded: Recorded) -> None:
        placed: BookingPlaced = recorded.event
        number, service = placed.booking_number, placed.selection.service_type
        self.bookings[recorded.key] = Booked(recorded.key, number, service, *_promised(placed))

    def move(self, recorded: Recorded) -> None:
        if booked := self.bookings.get(recorded.key):
            booked.pickup_date, booked.pickup_time, booked.pickup_at = _promised(recorded.event)

    def put_away(self, recorded: Recorded) -> None:
        if booked := self.bookings.get(recorded.key):
            booked.is_deleted = True

    def turn(self, recorded: Recorded) -> None:
        if booked := self.bookings.get(recorded.key):
            booked.status = status_after(booked.status, recorded.event)

    def receive(self, recorded: Recorded) -> None:
        self._money(recorded)[0] += recorded.event.amount_cents
        if booked := self.bookings.get(recorded.key):
            booked.received_cents += recorded.event.amount_cents

    def ask_back(self, recorded: Recorded) -> None:
        asked, id = recorded.event, recorded.originator_id
        is_foreign = asked.reason == refund.BEGUN_AT_STRIPE
        self.refunds[id] = Returned(id, asked.booking_id, asked.amount_cents, "requested", recorded.at, is_foreign)

    def approve(self, recorded: Recorded) -> None:
        if back := self.refunds.get(recorded.originator_id):
            back.status, back.failed_at = "approved", None

    def deny(self, recorded: Recorded) -> None:
        if back := self.refunds.get(recorded.originator_id):
            back.status = "denied"

    def give_back(self, recorded: Recorded) -> None:
        if back := self.refunds.get(recorded.originator_id):
            back.status, back.failed_at = "completed", None
            self._return(recorded, back.amount_cents)

    def fail(self, recorded: Recorded) -> None:
        """Also after it was completed: then the money is ours again, on the day of this event."""
        if back := self.refunds.get(recorded.originator_id):
            self._return(recorded, -back.amount_cents if back.status == "completed" else 0)
            back.status = "failed"
            back.failed_at = None if recorded.event.failure_reason in refund.GIVEN_BACK_ELSEWHERE else recorded.at

    def dispute(self, recorded: Recorded) -> None:
        if booked := self.bookings.get(recorded.key):
            event, lost_cents = recorded.event, booked.lost_cents
            booked.disputes = booked.disputes | {event.stripe_dispute_id: event.amount_cents}
            booked.outcomes = {id: end for id, end in booked.outcomes.items() if id != event.stripe_dispute_id}
            booked.disputed_at = booked.disputed_at or recorded.at
            self._lose(recorded, booked.lost_cents - lost_cents)

    def settle(self, recorded: Recorded) -> None:
        """The bank has decided. What is lost is gone on this day; until then it counts as received."""
        if booked := self.bookings.get(recorded.key):
            event, lost_cents = recorded.event, booked.lost_cents
            booked.outcomes = booked.outcomes | {event.stripe_dispute_id: event.outcome}
            booked.disputed_at = booked.disputed_at if booked.is_disputed else None
            self._lose(recorded, booked.lost_cents - lost_cents)

    def _return(self, recorded: Recorded, cents: int) -> None:
        self._money(recorded)[1] += cents
        if booked := self.bookings.get(recorded.key):
            booked.returned_cents += cents

    def _lose(self, recorded: Recorded, cents: int) -> None:
        self._money(recorded)[2] += cents

    def _money(self, recorded: Recorded) -> list[int]:
        return self.money[day_of(recorded.at), self.parting[recorded.key]]


def _promised(event: BookingPlaced | BookingRescheduled) -> tuple[date, str, datetime]:
    """Day, time of day, and the instant from which on the van is expected."""
    day, time = event.pickup_date, event.pickup_time
    begin, _ = promised_pickup(day, time, event.specific_pickup_hour, event.zone)
    return day, time, instant(begin)


CHANGES: dict[type, Callable[[Fold, Recorded], None]] = {
    BookingPlaced: Fold.place,
    BookingRescheduled: Fold.move,
    BookingDeleted: Fold.put_away,
    **dict.fromkeys(STATUS_AFTER, Fold.turn),
    payment.PaymentSucceeded: Fold.receive,
    payment.DisputeOpened: Fold.dispute,
    payment.DisputeClosed: Fold.settle,
    refund.RefundRequested: Fold.ask_back,
    refund.RefundApproved: Fold.approve,
    refund.RefundTriedAgain: Fold.approve,
    refund.RefundDenied: Fold.deny,
    refund.RefundCompleted: Fold.give_back,
    refund.RefundFailed: Fold.fail,
}


def counted(booked: Booked) -> tuple[tuple[str, Any, dict[str, int]], ...]:
    """What one booking adds to the counters: table, what it counts for, columns. Nothing once it was put away."""
    if booked.is_deleted:
        return ()
    return (
        ("counts", booked.service_type, {booked.status: 1}),
        ("pickups", booked.pickup_date, {"bookings": 1, "active": int(booked.status in ACTIVE)}),
    )
