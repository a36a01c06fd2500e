"""A past for measurements and proofs: bookings of every fate, written to the log in bulk."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice, zip_longest
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, UUID, uuid5

from psycopg import Connection

from domain import Value, booking, payment, pickup_day, refund
from domain.address import Area, BookingDetails, Street
from domain.booking import BookingPlaced
from domain.ids import booking_id, payment_id
from domain.payment_events import PaymentSecret
from domain.pickup_day import PlaceReleased, PlaceReserved, Slot
from domain.pricing import Pricing
from domain.selection import MiniMove, StandardDelivery, Tier
from eventlog.envelope import ENCODER, Origin, Recorded, Stored, encode, personal_taken_out
from eventlog.ids import new_id
from eventlog.vault import PersonKey, Vault, seal

START = datetime(2026, 11, 2, 14, tzinfo=UTC)
DAYS, PERSONS, TOGETHER = 90, 1_000, 64
CENTS = 99_500
PRICING = Pricing(CENTS, 0, 0, 0, 0, 0, (), 0, 0, CENTS, ())
# Ids are asked for again and again while a booking's events are made.
BOOKING, PAYMENT, DAY = lru_cache(1_024)(booking_id), lru_cache(1_024)(payment_id), lru_cache(8_192)(pickup_day.stream)
COPY = "copy eventlog.stored_events (originator_id, originator_version, topic, state) from stdin (format binary)"


class Step(NamedTuple):
    """One event of a booking's life, on the stream where it happens."""

    stream: UUID
    event: Any


class Guest(Value):
    """The n-th booking: whose it is, for when where it matters, and the ids that follow from its number."""

    n: int
    person: UUID
    on: date | None = None
    last_name: str = "Byron"

    @property
    def number(self) -> str:
        return f"TT{self.n:08d}"

    @property
    def booking(self) -> UUID:
        return BOOKING(self.number)

    @property
    def payment(self) -> UUID:
        return PAYMENT(self.booking, 1)

    @property
    def day(self) -> date:
        return self.on or START.date() + timedelta(days=self.n * 7 % DAYS)

    @property
    def service(self) -> MiniMove | StandardDelivery:
        return StandardDelivery(3) if self.n % 3 else MiniMove(Tier.PETITE)


def load(db: Connection, vault: Vault, events: int) -> int:
    """Write about so many events, in one transaction; returns how many."""
    persons = [vault.person_id(f"guest{n}@example.com") for n in range(PERSONS)]
    keys = {person: vault.key_for(db, person) for person in persons}
    count = 0
    with db.transaction(), db.cursor().copy(COPY) as copy:
        copy.set_types(["uuid", "int8", "text", "bytea"])
        for one in islice(history(keys), events):
            copy.write_row((one.stream, one.version, one.name, one.body))
            count += 1
    return count


def history(keys: dict[UUID, PersonKey]) -> Iterator[Stored]:
    """Bookings for ever, many of them at a time, as they lie in the log."""
    versions: Counter[UUID] = Counter()
    persons = list(keys)
    first, at = 1, START
    while True:
        guests = [Guest(n, persons[n * 31 % len(persons)]) for n in range(first, first + TOGETHER)]
        for moment in zip_longest(*map(life, guests)):
            for guest, steps in zip(guests, moment, strict=True):
                at += timedelta(seconds=5)
                yield from stored(guest, steps or (), versions, (at, keys[guest.person]))
        first += TOGETHER


def stored(
    guest: Guest, steps: Sequence[Step], versions: Counter[UUID], when: tuple[datetime, PersonKey]
) -> Iterator[Stored]:
    """The steps of one append as they lie in the log; `versions` are those of the streams so far."""
    at, key = when
    origin = Origin("guest", new_id(), f"req-{guest.n}")
    for step in steps:
        versions[step.stream] += 1
        id = new_id()
        recorded = Recorded(step.stream, versions[step.stream], step.event, id, guest.booking, at, origin)
        if (personal := getattr(step.event, "personal", None)) is not None:
            recorded = personal_taken_out(recorded, seal(key, id, ENCODER.encode(personal)))
        yield Stored(0, step.stream, recorded.originator_version, recorded.name, encode(recorded))


def life(guest: Guest) -> Iterator[list[Step]]:
    """What one append after the other wrote. Six of ten are paid and done; the others end in every other way."""
    yield from asking(guest)
    match guest.n % 10:
        case 6:
            yield expiring(guest)
            yield [Step(guest.payment, payment.PaymentCancelled())]
        case 8:
            return
        case fate:
            yield from paid(guest, fate)


def asking(guest: Guest) -> Iterator[list[Step]]:
    """A booking is placed and its payment opened."""
    secret = PaymentSecret(f"pi_{guest.n}_secret")
    yield placing(guest)
    yield [Step(guest.payment, payment.PaymentRequested(guest.booking, guest.person, CENTS))]
    yield [Step(guest.payment, payment.PaymentOpened(f"pi_{guest.n}", guest.person, secret))]


def paid(guest: Guest, fate: int) -> Iterator[list[Step]]:
    yield from paying(guest, fate)
    yield [Step(guest.booking, booking.BookingStarted())]
    if fate == 5:
        yield [Step(guest.booking, booking.BookingDelayed())]
        return
    yield [Step(guest.booking, booking.BookingCompleted())]
    if fate == 9:
        yield from giving_back(guest)


def paying(guest: Guest, fate: int) -> Iterator[list[Step]]:
    succeeded = payment.PaymentSucceeded(CENTS, f"ch_{guest.n}")
    if fate == 7:
        yield [Step(guest.payment, payment.PaymentFailed("card_declined", f"ch_{guest.n}_1"))]
    yield [Step(guest.payment, succeeded), Step(guest.booking, booking.BookingPaid(guest.payment, CENTS))]


def placing(guest: Guest) -> list[Step]:
    details = BookingDetails(
        "Ada",
        guest.last_name,
        f"guest{guest.n}@example.com",
        "+12125550123",
        Street("1 Main St", "Apt 4"),
        Street("2 Dune Rd"),
        "Ring twice",
    )
    placed = BookingPlaced(
        guest.number,
        guest.person,
        True,
        guest.service,
        guest.day,
        "morning",
        None,
        Area("New York", "NY", "10013"),
        Area("Southampton", "NY", "11968"),
        True,
        False,
        PRICING,
        START + timedelta(minutes=30),
        details,
    )
    place = PlaceReserved(guest.day, guest.booking, guest.service.service_type, guest.person, Slot("morning"))
    return [Step(guest.booking, placed), Step(DAY(guest.day), place)]


def expiring(guest: Guest, reason: str = booking.EXPIRED) -> list[Step]:
    return [
        Step(guest.booking, booking.BookingCancelled(reason, guest.day, guest.person)),
        Step(guest.payment, payment.PaymentWithdrawn(reason)),
        Step(DAY(guest.day), PlaceReleased(guest.day, guest.booking, guest.service.service_type)),
    ]


def giving_back(guest: Guest) -> Iterator[list[Step]]:
    back = uuid5(NAMESPACE_OID, f"totetaxi/past/refund/{guest.n}")
    yield [
        Step(back, refund.RefundRequested(guest.payment, guest.booking, CENTS, "by_staff", "staff")),
        Step(back, refund.RefundApproved("admin")),
        Step(guest.payment, payment.RefundReserved(back, CENTS)),
    ]
    yield [
        Step(back, refund.RefundCompleted(f"re_{guest.n}", CENTS)),
        Step(guest.payment, payment.RefundPaidOut(back, CENTS)),
        Step(guest.booking, booking.BookingRefunded(CENTS)),
    ]
