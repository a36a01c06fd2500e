"""Years of a house's bookings, written to the log in bulk: the past grows with their number, the days to come do not.

Whatever the size, each coming day has one booking, and the same few bookings are those of somebody with a rare name.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import zip_longest
from time import monotonic
from uuid import UUID

from psycopg import Connection

from bench.past import COPY, DAY, PRICING, TOGETHER, Guest, Step, asking, expiring, giving_back, paying, stored
from domain import Value, booking, payment
from domain.address import Area, Street, Streets
from domain.booking_events import BookingAddressesChanged, BookingRescheduled
from domain.house import DEFAULT_DAILY_CAPACITY
from domain.pickup_day import LimitSet, PlaceReleased, PlaceReserved, Slot
from domain.selection import ServiceType
from eventlog.envelope import Stored
from eventlog.vault import PersonKey, Vault
from projections.following import Progressed

NOW = datetime(2027, 1, 4, 17, tzinfo=UTC)
TODAY, PAST_DAYS, AHEAD = NOW.date(), 3_650, timedelta(14)
HITS, RARE, EACH = 20, "Quillfeather", 10
TELL_S = 2.0


class Years(Value):
    """So many bookings: one for each coming day, all others in the past; a tenth as many persons."""

    bookings: int
    coming: int = 600

    def guest(self, n: int, persons: list[UUID]) -> Guest:
        """The n-th booking, from 1. Those that are searched for are spread over all, and one person's."""
        if n % (self.bookings // HITS) == 0:
            return Guest(n, persons[0], self.day(n), RARE)
        return Guest(n, persons[n % (len(persons) - 1) + 1], self.day(n))

    def day(self, n: int) -> date:
        past = self.bookings - self.coming
        if n > past:
            return TODAY + timedelta(n - past - 1)
        return TODAY - timedelta(PAST_DAYS - (n - 1) * PAST_DAYS // past)

    def placed_at(self, n: int) -> datetime:
        """In the order of the log: the coming ones in the last days, however far ahead."""
        first, last = NOW - timedelta(PAST_DAYS) - AHEAD, NOW - timedelta(days=1)
        return first + (last - first) * (n / self.bookings)

    @property
    def places(self) -> int:
        """How many a day of the past needs of each service, and no day less than any has."""
        return max(DEFAULT_DAILY_CAPACITY, (self.bookings - self.coming) // PAST_DAYS + 2)


def load(db: Connection, vault: Vault, years: Years, tell: Callable[[Progressed], object]) -> int:
    """Write them all, in one transaction; returns how many events that were."""
    began, told, count = monotonic(), 0.0, 0
    with db.transaction():
        ids = [vault.person_id(f"person{n}@example.com") for n in range(max(2, years.bookings // EACH))]
        keys = {id: vault.key_for(db, id) for id in ids}
        with db.cursor().copy(COPY) as copy:
            copy.set_types(["uuid", "int8", "text", "bytea"])
            for at, one in history(years, keys):
                copy.write_row((one.stream, one.version, one.name, one.body))
                count += 1
                if monotonic() - began - told > TELL_S:
                    told = monotonic() - began
                    tell(Progressed("log", count, at, years.bookings, told * count / max(1, at)))
    return count


def history(years: Years, keys: dict[UUID, PersonKey]) -> Iterator[tuple[int, Stored]]:
    """The events as they lie in the log, each with the number of the booking that has come so far."""
    persons, versions = list(keys), Counter[UUID]()
    days = {DAY(TODAY + timedelta(n)) for n in range(-PAST_DAYS, years.coming + 2)}
    raised: set[date] = set()
    for first in range(1, years.bookings + 1, TOGETHER):
        at, ended = years.placed_at(first), set[UUID]()
        guests = [years.guest(n, persons) for n in range(first, min(first + TOGETHER, years.bookings + 1))]
        for moment in zip_longest(*(life(guest, years, raised) for guest in guests)):
            for guest, steps in zip(guests, moment, strict=True):
                ended.update(step.stream for step in steps or ())
                yield from ((guest.n, one) for one in stored(guest, steps or (), versions, (at, keys[guest.person])))
        for stream in ended - days:
            del versions[stream]


def life(guest: Guest, years: Years, raised: set[date]) -> Iterator[list[Step]]:
    """What one append after the other wrote. Of the past all is over; what comes is paid, waits or was cancelled."""
    days = {guest.day, guest.day + timedelta(1)} - raised  # the next one, because some are moved to it
    raised |= days
    yield from (raising(day, years.places) for day in sorted(days))
    yield from asking(guest)
    fate, is_coming = guest.n % 10, guest.day >= TODAY
    if fate == 8 and is_coming:
        return
    if fate in (6, 8):
        yield expiring(guest, booking.EXPIRED if fate == 6 else "by_customer")
        yield [Step(guest.payment, payment.PaymentCancelled())]
        return
    yield from paying(guest, fate)
    yield from changing(guest)
    if not is_coming:
        yield from driven(guest, fate)


def raising(day: date, places: int) -> list[Step]:
    return [Step(DAY(day), LimitSet(day, service, places)) for service in ServiceType]


def changing(guest: Guest) -> Iterator[list[Step]]:
    """One of twenty is moved to the next day, another one to another address."""
    if guest.n % 20 == 3:
        to, service = guest.day + timedelta(1), guest.service
        moved = BookingRescheduled(guest.person, guest.day, to, "morning", None, service, PRICING)
        left = PlaceReleased(guest.day, guest.booking, service.service_type)
        taken = PlaceReserved(to, guest.booking, service.service_type, guest.person, Slot("morning"))
        yield [Step(guest.booking, moved), Step(DAY(guest.day), left), Step(DAY(to), taken)]
    if guest.n % 20 == 14:
        areas = Area("New York", "NY", "10013"), Area("Montauk", "NY", "11954")
        streets = Streets(Street("3 Main St"), Street("4 Old Montauk Hwy"))
        yield [Step(guest.booking, BookingAddressesChanged(guest.person, *areas, True, PRICING, streets))]


def driven(guest: Guest, fate: int) -> Iterator[list[Step]]:
    yield [Step(guest.booking, booking.BookingStarted())]
    if fate == 5:
        yield [Step(guest.booking, booking.BookingDelayed())]
        yield [Step(guest.booking, booking.BookingResumed())]
    yield [Step(guest.booking, booking.BookingCompleted())]
    if fate == 9:
        yield from giving_back(guest)
