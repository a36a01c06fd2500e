"""What must be true of bookings, places and money at the end of any story; says what is not."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from domain import booking, pickup_day
from domain.booking import BookingCancelled, BookingPaid, BookingPlaced, BookingReinstated
from domain.ids import payment_id
from eventlog.envelope import Recorded, Stored, decode
from eventlog.store import EventStore


def whole_log(store: EventStore, after: int = 0) -> list[Recorded]:
    """Every event behind a position, in the order of the log."""
    with store.recorder.connection() as db:
        rows = db.execute(
            "select * from eventlog.stored_events where notification_id > %s order by notification_id", (after,)
        ).fetchall()
    columns = ("notification_id", "originator_id", "originator_version", "topic")
    return [decode(Stored(*(row[name] for name in columns), bytes(row["state"]))) for row in rows]


def wrong(log: list[Recorded], ledger: list[dict], limits: Mapping[str, int]) -> list[str]:
    """Every sentence that should not be true. `limits` are the places of a day by service type."""
    return [*given_twice(log, limits), *cancelled_though_paid(log), *without_place(log), *lost_money(log, ledger)]


def given_twice(log: list[Recorded], limits: Mapping[str, int]) -> Iterator[str]:
    """At no moment has a day more places reserved than there are."""
    days: dict[UUID, pickup_day.PickupDay] = {}
    for recorded in log:
        if isinstance(recorded.event, pickup_day.Event):
            id = recorded.originator_id
            days[id] = pickup_day.evolve(days.get(id), recorded.event)
            for service, limit in limits.items():
                if pickup_day.left(days[id], service, limit) < 0:
                    yield f"{recorded.event.day} has more than {limit} {service} at {recorded.position}"


def cancelled_though_paid(log: list[Recorded]) -> Iterator[str]:
    paid: set[UUID] = set()
    for recorded in log:
        match recorded.event:
            case BookingPaid() | BookingReinstated():
                paid.add(recorded.originator_id)
            case BookingCancelled() if recorded.originator_id in paid:
                yield f"{recorded.originator_id} was cancelled at {recorded.position} though it was paid"


def without_place(log: list[Recorded]) -> Iterator[str]:
    """An active booking has its place, and nothing else has one."""
    has_place: dict[UUID, bool] = {}
    for recorded in log:
        if isinstance(recorded.event, pickup_day.PlaceReserved | pickup_day.PlaceReleased):
            has_place[recorded.event.booking_id] = isinstance(recorded.event, pickup_day.PlaceReserved)
    for id, made in bookings(log).items():
        if (made.status in booking.ACTIVE) is not has_place[id]:
            yield f"{id} is {made.status} and has {'a' if has_place[id] else 'no'} place"


def lost_money(log: list[Recorded], ledger: list[dict]) -> Iterator[str]:
    """By Stripe's own books: a paid booking has its price, other money went back, and no dead booking can be paid."""
    lines = {line["metadata"].get("payment_id"): line for line in ledger}
    for id, made in bookings(log).items():
        own = [lines[str(n)] for k in range(made.payments) if str(n := payment_id(id, k + 1)) in lines]
        kept = sum(line["amount_received"] - line["refunded"] for line in own)
        price = made.placed.pricing.total_price_cents if made.is_paid and made.status in booking.ACTIVE else 0
        if kept != price:
            yield f"{id} is {made.status}, should have {price} and has {kept}"
        if made.status is booking.Status.CANCELLED:
            yield from (f"{id} is cancelled and {line['id']} can be paid" for line in own if is_open(line))


def is_open(line: dict) -> bool:
    return line["status"] not in ("succeeded", "canceled")


def bookings(log: list[Recorded]) -> dict[UUID, booking.Booking]:
    found: dict[UUID, booking.Booking] = {}
    for recorded in log:
        if isinstance(recorded.event, BookingPlaced) or recorded.originator_id in found:
            found[recorded.originator_id] = booking.evolve(found.get(recorded.originator_id), recorded.event)
    return found
