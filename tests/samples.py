"""The people, days and bookings that the tests talk about."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from domain.address import Area, BookingDetails, Street
from domain.booking import BookingPlaced
from domain.pickup_day import Slot, Wish
from domain.pricing import Pricing
from domain.selection import MiniMove, Tier
from eventlog.envelope import Origin
from eventlog.ids import new_id
from eventlog.store import Note

MONDAY = date(2027, 1, 11)
NOON = datetime(2027, 1, 4, 17, tzinfo=UTC)
HOLD = NOON + timedelta(minutes=30)
PRICING = Pricing(99500, 0, 0, 0, 0, 0, (), 0, 0, 99500, ())
PEOPLE = UUID("0193b5a0-0000-7000-8000-00000000ada0")


def person(name: str) -> UUID:
    return uuid5(PEOPLE, name)


def placed(name: str = "ada", day: date = MONDAY, number: str = "TT00000001") -> BookingPlaced:
    details = BookingDetails(
        name.title(),
        "Byron",
        f"{name}@example.com",
        "+12125550123",
        Street("1 Main St"),
        Street("2 Dune Rd"),
        "Ring twice",
    )
    return BookingPlaced(
        number,
        person(name),
        True,
        MiniMove(Tier.PETITE),
        day,
        "morning",
        None,
        Area("New York", "NY", "10013"),
        Area("Southampton", "NY", "11968"),
        True,
        False,
        PRICING,
        HOLD,
        details,
    )


def wish(booking_id: UUID, name: str = "ada", day: date = MONDAY, limit: int = 10) -> Wish:
    return Wish(day, booking_id, "mini_move", person(name), Slot("morning"), limit)


def note(at: datetime = NOON, **more) -> Note:
    return Note(at, Origin("guest", new_id()), **more)
