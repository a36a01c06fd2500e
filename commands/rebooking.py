"""The same once more: a new booking from an old one of the customer, on another day, priced as of today."""

from datetime import date
from functools import reduce
from uuid import UUID

from commands import Context
from commands.bookings import Address, Placed
from commands.customer_bookings import BookFromAccount, book_from_account, is_theirs
from commands.quotes import Wanted
from domain import Refused, Value, booking
from domain.address import Area, Street
from domain.booking import Booking, BookingPlaced
from domain.selection import BladeTransfer, Extras, PickupTime, moved
from eventlog.streams import Ref, Stream, as_seen


class Again(Value):
    """Who wants it once more, and when; `quote` is a token for the same contents on that day."""

    customer_id: UUID
    pickup_date: date
    pickup_time: PickupTime
    specific_pickup_hour: int | None = None
    extras: Extras = Extras()
    quote: str | None = None


TOLD = {f"/{name}" for name in (*Again.__struct_fields__, *Extras.__struct_fields__)}


def rebook(seen: Ref, asked: Again, ctx: Context) -> Placed:
    """The service, what was selected, the addresses and the instructions of a booking, whatever became of it.

    Who books is told by the profile. Refuses as `book_from_account`; `not_found` for a booking that is not theirs or
    was put away, `version_conflict` where `seen` has another version, `unexpected_field` for what the service has not.
    """
    old = _own(seen, asked.customer_id, ctx)
    placed, own = old.placed, old.placed.personal
    selection = moved(placed.selection, asked.pickup_date - placed.pickup_date, asked.extras)
    when = asked.pickup_date, asked.pickup_time, asked.specific_pickup_hour
    pickup, delivery = _written(placed.pickup_area, own.pickup), _written(placed.delivery_area, own.delivery)
    again = BookFromAccount(
        asked.customer_id,
        Wanted(selection, *when, placed.coi_required, "", ""),
        pickup,
        None if isinstance(selection, BladeTransfer) else delivery,
        own.special_instructions,
        asked.quote,
    )
    try:
        return book_from_account(again, ctx)
    except Refused as refusal:  # of the old booking's fields nothing is in the body that this path could lead to
        raise Refused(refusal.code, str(refusal), refusal.path if refusal.path in TOLD else "") from None


def _own(seen: Ref, customer_id: UUID, ctx: Context) -> Booking:
    past = ctx.store.history(seen.stream)
    placed = past[0].event if past else None
    if not isinstance(placed, BookingPlaced) or not is_theirs(placed, customer_id, ctx.store):
        raise Refused("not_found", "There is no such booking.")
    made = reduce(booking.evolve, (recorded.event for recorded in past), None)
    if made.is_deleted or made.placed.personal is None:
        raise Refused("not_found", "There is no such booking.")
    as_seen(seen, Stream(seen.stream, past[-1].originator_version))
    return made


def _written(area: Area, street: Street) -> Address:
    lines = street.address_line_1, area.city, area.state, area.zip_code, street.address_line_2
    return Address(*lines, street.delivery_instructions)
