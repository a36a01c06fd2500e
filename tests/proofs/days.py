"""What must be true of days, bookings and their money at each moment of a log and at rest; says what is not."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import combinations
from uuid import UUID

from domain import Refused, booking, payment, pickup_day, refund
from domain.booking import Booking, BookingPlaced, Status
from domain.ids import payment_id
from domain.pickup_day import PickupDay, PlaceReleased, PlaceReserved
from eventlog.envelope import Recorded

AGGREGATES = (booking, pickup_day, payment, refund)
PARTS = ("base_price_cents", "surcharge_cents", "same_day_surcharge_cents", "coi_fee_cents", "organizing_total_cents",
         "organizing_tax_cents", "geographic_surcharge_cents", "time_window_surcharge_cents")  # fmt: skip
# Which status follows which: the table of the house.
TURNS = {
    "pending": {"confirmed", "paid", "cancelled"},
    "confirmed": {"paid", "in_progress", "cancelled"},
    "paid": {"in_progress", "completed", "cancelled"},
    "in_progress": {"completed", "delayed", "cancelled"},
    "delayed": {"in_progress", "completed", "cancelled"},
    "completed": {"refunded"},
    "cancelled": {"paid"},
    "refunded": set(),
}
ACTIVE, UNPAID = ("pending", "confirmed", "paid", "in_progress", "delayed"), ("pending", "confirmed")


class Story:
    """A log, folded as far as it was told. `limits` are a day's places by service, where it has none of its own."""

    def __init__(self, limits: Mapping[str, int]):
        self.limits = limits
        self.bookings: dict[UUID, Booking] = {}
        self.days: dict[UUID, PickupDay] = {}
        self.payments: dict[UUID, payment.Payment] = {}
        self.refunds: dict[UUID, refund.Refund] = {}
        self._states = dict(zip(AGGREGATES, (self.bookings, self.days, self.payments, self.refunds), strict=True))
        self._as_it_was: dict[tuple[UUID, int], PickupDay] = {}
        self._places: Counter[UUID] = Counter()
        self._last: dict[UUID, Recorded] = {}

    def follow(self, log: Iterable[Recorded]) -> list[str]:
        """Every sentence that should not be true at one of these moments."""
        log = list(log)
        ends = {recorded.origin.command_id: recorded.position for recorded in log}
        wrong: list[str] = []
        for recorded in log:
            wrong += self._told(recorded)
            if ends[recorded.origin.command_id] == recorded.position:
                wrong += self._without_its_place(recorded)
        return wrong

    def at_rest(self) -> list[str]:
        """The same of how it ended."""
        return [*self._places_and_bookings(), *self._prices(), *self._money(), *self._open_payments()]

    def unjust(self, refusal: Refused, day: date, service: str) -> list[str]:
        """Whoever was refused a place that was free on the day as the decision saw it."""
        if refusal.code != "no_capacity":
            return []
        stream = pickup_day.stream(day)
        seen = self._as_it_was.get((stream, refusal.seen[stream]), PickupDay())
        free = pickup_day.left(seen, service, self.limits[service])
        return [f"{free} {service} were free on {day} at version {refusal.seen[stream]}"] if free > 0 else []

    def _told(self, recorded: Recorded) -> Iterator[str]:
        event, id = recorded.event, recorded.originator_id
        aggregate = next((one for one in AGGREGATES if isinstance(event, one.Event)), None)
        if aggregate is None:
            return
        states = self._states[aggregate]
        before = states.get(id)
        after = states[id] = aggregate.evolve(before, event)
        if aggregate is pickup_day:
            self._as_it_was[id, recorded.originator_version] = after
            if isinstance(event, PlaceReserved | PlaceReleased):
                self._places[event.booking_id] += 1 if isinstance(event, PlaceReserved) else -1
            yield from self._given_away(recorded, after)
            self._last[id] = recorded
        elif aggregate is booking and before:
            yield from _turned(recorded, before, after)

    def _given_away(self, recorded: Recorded, day: PickupDay) -> Iterator[str]:
        """A place that there was not, unless it is the booking's own in another slot; or one person's slot twice."""
        event = recorded.event
        if not isinstance(event, PlaceReserved):
            return
        free = pickup_day.left(day, event.service_type, self.limits[event.service_type])
        if free < 0 and not _is_moved_within(self._last.get(recorded.originator_id), recorded):
            yield f"{event.day} has {-free} {event.service_type} too many at {recorded.position}"
        if day.is_blackout:
            yield f"{event.day} is closed at {recorded.position}"
        if any(a.slot == b.slot and {*a.persons} & {*b.persons} for a, b in combinations(day.places.values(), 2)):
            yield f"{event.day} has somebody twice in a slot at {recorded.position}"

    def _without_its_place(self, recorded: Recorded) -> Iterator[str]:
        """Whoever has changed a booking has left it with its one place, or ended and without one."""
        if made := self.bookings.get(recorded.key):
            places, wanted = self._places[recorded.key], int(made.status in ACTIVE)
            if places != wanted:
                yield f"{recorded.key} is {made.status} and has {places} places at {recorded.position}"

    def _places_and_bookings(self) -> Iterator[str]:
        taken = {(day, id): (p.service_type, p.slot) for day, s in self.days.items() for id, p in s.places.items()}
        wanted = {(pickup_day.stream(made.placed.pickup_date), id): _asked(made.placed)
                  for id, made in self.bookings.items() if made.status in ACTIVE}  # fmt: skip
        if taken != wanted:
            yield f"places without booking or otherwise: {dict(taken.items() - wanted.items())}"
            yield f"bookings without place: {dict(wanted.items() - taken.items())}"
        slots = Counter((b.pickup_date, _asked(b)[1], b.mail_id or b.person_id) for b in self._active())
        yield from (f"{slot} is booked {n} times" for slot, n in slots.items() if n > 1)
        yield from (f"{id} is deleted and {made.status}" for id, made in self.bookings.items()
                    if made.is_deleted and made.status in ACTIVE)  # fmt: skip

    def _active(self) -> list[BookingPlaced]:
        return [made.placed for made in self.bookings.values() if made.status in ACTIVE]

    def _prices(self) -> Iterator[str]:
        for id, made in self.bookings.items():
            price = made.placed.pricing
            if price.total_price_cents != sum(getattr(price, part) for part in PARTS):
                yield f"{id} costs other than the sum of its parts"

    def _money(self) -> Iterator[str]:
        """What came in is the booking's, or set aside for its way back, once."""
        for id, made in self.bookings.items():
            own = [self.payments[payment_id(id, n + 1)] for n in range(made.payments)]
            paid = [one for one in own if one.status is payment.Status.SUCCEEDED]
            yield from (f"{id}: more is set aside than was paid" for one in own
                        if sum(one.refunds.values()) > (one.amount_cents if one in paid else 0))  # fmt: skip
            late = sum(cents for n in range(made.payments) for back, cents in own[n].refunds.items()
                       if back == refund.late_payment(payment_id(id, n + 1)))  # fmt: skip
            if (kept := sum(one.amount_cents for one in paid) - late) != made.paid_cents:
                yield f"{id} is {made.status}, knows of {made.paid_cents} and was paid {kept}"
        yield from self._refunds()

    def _refunds(self) -> Iterator[str]:
        reserved = {back: cents for one in self.payments.values() for back, cents in one.refunds.items()}
        asked = {id: back.amount_cents for id, back in self.refunds.items()}
        if reserved != asked:
            yield f"set aside {reserved}, asked to be given back {asked}"

    def _open_payments(self) -> Iterator[str]:
        for id, one in self.payments.items():
            made = self.bookings[one.booking_id]
            if one.status in payment.ENDED or one.is_withdrawn:
                continue
            if made.status not in UNPAID and not _pays_later(made):
                yield f"{id} is open and its booking {made.status}"
            if id != payment_id(one.booking_id, made.payments) or one.amount_cents != booking.due_cents(made):
                yield f"{id} is open over {one.amount_cents}, {booking.due_cents(made)} are due"


def _is_moved_within(before: Recorded | None, now: Recorded) -> bool:
    return (
        before is not None
        and isinstance(before.event, PlaceReleased)
        and before.event.booking_id == now.event.booking_id
        and before.origin.command_id == now.origin.command_id
    )


def _turned(recorded: Recorded, before: Booking, after: Booking) -> Iterator[str]:
    if after.status != before.status and after.status not in TURNS[before.status]:
        yield f"{recorded.originator_id} was {before.status} and became {after.status} at {recorded.position}"
    if before.status == "cancelled" and after.status == "paid" and before.reason != "payment_expired":
        yield f"{recorded.originator_id} was cancelled {before.reason} and paid at {recorded.position}"


def _pays_later(made: Booking) -> bool:
    """A guest's that was begun or carried out unpaid."""
    return made.placed.is_guest and not made.is_paid and made.status is not Status.CANCELLED


def _asked(placed: BookingPlaced) -> tuple[str, pickup_day.Slot]:
    return str(placed.selection.service_type), pickup_day.Slot(placed.pickup_time, placed.specific_pickup_hour)
